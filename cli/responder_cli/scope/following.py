"""Follows the principals through all objects, round after round, and counts what they did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from responder.domain.errors import Refused
from responder.domain.lineage import Lineage, Node
from responder.domain.lineage_growth import grow
from responder.domain.trail_event import TrailEvent
from responder.report.wording import span
from responder.scan.coverage import Coverage
from responder.scan.log_names import is_other, read_name
from responder.scan.pursuit import believed, needles_of, seed_of_key
from responder.scan.tally import Tally
from responder_cli.scope.reading import Readers

_MOST_NODES, _MOST_EDGES = 5_000, 50_000
_MOST_ROUNDS = 20
# The longest that a session lasts (STS API Reference, "GetSessionToken", DurationSeconds).
_SESSION = timedelta(hours=36)
_EARLIEST, _LATEST = datetime(2006, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)

# Told of each object that was read: what for, how many there are.
type Progress = Callable[[str, int], Callable[[], None]]


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
    """Which records an earlier object has too: two trails may tell of one call."""

    first: dict[bytes, Path] = field(default_factory=dict)
    others: dict[Path, set[bytes]] = field(default_factory=dict)

    def note(self, path: Path, ids: Sequence[bytes]) -> None:
        """The records of one object, in the order of the objects."""
        for one in ids:
            if self.first.setdefault(one, path) != path:
                self.others.setdefault(path, set()).add(one)

    def of(self, path: Path) -> frozenset[bytes]:
        """Those that are counted elsewhere."""
        return frozenset(self.others.get(path, ()))


def logs_in(folder: Path) -> list[Path]:
    """Every object that may hold calls, in order of its name. Digests and insights are none."""
    found = (path for path in folder.rglob("*.json*") if path.is_file())
    return sorted(
        p for p in found if p.name.endswith((".json", ".json.gz")) and not is_other(p.name)
    )


def follow(
    paths: Sequence[Path],
    seeds: Sequence[Node],
    keys: Sequence[str],
    readers: Readers,
    progress: Progress,
    *,
    since: datetime | None,
    until: datetime | None,
) -> Scope:
    """Whatever the seeds did, and what they made did. `keys` are access keys of an unknown owner.

    Raises `Refused` where no log knows a key: an answer of nothing would read as nothing done.
    """
    coverage, events = Coverage(), dict[tuple[str, str], TrailEvent]()
    lineage = Lineage(
        since=since - _SESSION if since else _EARLIEST, until=until or _LATEST, nodes=tuple(seeds)
    )
    searched, holding, rounds = frozenset[str](), set[Path](), 0
    unowned, gaps, again, strange = set(keys), list[str](), Again(), dict[Path, int]()
    while wanted := (needles_of(lineage) | unowned) - searched:
        if rounds == _MOST_ROUNDS:
            gaps.append(f"after {rounds} rounds more was found: what that did was not followed")
            break
        done = progress(f"Looking, round {rounds + 1}", len(paths))
        for sought in readers.sought(paths, wanted):
            done()
            if not rounds:
                _cover(coverage, sought.path, sought.total, sought.damage, sought.data_events)
            strange[sought.path] = max(strange.get(sought.path, 0), sought.strange)
            if sought.held:
                holding.add(sought.path)
                again.note(sought.path, sought.ids)
            for event in _within(sought.records, since, until):
                events[event.account, event.event_id] = event
        searched |= wanted
        rounds += 1
        for key in sorted(unowned):
            lineage = _owned(lineage, key, events.values())
        unowned = set()
        lineage = grow(lineage, events.values(), most_nodes=_MOST_NODES, most_edges=_MOST_EDGES)
    coverage.strange = sum(strange.values())
    if since is not None:
        gaps.append(
            f"what they made or assumed more than {span(_SESSION)} before the time that was asked "
            "for was not followed"
        )
    tally = Tally()
    order = sorted(holding)
    done = progress("Counting", len(order))
    chosen = [(path, again.of(path)) for path in order]
    for part in readers.tallied(chosen, needles_of(lineage), lineage, since, until):
        done()
        tally.join(part)
    return Scope(lineage, tally, coverage, len(paths), rounds, tuple(gaps))


def _cover(coverage: Coverage, path: Path, total: int, damage: str, data_events: bool) -> None:
    coverage.records += total
    coverage.data_events |= data_events
    if damage:
        coverage.unreadable[path.name] = damage
    else:
        coverage.add(read_name(path.name))


def _within(
    records: list[dict[str, Any]], since: datetime | None, until: datetime | None
) -> list[TrailEvent]:
    return [
        event
        for event in believed(records)
        if (since is None or event.at >= since - _lead(event))
        and (until is None or event.at < until)
    ]


def _lead(event: TrailEvent) -> timedelta:
    """How long before the time in question a call still matters: a session goes on into it."""
    return _SESSION if event.source.partition(".")[0] in ("sts", "signin") else timedelta()


def _owned(lineage: Lineage, key: str, events: Any) -> Lineage:
    """With the key as one of the account that its first call names."""
    used = [one for one in events if one.actor.access_key_id == key and one.actor.account]
    made = [one for one in events if key in str(one.response)]
    first = min(used + made, key=lambda one: (one.at, one.event_id), default=None)
    if first is None:
        raise Refused(f"no log knows the access key {key}; look in another folder, or at its time")
    node = seed_of_key(key, first.actor.account or first.account)
    return lineage.model_copy(update={"nodes": (*lineage.nodes, node)})
