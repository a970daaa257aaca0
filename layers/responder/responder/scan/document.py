"""Finds the records of some principals in one document of CloudTrail.

Most documents of a trail hold nothing of a principal, and that is seen without reading them. What
is a record is never guessed: as soon as a needle stands anywhere, the document is taken apart by a
JSON parser, because who chooses a call's parameters could write there what looks like a record.
A document without one is counted by what each record has; that number alone can be wrong, where
somebody wrote such words into parameters.
"""

import json
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import msgspec
import stringzilla

from responder.scan.needles import Needles
from responder.scan.unpacking import Damaged

_USUAL = b'{"Records":['
_BEGINS, _HAS_ID = b'{"eventVersion":"', b'"eventID":"'
_ENDS = b"]}"
_COMMA = len(b",")
_DATA = b'"eventCategory":"Data"'
_TOO_DEEP = "it is nested too deep"


class _Document(msgspec.Struct):
    Records: list[msgspec.Raw]


_APART, _VALUE = msgspec.json.Decoder(_Document), msgspec.json.Decoder()


@dataclass
class Found:
    """The records that hold a needle, and how many the document has. `strange` are no objects."""

    total: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)
    strange: int = 0

    def add(self, record: Any, needles: Needles, texts: Collection[str] = ()) -> None:
        """Take a record, if it holds a needle: any, or one of these."""
        if not needles.are_in(record, texts):
            return
        if isinstance(record, dict):
            self.records.append(record)
        else:
            self.strange += 1


def has_data_events(raw: bytes | bytearray) -> bool:
    """Whether any record is of a data event, as far as its usual writing tells."""
    return bool(stringzilla.find(raw, _DATA) >= 0)


def found(raw: bytes | bytearray, needles: Needles, lengths: Sequence[int] | None = None) -> Found:
    """The records of this document that hold a needle. Raises `Damaged` if nobody can read it.

    `lengths` are what `lengths_of` once said of this very document.
    """
    if not raw.startswith(_USUAL):
        return plainly(raw, needles)
    hidden = needles.may_hide(raw)
    places = [] if hidden else needles.places(raw)
    if not hidden and not places and (total := _counted(raw)) is not None:
        return Found(total)
    if hidden or lengths is None:
        try:
            parts = _APART.decode(raw).Records
        except (msgspec.MsgspecError, RecursionError):
            return plainly(raw, needles)
        lengths = _following(raw, parts)
        if hidden or lengths is None:
            return _of(map(_read, parts), len(parts), needles)
    answer, view = Found(len(lengths)), memoryview(raw)
    for (begins, ends), texts in _holding(lengths, places):
        answer.add(_read(view[begins:ends]), needles, texts)
    return answer


def lengths_of(raw: bytes | bytearray) -> Sequence[int] | None:
    """How long each record is; None where more than a comma is between two, or nobody knows."""
    if not raw.startswith(_USUAL):
        return None
    try:
        return _following(raw, _APART.decode(raw).Records)
    except (msgspec.MsgspecError, RecursionError):
        return None


def counted(raw: bytes | bytearray, total: int) -> int:
    """How many records `found` tells of where no needle stands, if there are in truth so many."""
    known = _counted(raw)
    return total if known is None else known


def plainly(raw: bytes | bytearray, needles: Needles) -> Found:
    """The same with the standard library, and every record decoded: the reference."""
    document = _decoded(raw)
    records = document.get("Records") if isinstance(document, dict) else None
    if not isinstance(records, list):
        raise Damaged("it has no records")
    return _of(records, len(records), needles)


def _of(records: Iterable[Any], total: int, needles: Needles) -> Found:
    answer = Found(total)
    for record in records:
        answer.add(record, needles)
    return answer


def _read(part: msgspec.Raw | memoryview) -> Any:
    """As the standard library reads it, which reads some that msgspec refuses."""
    try:
        return _VALUE.decode(part)
    except (msgspec.MsgspecError, RecursionError):
        return _decoded(bytes(part))


def _decoded(raw: bytes | bytearray) -> Any:
    """JSON in whatever encoding JSON allows. What is no text in it is read as U+FFFD."""
    try:
        text = bytes(raw).decode(json.detect_encoding(raw), "replace")
        return json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise Damaged(_TOO_DEEP) from None
    except ValueError:
        raise Damaged("it is no JSON") from None


def _counted(raw: bytes | bytearray) -> int | None:
    """How many records, by what each begins with and each has; None where the two disagree."""
    begun = stringzilla.count(raw, _BEGINS)
    if begun != stringzilla.count(raw, _HAS_ID) or not raw.endswith(_ENDS):
        return None
    if not begun and raw != _USUAL + _ENDS:
        return None
    return int(begun)


def _following(raw: bytes | bytearray, parts: list[msgspec.Raw]) -> Sequence[int] | None:
    """How long each part is. None where more than a comma is between two of them."""
    lengths = list(map(len, parts))
    commas = _COMMA * max(0, len(parts) - 1)
    whole = len(_USUAL) + sum(lengths) + commas + len(_ENDS)
    return lengths if whole == len(raw) else None


def _holding(
    lengths: Sequence[int], places: list[tuple[int, str]]
) -> Iterator[tuple[tuple[int, int], set[str]]]:
    """From where to where each record goes that has places in it, and which texts."""
    ends = list(accumulate(map(_COMMA.__add__, lengths)))  # each, with the comma that follows
    chosen, at = dict[int, set[str]](), 0
    for place, text in places:
        if place <= len(_USUAL):
            continue  # a short needle may also stand in what comes before the first record
        at = bisect_left(ends, place - len(_USUAL) + _COMMA, at)
        if at in chosen:
            chosen[at].add(text)
        else:
            chosen[at] = {text}
    for at, texts in chosen.items():
        end = len(_USUAL) + ends[at] - _COMMA
        yield (end - lengths[at], end), texts
