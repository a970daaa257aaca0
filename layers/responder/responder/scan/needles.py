"""What tells the records of some principals from others: texts that stand in no other record.

A needle is an access key's id, an ARN, or a part of one. It has no character that JSON writes
otherwise than as itself, but for two ways which no writer has to take and every reader allows: an
escape by number, and a slash behind a backslash. A text that does so is taken for one that may hold
any needle.
"""

import re
from collections.abc import Collection
from typing import Any, cast

import hyperscan
import msgspec
import stringzilla

# A user's name may have one character, behind a slash, and a source identity two.
_FITTING = re.compile(r"[A-Za-z0-9:/+=,.@_-]{2,600}", re.ASCII)
_BACKSLASH, _ESCAPE, _SLASH = b"\\", b"\\u00", b"\\/"
_NUMBER = re.compile(rb"\\u00([2-7][0-9a-fA-F])")
_OF_TEXT = re.compile(r"[^-+.,:0-9eEtrufalsn]")
_WRITER = msgspec.json.Encoder()
_FEW = 4  # so many are looked for one after the other faster than by an automaton


class Needles:
    """Some texts, looked for in bytes or in what was decoded. Not to be shared by threads."""

    def __init__(self, texts: Collection[str]) -> None:
        """Raises `ValueError` for a text that may be written in other ways, or is too short."""
        wrong = [one for one in texts if not _FITTING.fullmatch(one)]
        if wrong or not texts:
            raise ValueError(f"no text to look for in records: {sorted(wrong)[:1]}")
        self.texts = frozenset(texts)
        self._sorted = sorted(texts)
        self._bytes = [one.encode() for one in self._sorted]
        self.letters = frozenset(b"".join(self._bytes))
        self._any = re.compile("|".join(re.escape(one) for one in self._sorted))
        self._automaton = None if len(self._bytes) <= _FEW else automaton_of(self._bytes)

    def places(self, raw: bytes | bytearray) -> list[tuple[int, str]]:
        """Where in these bytes a needle ends, in order, and which: of itself overlapping, some."""
        if self._automaton is None:
            pairs = zip(self._sorted, self._bytes, strict=True)
            return sorted((place, text) for text, one in pairs for place in _each(raw, one))
        places = list[tuple[int, str]]()

        def note(which: int, _begin: int, end: int, *_rest: Any) -> None:
            places.append((end, self._sorted[which]))

        self._automaton.scan(cast(bytes, raw), match_event_handler=note)
        return sorted(places)

    def may_hide(self, raw: bytes | bytearray) -> bool:
        """Whether these bytes may hold a needle in another writing than its own."""
        return not self.letters.isdisjoint(written_otherwise(raw))

    def are_in(self, value: object, texts: Collection[str] = ()) -> bool:
        """Whether a decoded value holds one in any text of it, keys included: any, or of these."""
        if texts and (certain := _written_in(value, texts)) is not None:
            return certain
        left = [value]
        while left:
            one = left.pop()
            if isinstance(one, str):
                if any(text in one for text in texts) if texts else self._any.search(one):
                    return True
            elif isinstance(one, dict):
                left += one.keys()
                left += one.values()
            elif isinstance(one, list):
                left += one
        return False


def _written_in(value: object, texts: Collection[str]) -> bool | None:
    """The same, by how the value is written as JSON. None where that does not tell."""
    try:
        written = _WRITER.encode(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    here = [one for one in texts if one.encode() in written]
    if not here:
        return False
    # Without an escape, what has a character that no number and no literal has is part of a text.
    if _BACKSLASH not in written and any(_OF_TEXT.search(one) for one in here):
        return True
    return None


def written_otherwise(raw: bytes | bytearray) -> bytes:
    """The letters that stand somewhere in another writing than their own: by number, or escaped."""
    if stringzilla.find(raw, _BACKSLASH) < 0:
        return b""
    letters = {b"/"[0]} if stringzilla.find(raw, _SLASH) >= 0 else set[int]()
    if stringzilla.find(raw, _ESCAPE) >= 0:
        letters.update(int(found, 16) for found in set(_NUMBER.findall(raw)))
    return bytes(sorted(letters))


def _each(raw: bytes | bytearray, needle: bytes) -> list[int]:
    view, places, begin = memoryview(raw), list[int](), 0
    while (found := stringzilla.find(view[begin:], needle)) >= 0:
        begin += found + len(needle)
        places.append(begin)
    return places


def automaton_of(needles: list[bytes]) -> hyperscan.Database:
    """What finds many texts at once. Not to be shared by threads."""
    database = hyperscan.Database()
    database.compile(
        expressions=[re.escape(one) for one in needles],
        ids=list(range(len(needles))),
        elements=len(needles),
        flags=[hyperscan.HS_FLAG_DOTALL] * len(needles),
    )
    return database
