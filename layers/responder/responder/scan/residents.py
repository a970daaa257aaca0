"""Whose data it was: from what a lineage reached to people, by where they live, within bounds.

Low is what the logs prove was had; high is what they leave possible. What no log can tell is in no
low, and in every high. People are told apart by a digest under a key that is thrown away with the
count; the same person in two stores counts once.
"""

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

from responder.domain.data_map import DataMap, Kind, Protection, Residents, Store
from responder.domain.statement import Element
from responder.scan.reach import How, Proof, Reach, Reached, digest

_AT_ONCE = 10_000
_MOST_PROOFS = 20
_COUNT = """
SELECT place, COUNT(DISTINCT CASE WHEN low THEN person END), COUNT(DISTINCT person)
FROM held WHERE store = ? OR ? < 0 GROUP BY place
"""
_HOLD = """
INSERT INTO held VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET low = MAX(low, excluded.low)
"""
_MAKE = """
CREATE TABLE held (person BLOB, place TEXT, store INT, low INT, PRIMARY KEY (person, place, store))
WITHOUT ROWID
"""


class Row(NamedTuple):
    """One line of a list: that a thing is about a person, who lives there."""

    thing: str
    person: str
    place: str


type Lists = Callable[[Store, str], Iterable[Row]]


class Had(StrEnum):
    """What the logs say of a store."""

    READ = "read"  # some of it is known, by name
    WHOLE = "had whole"
    MAYBE = "may have been read"
    UNSEEN = "not seen, and would have been"


class Plaintext(StrEnum):
    """Whether what was had could be read."""

    YES = "yes"
    NO = "no sign of it"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Counted:
    """So many people, at least and at most."""

    low: int
    high: int


@dataclass
class Touched:
    """One store of the data map."""

    store: Store
    had: Had
    why: tuple[str, ...]
    plaintext: Plaintext
    plaintext_why: str
    proofs: tuple[Proof, ...]
    things: int  # of those it has, which are known to have been read
    counts: dict[str, Counted] = field(default_factory=dict)


@dataclass
class Bridge:
    """All stores, and the people of those that were had, or may have been."""

    stores: list[Touched]
    counts: dict[str, Counted]
    gaps: list[str]

    @property
    def elements(self) -> tuple[Element, ...]:
        """What was had, or may have been, in the order of the laws' words."""
        found = {e for one in self.stores if one.had is not Had.UNSEEN for e in one.store.elements}
        return tuple(one for one in Element if one in found)

    @property
    def in_plaintext(self) -> bool:
        """Whether some of it surely could be read. That none could is for counsel to say."""
        return any(
            one.plaintext is Plaintext.YES for one in self.stores if one.had is not Had.UNSEEN
        )


def bridge(
    data_map: DataMap, reach: Reach, lists: Lists, *, since: datetime | None, blind: bool
) -> Bridge:
    """Whose data it was.

    `lists` reads the rows of one; whatever it raises goes through. `blind`: some logs are missing,
    so that nothing can be called unseen.
    """
    stores, gaps = (
        [_touched(one, reach, since, blind=blind) for one in data_map.stores],
        list[str](),
    )
    key = secrets.token_bytes(32)
    # A file of its own that is gone with the connection: people may be more than memory holds.
    with closing(sqlite3.connect("", isolation_level=None)) as held:
        held.execute(_MAKE)
        held.execute("BEGIN")
        for number, touched in enumerate(stores):
            told = touched.store.residents
            if touched.had is Had.UNSEEN or not isinstance(told, Residents):
                continue
            if told.list is None:
                touched.counts = {
                    place: Counted(one.low if touched.had is Had.WHOLE else 0, one.high)
                    for place, one in told.counts.items()
                }
                continue
            rows = _held(touched, lists(touched.store, told.list), reach, number, key)
            while some := list(islice(rows, _AT_ONCE)):
                held.executemany(_HOLD, some)
            touched.counts = _counts(held, number)
        counts = _summed(_counts(held, -1), stores)
    for touched in stores:
        gaps += _gaps(touched)
    if reach.cut:
        gaps.append("more was had than is told apart: no store is called unseen")
    return Bridge(stores, counts, gaps)


def _counts(held: sqlite3.Connection, store: int) -> dict[str, Counted]:
    return {place: Counted(low, high) for place, low, high in held.execute(_COUNT, (store, store))}


def _held(
    touched: Touched, rows: Iterable[Row], reach: Reach, number: int, key: bytes
) -> Iterator[tuple[bytes, str, int, int]]:
    """The people of a list that were had, or may have been."""
    store, reached = touched.store, reach.of(touched.store.kind, touched.store.things)
    every, seen = touched.had is Had.WHOLE, set[str]()
    # The first reason is what is known; each further one is why more may have been had.
    all_seen = touched.had is Had.READ and len(touched.why) == 1
    for row in rows:
        if store.prefix and not row.thing.startswith(store.prefix):
            continue
        read = digest(row.thing) in reached.items
        if read:
            seen.add(row.thing)
        low = every or read
        if low or not all_seen:
            person = blake2b(row.person.encode(), key=key, digest_size=16).digest()
            yield person, row.place, number, int(low)
    touched.things = len(seen)


def _summed(listed: dict[str, Counted], stores: Sequence[Touched]) -> dict[str, Counted]:
    """Counts have no names: their people may be those of a list, or of another count, or others."""
    low = {place: one.low for place, one in listed.items()}
    high = {place: one.high for place, one in listed.items()}
    for touched in stores:
        if isinstance(touched.store.residents, Residents) and touched.store.residents.counts:
            for place, one in touched.counts.items():
                low[place] = max(low.get(place, 0), one.low)
                high[place] = high.get(place, 0) + one.high
    return {place: Counted(low[place], high[place]) for place in sorted(low)}


def _touched(store: Store, reach: Reach, since: datetime | None, *, blind: bool) -> Touched:
    reached = reach.of(store.kind, store.things)
    if store.prefix and reached.items and digest(store.prefix) not in reached.folders:
        reached = Reached(
            how=reached.how - {How.ITEM},
            proofs={how: some for how, some in reached.proofs.items() if how is not How.ITEM},
        )
    opened = reach.of(None, store.opened_by)
    had, why = _had(store, reached, opened, since, blind=blind or reach.cut)
    plaintext, because = _plaintext(store, had, reached, reach)
    proofs = sorted(
        {one for some in (*reached.proofs.values(), *opened.proofs.values()) for one in some}
    )
    return Touched(store, had, tuple(why), plaintext, because, tuple(proofs[:20]), 0)


def _had(
    store: Store, reached: Reached, opened: Reached, since: datetime | None, *, blind: bool
) -> tuple[Had, list[str]]:
    """The strongest first; each further reason is one why more may have been had."""
    more = list[str]()
    if How.SOME in reached.how:
        calls = sorted({one.call for one in reached.proofs.get(How.SOME, ())})
        more.append(f"by {', '.join(calls) or 'calls'}, which tell not of what")
    if opened.how:
        more.append("what opens it was fetched, and what was asked of it then is in no trail")
    if not _is_logged(store, since) and store.kind in (Kind.BUCKET, Kind.TABLE):
        more.append("reads of it are not known to have been logged")
    if blind and store.kind in (Kind.BUCKET, Kind.TABLE):
        more.append("some logs are missing")
    if How.WHOLE in reached.how:
        return Had.WHOLE, ["it was exported whole", *more]
    if How.ITEM in reached.how:
        return Had.READ, ["what was read of it stands in the trail", *more]
    if more:
        return Had.MAYBE, more
    return Had.UNSEEN, [
        "no call of theirs was about it"
        + ("" if _is_logged(store, since) else "; what is asked of it directly is in no trail")
    ]


def _is_logged(store: Store, since: datetime | None) -> bool:
    if store.reads_logged_since is None:
        return False
    begins = datetime.combine(store.reads_logged_since, time(), UTC)
    return since is not None and since >= begins


def _plaintext(store: Store, had: Had, reached: Reached, reach: Reach) -> tuple[Plaintext, str]:
    """Encryption where it lies is no shield against whoever AWS lets read."""
    if had is Had.UNSEEN:
        return Plaintext.NO, "it is not seen to have been had"
    by, key = store.encryption.by, store.encryption.key
    used = reach.of(None, [key]) if key is not None else Reached()
    when = f", first at {min(used.proofs[How.OPENED]).at.isoformat()}" if used.how else ""
    if by is Protection.APPLICATION:
        if used.how:
            return Plaintext.YES, f"its key was fetched or used{when}"
        return Plaintext.NO, "no call of theirs fetched or used its key; look at who else keeps it"
    if by is Protection.NONE:
        return Plaintext.YES, "it is not encrypted"
    if store.kind in (Kind.BUCKET, Kind.TABLE) and reached.how & {How.ITEM, How.WHOLE}:
        return Plaintext.YES, "AWS decrypts it for whoever may read it, as they did"
    if used.how:
        return Plaintext.YES, f"its key was used{when}"
    return Plaintext.UNKNOWN, "AWS decrypts it for whoever may read it"


def _gaps(touched: Touched) -> Iterator[str]:
    if touched.had is Had.UNSEEN:
        return
    name = touched.store.name
    if touched.store.residents == "unknown":
        yield f"{name}: it was had or may have been, and nobody knows whose data it holds"
    if (
        touched.had is Had.READ
        and not touched.things
        and isinstance(touched.store.residents, Residents)
        and touched.store.residents.list is not None
    ):
        yield f"{name}: what was read of it is in no line of its list: whose it was is not told"
