"""Follows principals through logs, round after round: what is to be looked for, and for how long.

Who reads the objects, and where, is not known here. A unit is whatever is read in one go: an object
of a folder, or a slice of a bucket. In each round all are told, in any order, whole or in parts.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from responder.domain.errors import Refused
from responder.domain.lineage import Lineage, Node
from responder.domain.lineage_growth import grow
from responder.domain.trail_event import TrailEvent
from responder.scan.coverage import Coverage
from responder.scan.pursuit import believed, needles_of, seed_of_key
from responder.scan.seeking import Sought
from responder.scan.tally import Tally

MOST_ROUNDS = 20
_MOST_NODES, _MOST_EDGES = 5_000, 50_000
# The longest that a session lasts (STS API Reference, "GetSessionToken", DurationSeconds).
SESSION = timedelta(hours=36)
_EARLIEST, _LATEST = datetime(2006, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Scope:
    """What was found."""

    lineage: Lineage
    tally: Tally
    coverage: Coverage
    objects: int
    rounds: int
    gaps: tuple[str, ...]


@dataclass
class Again:
    """Which records several units have: two trails may tell of one call. The first unit counts it.

    Bounded: what is found once `most` are known is taken for new.
    """

    most: int = 20_000_000
    first: dict[bytes, str] = field(default_factory=dict)
    others: dict[str, set[bytes]] = field(default_factory=dict)
    is_full: bool = False

    def note(self, unit: str, ids: Iterable[bytes]) -> None:
        """The records of one unit."""
        for one in ids:
            known = self.first.get(one)
            if known is None:
                if len(self.first) >= self.most:
                    self.is_full = True
                    continue
                self.first[one] = unit
            elif known != unit:
                self.first[one] = min(unit, known)
                self.others.setdefault(max(unit, known), set()).add(one)

    def of(self, unit: str) -> frozenset[bytes]:
        """Those that are counted elsewhere."""
        return frozenset(self.others.get(unit, ()))


@dataclass
class Following:
    """How far it is. `unowned` are access keys whose account only a log can tell."""

    lineage: Lineage
    since: datetime | None = None
    until: datetime | None = None
    unowned: frozenset[str] = frozenset()
    searched: frozenset[str] = frozenset()
    rounds: int = 0
    objects: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    strange: dict[str, int] = field(default_factory=dict)  # of each object, in the worst round
    holding: set[str] = field(default_factory=set)  # the units that are to be counted
    again: Again = field(default_factory=Again)
    most_events: int = 1_000_000
    events: dict[tuple[str, str], TrailEvent] = field(default_factory=dict)
    is_full: bool = False

    @property
    def wanted(self) -> frozenset[str]:
        """What the next round looks for. Nothing, when there is no next round."""
        fresh = (needles_of(self.lineage) | self.unowned) - self.searched
        return frozenset() if self.rounds >= MOST_ROUNDS else fresh

    @property
    def gaps(self) -> Iterator[str]:
        """What was not followed."""
        if self.rounds >= MOST_ROUNDS and needles_of(self.lineage) - self.searched:
            yield f"after {self.rounds} rounds more was found: what that did was not followed"
        if self.since is not None:
            yield (
                f"what they made or assumed more than {SESSION // timedelta(hours=1)} h before "
                "the time that was asked for was not followed"
            )
        if self.again.is_full:
            yield f"more than {self.again.most} calls: one that two trails tell of may count twice"
        if self.is_full:
            yield f"more than {self.most_events} calls may have made something: later ones were not"

    def take(self, unit: str, sought: Sought, *, covers: bool) -> None:
        """What one unit had in this round. `covers`: it is read for the first time."""
        if covers:
            self.coverage.join(sought.coverage)
            self.objects += sought.objects
        for name, times in sought.strange.items():
            self.strange[name] = max(self.strange.get(name, 0), times)
        if sought.held:
            self.holding.add(unit)
            self.again.note(unit, sought.ids)
        for event in believed(sought.records):
            if matters(event, self.since, self.until):
                known = self.events.setdefault((event.account, event.event_id), event)
                if known != event:  # whichever was told first, the same one stays
                    self.events[event.account, event.event_id] = min(known, event, key=repr)

    def grow(self) -> None:
        """End this round. Raises `Refused` where no log knows a key that was asked for: an answer
        of nothing would read as nothing done.
        """
        self.searched |= self.wanted
        self.rounds += 1
        if len(self.events) > self.most_events:
            self.is_full = True
            first = sorted(self.events.items(), key=lambda one: (one[1].at, one[0]))
            self.events = dict(first[: self.most_events])
        for key in sorted(self.unowned):
            self.lineage = _owned(self.lineage, key, self.events.values())
        self.unowned = frozenset()
        self.lineage = grow(
            self.lineage, self.events.values(), most_nodes=_MOST_NODES, most_edges=_MOST_EDGES
        )

    def tally(self) -> Tally:
        """Nothing counted yet, of what is to be counted at last."""
        named = frozenset(node.id for node in self.lineage.nodes)
        return Tally(self.since, self.until, named=named)

    def scope(self, tally: Tally) -> Scope:
        """The whole, with what was counted at last."""
        self.coverage.strange = sum(self.strange.values())
        return Scope(
            self.lineage,
            tally.settled(),
            self.coverage,
            self.objects,
            self.rounds,
            tuple(self.gaps),
        )


def begun(
    seeds: Iterable[Node],
    keys: Collection[str] = (),
    *,
    since: datetime | None,
    until: datetime | None,
) -> Following:
    """Before the first round. `keys` are access keys of an unknown owner."""
    lineage = Lineage(
        since=since - SESSION if since else _EARLIEST, until=until or _LATEST, nodes=tuple(seeds)
    )
    return Following(lineage, since, until, unowned=frozenset(keys))


def matters(event: TrailEvent, since: datetime | None, until: datetime | None) -> bool:
    """Whether a call may belong to the time in question: a session goes on into it."""
    if until is not None and event.at >= until:
        return False
    lead = SESSION if event.source.partition(".")[0] in ("sts", "signin") else timedelta()
    return since is None or event.at >= since - lead


def _owned(lineage: Lineage, key: str, events: Iterable[TrailEvent]) -> Lineage:
    """With the key as one of the account that its first call names."""
    known = [
        one
        for one in events
        if (one.actor.access_key_id == key and one.actor.account) or key in str(one.response)
    ]
    first = min(known, key=lambda one: (one.at, one.event_id), default=None)
    if first is None:
        raise Refused(f"no log knows the access key {key}; look in another folder, or at its time")
    node = seed_of_key(key, first.actor.account or first.account)
    return lineage.model_copy(update={"nodes": (*lineage.nodes, node)})
