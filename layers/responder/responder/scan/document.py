"""Finds the records of some principals in one document of CloudTrail.

Most documents of a trail hold nothing of a principal, and that is seen without reading them. What
is a record is never guessed: as soon as a needle stands anywhere, the document is taken apart by a
JSON parser, because who chooses a call's parameters could write there what looks like a record.
A document without one is counted by what each record has; that number alone can be wrong, where
somebody wrote such words into parameters.
"""

import json
from bisect import bisect_left
from collections.abc import Collection, Iterable
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


def found(raw: bytes | bytearray, needles: Needles) -> Found:
    """The records of this document that hold a needle. Raises `Damaged` if nobody can read it."""
    if not raw.startswith(_USUAL):
        return plainly(raw, needles)
    hidden = needles.may_hide(raw)
    places = [] if hidden else needles.places(raw)
    if not hidden and not places and (total := _counted(raw)) is not None:
        return Found(total)
    try:
        parts = _APART.decode(raw).Records
    except (msgspec.MsgspecError, RecursionError):
        return plainly(raw, needles)
    chosen = None if hidden else _holding(raw, parts, places)
    if chosen is None:
        return _of(map(_read, parts), len(parts), needles)
    answer = Found(len(parts))
    for at, texts in chosen.items():
        answer.add(_read(parts[at]), needles, texts)
    return answer


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


def _read(part: msgspec.Raw) -> Any:
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


def _holding(
    raw: bytes | bytearray, parts: list[msgspec.Raw], places: list[tuple[int, str]]
) -> dict[int, set[str]] | None:
    """Which parts the places are in, and which texts. None where more than commas are between."""
    ends = list(accumulate(map(len, parts)))  # each, as if no comma stood between
    if not parts or len(_USUAL) + ends[-1] + len(parts) - 1 + len(_ENDS) != len(raw):
        return None
    chosen, at = dict[int, set[str]](), 0
    for place, text in places:
        if place <= len(_USUAL):
            continue  # a short needle may also stand in what comes before the first record
        behind = range(at, len(parts))
        at = behind[bisect_left(behind, place - len(_USUAL), key=lambda one: ends[one] + one)]
        chosen.setdefault(at, set()).add(text)
    return chosen
