"""What stands in one document, in a twentieth of its size: where its records are, and whose names.

Tells of most documents that they hold nothing of a principal, without the document; and of the
others, where a record begins and ends. Never says of one that holds a needle that it holds none.
"""

import re
from array import array
from collections.abc import Sequence
from functools import lru_cache

import hyperscan
import msgspec
import stringzilla

from responder.scan import document
from responder.scan.needles import Needles, automaton_of, written_otherwise

# The first letters of whatever stands behind a slash, as names of users, roles and sessions do;
# of what looks like an access key's id, in which another may begin; and accounts whose root user is
# named.
_NAMES = re.compile(rb"/[A-Za-z0-9+=,.@_-]{1,8}")
_KEYS = re.compile(rb"A[KS]I(?=(A[A-Z0-9]{8}))")
_ROOTS = re.compile(rb"::[0-9]{12}:root")
_KEY = re.compile(r"A[KS]I(A[A-Z0-9]{8})[A-Z0-9]*", re.ASCII)
_ROOT = re.compile(r"[A-Za-z0-9:-]+(::[0-9]{12}:root)", re.ASCII)
_NAME = re.compile(r"/[A-Za-z0-9+=,.@_-]{1,8}", re.ASCII)
_BEFORE = b"\n"
_FEW = 4  # so many are looked for one after the other faster than by an automaton


class Contents(msgspec.Struct, frozen=True, array_like=True):
    """Of a document that is written as CloudTrail writes it."""

    raw_bytes: int
    counted: int  # records, as they are counted where nothing stands
    data_events: bool
    otherwise: bytes  # letters that are written otherwise than as themselves somewhere
    names: bytes  # each behind a new line
    lengths: bytes  # of each record

    def may_hold(self, needles: Needles) -> bool:
        """Whether a needle may stand in it. No is certain."""
        if needles.letters.intersection(self.otherwise):
            return True
        return _asked(needles.texts).any_in(self.names)

    def bounds(self) -> Sequence[int]:
        """How long each record is. They follow each other by a comma."""
        return array("I", self.lengths)


def contents_of(raw: bytes | bytearray) -> Contents | None:
    """None for a document that is written in another way: it has to be read each time."""
    lengths = document.lengths_of(raw)
    if lengths is None:
        return None
    names = {*_NAMES.findall(raw), *_KEYS.findall(raw), *_ROOTS.findall(raw)}
    return Contents(
        raw_bytes=len(raw),
        counted=document.counted(raw, len(lengths)),
        data_events=document.has_data_events(raw),
        otherwise=written_otherwise(raw),
        names=_BEFORE.join([b"", *sorted(names)]),
        lengths=array("I", lengths).tobytes(),
    )


class _Asked:
    """What has to stand among the names, if one of some needles stands in the document."""

    def __init__(self, texts: frozenset[str]) -> None:
        signs = {_sign(text) for text in texts}
        self._all = None in signs  # one of them could be anywhere
        self._signs = sorted(_BEFORE + one.encode() for one in signs if one is not None)
        few = self._all or len(self._signs) <= _FEW
        self._automaton = None if few else automaton_of(self._signs)

    def any_in(self, names: bytes) -> bool:
        if self._all:
            return True
        if self._automaton is None:
            return any(stringzilla.find(names, one) >= 0 for one in self._signs)
        try:
            self._automaton.scan(names, match_event_handler=_enough)
        except hyperscan.ScanTerminated:
            return True
        return False


def _enough(*_match: object) -> bool:
    return True


@lru_cache(maxsize=4)
def _asked(texts: frozenset[str]) -> _Asked:
    return _Asked(texts)


def _sign(text: str) -> str | None:
    """What of a needle stands among the names of any document that holds it."""
    if key := _KEY.fullmatch(text):
        return key[1]
    if root := _ROOT.fullmatch(text):
        return root[1]
    return max(_NAME.findall(text), key=len, default=None)
