"""What whoever asks and those who read tell each other, about logs in a bucket.

The logs are cut into units. A unit is read in one go, or in parts: each part says where the next
one begins, and the last that none does. So it does not matter who reads a part, how often, or
whether somebody died in between.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from responder.scan.saved import FORM, FollowingForm, SoughtForm, TallyForm

MOST_UNIT_BYTES = 64 * 1024**2  # of objects as they lie there: some seconds of reading
MOST_UNIT_OBJECTS = 500
_MOST_SOURCES = 200  # of one unit: an item of a distributed map has at most 256 KiB
PREFIXES = 12  # that are listed in one go


class Kind(StrEnum):
    """What is done with a unit."""

    LIST = "list"  # its prefixes
    SEEK = "seek"  # records that hold a needle
    COUNT = "count"  # what the lineage did


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked of each unit, in one round."""

    kind: Kind
    bucket: str
    most_bytes: int  # of one object, unpacked
    needles: list[str] = []
    since: datetime | None = None
    until: datetime | None = None
    lineage: dict[str, Any] | None = None
    form: int = FORM


class Source(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Some objects of a listing, or a prefix that is to be listed."""

    key: str  # of the listing
    begin: int = 0
    end: int = 0


class Task(msgspec.Struct, forbid_unknown_fields=True):
    """One unit, from one of its parts on. `careful`: a part for each object."""

    unit: str
    sources: list[Source]
    at: str = ""
    careful: bool = False
    elsewhere: str = ""  # the key of what is counted with other units, if there is such
    left: list[str] = []  # objects that ended whoever read them


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """What came of one part. `next` is None where the unit ends."""

    next: str | None
    listed: list[tuple[str, int]] = []
    refused: dict[str, str] = {}  # prefixes that could not be listed, and why
    sought: SoughtForm | None = None
    tally: TallyForm | None = None
    ids: str = ""  # of the records that were counted


class Open(msgspec.Struct, forbid_unknown_fields=True):
    """How far a unit is that is not done. `tries` led to nothing."""

    at: str = ""
    tries: int = 0
    careful: bool = False


class Unit(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One unit, and how large it is."""

    sources: list[Source]
    objects: int = 0
    size_bytes: int = 0


class Stand(msgspec.Struct, forbid_unknown_fields=True):
    """Everything between two turns of whoever asks."""

    kind: Kind
    question: str  # its key
    following: FollowingForm
    accounts: list[str] = []  # whose logs were looked for
    units: dict[str, Unit] = {}  # that are read, in each round
    listing: dict[str, Unit] = {}  # that are listed
    listings: list[str] = []  # keys of parts that hold a listing
    opened: dict[str, Open] = {}
    fresh: list[str] = []  # units that no round has read
    tally: TallyForm | None = None
    gaps: list[str] = []
    left: dict[str, list[str]] = {}  # objects that ended whoever read them, by their unit
    unread: int = 0  # objects that no round has read
    was_read: bool = False  # readers had what is open
    idle: int = 0  # turns in which no unit came further
    items_key: str = ""
    is_done: bool = False


def mark(told: bytes) -> str:
    """What tells a question from others."""
    return hashlib.sha256(told).hexdigest()[:32]


def part_key(question: str, unit: str, at: str) -> str:
    """Where a part goes, in the folder of the question."""
    return f"{question}/{unit}/{hashlib.sha256(at.encode()).hexdigest()[:16]}"


def units_of(listings: Iterable[tuple[str, list[tuple[str, int]]]]) -> Iterator[Unit]:
    """Listings cut into units, each small enough to be read in one go."""
    sources, objects, size_bytes = list[Source](), 0, 0
    for key, listed in listings:
        begin = 0
        for at, (_, size) in enumerate(listed):
            full = objects >= MOST_UNIT_OBJECTS or len(sources) >= _MOST_SOURCES
            if objects and (full or size_bytes + size > MOST_UNIT_BYTES):
                if at > begin:
                    sources.append(Source(key, begin, at))
                yield Unit(sources, objects, size_bytes)
                sources, objects, size_bytes, begin = [], 0, 0, at
            objects, size_bytes = objects + 1, size_bytes + size
        if len(listed) > begin:
            sources.append(Source(key, begin, len(listed)))
    if sources:
        yield Unit(sources, objects, size_bytes)
