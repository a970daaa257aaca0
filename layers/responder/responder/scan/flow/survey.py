"""The first round: which interfaces there are, when they were recorded, and who weighs most.

Can be made in parts, in the order of the objects, and added up.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from responder.scan.flow.heaviest import Heaviest
from responder.scan.flow.record import REJECT, SKIPPED, UNTOLD, Record
from responder.scan.flow.window import Part, Window

MOST_INTERFACES = 10_000
MOST_PEERS = 4096  # of an interface that is asked about
FEW_PEERS = 64  # of each, where every interface is
_MOST_ENDS = 64  # of addresses: an interface's own stand in nearly every record of it
_NEARLY, _MOSTLY = 0.95, 0.5
HOUR = 3600


@dataclass
class Seen:
    """What one flow log has of one interface."""

    records: int = 0
    hours: dict[int, int] = field(default_factory=dict)  # since 1970: bytes that passed, any way
    skipped: dict[int, int] = field(default_factory=dict)  # by hour, records that data was dropped
    untold: int = 0  # records of either, where nothing says which
    actions: Counter[str] = field(default_factory=Counter)
    undirected: Counter[int] = field(default_factory=Counter)  # by version of IP
    ends: dict[int, Heaviest[str]] = field(default_factory=dict)  # addresses in those
    peers: Heaviest[str] = field(default_factory=lambda: Heaviest(FEW_PEERS))
    instances: set[str] = field(default_factory=set)
    longest: int = 0  # seconds that one record tells of

    def own(self, known: frozenset[str]) -> frozenset[str]:
        """Its own addresses: the known ones, and those that records without a direction tell.

        These only of a version of IP of which none is known.
        """
        versions = {_version(address) for address in known}
        return known.union(
            address
            for version, ends in self.ends.items()
            if version not in versions
            for address in _own(ends, self.undirected[version])
        )

    def add(self, record: Record, window: Window) -> None:
        """One record of it."""
        flow, size = record.flow, record.size or 0
        self.records += 1
        self.longest = max(self.longest, record.end - record.start)
        first = record.start // HOUR
        for hour in range(first, record.end // HOUR + 1):
            self.hours.setdefault(hour, 0)
        if flow.instance:
            self.instances.add(flow.instance)
        if flow.peer is None:
            self.untold += flow.status == UNTOLD
            if flow.status == SKIPPED:
                self.skipped[first] = self.skipped.get(first, 0) + 1
            return
        self.actions[flow.action] += 1
        if flow.action != REJECT:
            self.hours[first] += size
        if flow.out is None:
            version = _version(flow.target)
            self.undirected[version] += 1
            ends = self.ends.setdefault(version, Heaviest(_MOST_ENDS))
            ends.add(flow.source, 1)
            ends.add(flow.target, 1)
        # Without a direction, what came is weighed too: which way it went is told by the count.
        if flow.action == REJECT or flow.out is False:
            return
        if window.part(record.start, record.end) in (Part.WITHIN, Part.STRADDLES):
            self.peers.add(flow.peer.address, size)

    def join(self, other: "Seen") -> None:
        """What another part saw."""
        self.records += other.records
        for hour, size in other.hours.items():
            self.hours[hour] = self.hours.get(hour, 0) + size
        for hour, times in other.skipped.items():
            self.skipped[hour] = self.skipped.get(hour, 0) + times
        self.untold += other.untold
        self.actions.update(other.actions)
        self.undirected.update(other.undirected)
        for version, ends in other.ends.items():
            self.ends.setdefault(version, Heaviest(_MOST_ENDS)).join(ends)
        self.peers.join(other.peers)
        self.instances |= other.instances
        self.longest = max(self.longest, other.longest)


@dataclass
class Survey:
    """What some objects have. Flow logs are told by their ids; `""` is one without."""

    most_peers: int = FEW_PEERS
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)  # flow log, interface
    lacks: dict[str, set[str]] = field(default_factory=dict)  # fields, by flow log
    bad: Counter[str] = field(default_factory=Counter)  # lines that are no records, by why
    lines: int = 0
    odd: int = 0  # objects that have lines of another form
    left_out: int = 0  # records of interfaces past the bound

    def take(self, source: str, records: Iterable[Record], window: Window) -> None:
        """The records of one object."""
        for record in records:
            seen = self._of(source, record.flow.interface)
            if seen is None:
                self.left_out += 1
                continue
            seen.add(record, window)

    def join(self, other: "Survey") -> None:
        """What another part found, in the order of the objects."""
        for (source, interface), seen in other.seen.items():
            mine = self._of(source, interface)
            if mine is None:
                self.left_out += seen.records
                continue
            mine.join(seen)
        for source, lacks in other.lacks.items():
            self.lacks.setdefault(source, set()).update(lacks)
        self.bad.update(other.bad)
        self.lines += other.lines
        self.odd += other.odd
        self.left_out += other.left_out

    def by_interface(self) -> dict[str, list[tuple[str, Seen]]]:
        """What each flow log has of each interface."""
        found = dict[str, list[tuple[str, Seen]]]()
        for (source, interface), seen in sorted(self.seen.items(), key=lambda pair: pair[0]):
            found.setdefault(interface, []).append((source, seen))
        return found

    def _of(self, source: str, interface: str) -> Seen | None:
        key = (source, interface)
        if key not in self.seen:
            if len(self.seen) >= MOST_INTERFACES:
                return None
            self.seen[key] = Seen(peers=Heaviest(self.most_peers))
        return self.seen[key]


def chosen_logs(survey: Survey) -> dict[str, dict[int, str]]:
    """Of interfaces that several flow logs record: whose records count in each hour.

    The one by which most passed, so that no traffic counts twice: one of refused traffic alone
    may have more bytes, and has nothing that left.
    """
    found = dict[str, dict[int, str]]()
    for interface, logs in survey.by_interface().items():
        if len(logs) < 2:
            continue
        best = found.setdefault(interface, {})
        for source, seen in logs:
            for hour, size in seen.hours.items():
                known = best.get(hour)
                if known is None or size > survey.seen[known, interface].hours[hour]:
                    best[hour] = source
    return found


def recorded(interfaces: Iterable[Iterable[Seen]]) -> set[int]:
    """The hours, since 1970, in which each of these interfaces was recorded.

    From its first until its last: before and after that it may not have been there. Without those
    in which data were dropped.
    """
    each, dropped = list[set[int]](), set[int]()
    for logs in interfaces:
        hours = set[int]()
        for seen in logs:
            hours |= seen.hours.keys()
            dropped |= seen.skipped.keys()
        each.append(hours)
    every = set[int]().union(*each) - dropped
    for hours in each:
        if hours:
            first, last = min(hours), max(hours)
            every -= {one for one in every - hours if first < one < last}
    return every


def _version(address: str) -> int:
    return 6 if ":" in address else 4


def _own(ends: Heaviest[str], records: int) -> list[str]:
    for share in (_NEARLY, _MOSTLY):
        found = [name for name, times in ends.weights.items() if times > share * records]
        if found:
            return found
    return []
