"""What stands in one document, in a twentieth of its size: where its records are, and whose names.

Tells of most documents that they hold nothing of a principal, without the document; and of the
others, where a record begins and ends. Never says of one that holds a needle that it holds none.
"""

import re
from array import array
from collections.abc import Sequence
from functools import lru_cache

import deflate
import hyperscan
import msgspec
import stringzilla

from responder.scan import document
from responder.scan.needles import Needles, automaton_of, written_otherwise

# The first letters of whatever stands behind a slash, as names of users, roles and sessions do;
# of what looks like an access key's id, in which another may begin; and accounts whose root user is
# named. A needle has one of these too, or could be anywhere.
_NAMES = re.compile(rb"/[A-Za-z0-9+=,.@_-]{1,8}")
_KEYS = re.compile(rb"A[KS]I(?=(A[A-Z0-9]{8}))")
_ROOTS = re.compile(rb"::[0-9]{12}:root")
_KEY = re.compile(rb"A[KS]I(A[A-Z0-9]{8})[A-Z0-9]*")
_ROOT = re.compile(rb"[A-Za-z0-9:-]+(::[0-9]{12}:root)")
_BEFORE = b"\n"
_FEW = 4  # so many are looked for one after the other faster than by an automaton
_LEVEL = 6
_AT_ONCE, _LONGEST = 4 * 1024**2, 32  # bytes that are searched, so that few are found at once


class Contents(msgspec.Struct, frozen=True, array_like=True):
    """Of a document that is written as CloudTrail writes it. Lists are packed, each by itself."""

    raw_bytes: int
    counted: int  # records, as they are counted where nothing stands
    data_events: bool
    otherwise: bytes  # letters that are written otherwise than as themselves somewhere
    keys: bytes  # each behind a new line
    roots: bytes
    names: bytes
    lengths: bytes  # of each record

    def may_hold(self, needles: Needles) -> bool:
        """Whether a needle may stand in it. No is certain."""
        if needles.letters.intersection(self.otherwise):
            return True
        return _asked(needles.texts).any_in(self)

    def bounds(self) -> Sequence[int]:
        """How long each record is. They follow each other by a comma."""
        return array("I", unpacked(self.lengths))


def contents_of(raw: bytes | bytearray) -> Contents | None:
    """None for a document that is written in another way: it has to be read each time."""
    lengths = document.lengths_of(raw)
    if lengths is None:
        return None
    return Contents(
        raw_bytes=len(raw),
        counted=document.counted(raw, len(lengths)),
        data_events=document.has_data_events(raw),
        otherwise=written_otherwise(raw),
        keys=_listed(_KEYS, raw),
        roots=_listed(_ROOTS, raw),
        names=_listed(_NAMES, raw),
        lengths=_packed(array("I", lengths).tobytes()),
    )


def unpacked(listed: bytes) -> bytes:
    """One of the lists of contents."""
    return bytes(deflate.gzip_decompress(listed))


def _listed(pattern: re.Pattern[bytes], raw: bytes | bytearray) -> bytes:
    found = set[bytes]()
    for begins in range(0, len(raw), _AT_ONCE):
        # What is cut off at the end of one part is whole in the next; that it is there in pieces
        # too hides nothing.
        found.update(pattern.findall(raw, begins, begins + _AT_ONCE + _LONGEST))
    return _packed(b"".join(_BEFORE + one for one in sorted(found)))


def _packed(text: bytes) -> bytes:
    return bytes(deflate.gzip_compress(text, _LEVEL))


class _Asked:
    """What has to stand in one of the lists, if one of some needles stands in the document."""

    def __init__(self, texts: frozenset[str]) -> None:
        keys, roots, names = set[bytes](), set[bytes](), set[bytes]()
        self._anywhere = False
        for text in (one.encode() for one in texts):
            if key := _KEY.fullmatch(text):
                keys.add(key[1])
            elif root := _ROOT.fullmatch(text):
                roots.add(root[1])
            elif name := max(_NAMES.findall(text), key=len, default=None):
                names.add(name)
            else:
                self._anywhere = True
        self._keys, self._roots, self._names = map(_Signs, (keys, roots, names))

    def any_in(self, contents: Contents) -> bool:
        return (
            self._anywhere
            or self._keys.any_in(contents.keys)
            or self._roots.any_in(contents.roots)
            or self._names.any_in(contents.names)
        )


class _Signs:
    """What is looked for in one list."""

    def __init__(self, signs: set[bytes]) -> None:
        self._signs = sorted(_BEFORE + one for one in signs)
        self._automaton = None if len(signs) <= _FEW else automaton_of(self._signs)

    def any_in(self, listed: bytes) -> bool:
        if not self._signs:
            return False
        text = unpacked(listed)
        if self._automaton is None:
            return any(stringzilla.find(text, one) >= 0 for one in self._signs)
        try:
            self._automaton.scan(text, match_event_handler=_enough)
        except hyperscan.ScanTerminated:
            return True
        return False


def _enough(*_match: object) -> bool:
    return True


@lru_cache(maxsize=4)
def _asked(texts: frozenset[str]) -> _Asked:
    return _Asked(texts)
