"""Finds the records of some principals in one document of CloudTrail.

Most documents of a trail hold nothing of a principal, and that is seen without reading them. What
is a record is never guessed: as soon as a needle stands anywhere, the document is taken apart by a
JSON parser, because who chooses a call's parameters could write there what looks like a record.
A document without one is counted by what each record has; that number alone can be wrong, where
somebody wrote such words into parameters.
"""

import json
from bisect import bisect_right
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


_APART = msgspec.json.Decoder(_Document)


@dataclass
class Found:
    """The records that hold a needle, and how many the document has. `strange` are no objects."""

    total: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)
    strange: int = 0


def has_data_events(raw: bytes | bytearray) -> bool:
    """Whether any record is of a data event, as far as its usual writing tells."""
    return bool(stringzilla.find(raw, _DATA) >= 0)


def found(raw: bytes | bytearray, needles: Needles) -> Found:
    """The records of this document that hold a needle. Raises `Damaged` if nobody can read it."""
    if raw.startswith(_USUAL):
        hidden = needles.may_hide(raw)
        places = [] if hidden else needles.places(raw)
        if not hidden and not places and (total := _counted(raw)) is not None:
            return Found(total)
        try:
            parts = _APART.decode(raw).Records
        except (msgspec.MsgspecError, RecursionError):
            return plainly(raw, needles)
        chosen = range(len(parts)) if hidden else _holding(raw, parts, places)
        return _of([_decoded(bytes(parts[at])) for at in chosen], len(parts), needles)
    return plainly(raw, needles)


def plainly(raw: bytes | bytearray, needles: Needles) -> Found:
    """The same with the standard library, and every record decoded: the reference."""
    document = _decoded(raw)
    records = document.get("Records") if isinstance(document, dict) else None
    if not isinstance(records, list):
        raise Damaged("it has no records")
    return _of(records, len(records), needles)


def _of(records: list[Any], total: int, needles: Needles) -> Found:
    objects = [one for one in records if isinstance(one, dict)]
    held = [one for one in objects if needles.are_in(one)]
    strange = [one for one in records if not isinstance(one, dict) and needles.are_in(one)]
    return Found(total, held, len(strange))


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


def _holding(raw: bytes | bytearray, parts: list[msgspec.Raw], places: list[int]) -> list[int]:
    """Which parts the places are in. All, where the parts do not follow each other by a comma."""
    lengths = [memoryview(one).nbytes for one in parts]
    begins = list(accumulate((length + 1 for length in lengths), initial=len(_USUAL)))
    if begins[-1] + 1 != len(raw):
        return list(range(len(parts)))
    # A short needle may also stand in what comes before the first record.
    return sorted({bisect_right(begins, at - 1) - 1 for at in places if at > len(_USUAL)})
