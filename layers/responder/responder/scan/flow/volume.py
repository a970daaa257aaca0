"""The second round: how many bytes left each machine, when, to whom, by which port.

Can be made in parts, in any order, and added up: every number is a sum, a least or a most.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from responder.scan.flow.peers import Kind, Peer
from responder.scan.flow.record import REJECT, Record, is_out
from responder.scan.flow.survey import HOUR
from responder.scan.flow.window import Part, Window

REST = "others, which are not listed one by one"


@dataclass(slots=True)
class Sent:
    """What went one way. `maybe` is of records at an end of the window: nobody knows how much."""

    sent_bytes: int = 0
    maybe_bytes: int = 0
    before_bytes: int = 0
    records: int = 0
    first_at: int | None = None  # in the window, or at an end of it; seconds since 1970
    last_at: int | None = None
    before_at: int | None = None  # first, before the window
    hours: dict[int, int] = field(default_factory=dict)  # bytes within, where they are kept
    earlier: dict[int, int] = field(default_factory=dict)  # and before

    def add(self, record: Record, size: int, part: Part, *, by_hour: bool) -> None:
        """What one record tells."""
        if part is Part.BEFORE:
            self.before_bytes += size
            self.before_at = _least(self.before_at, record.start)
        else:
            self.records += 1
            self.first_at = _least(self.first_at, record.start)
            self.last_at = _most(self.last_at, record.end)
            if part is Part.WITHIN:
                self.sent_bytes += size
            else:
                self.maybe_bytes += size
        if by_hour and part is not Part.STRADDLES:
            hour, hours = record.start // HOUR, self.hours if part is Part.WITHIN else self.earlier
            hours[hour] = hours.get(hour, 0) + size

    def join(self, other: "Sent") -> None:
        """What another part counted."""
        self.sent_bytes += other.sent_bytes
        self.maybe_bytes += other.maybe_bytes
        self.before_bytes += other.before_bytes
        self.records += other.records
        self.first_at = _least(self.first_at, other.first_at)
        self.last_at = _most(self.last_at, other.last_at)
        self.before_at = _least(self.before_at, other.before_at)
        for mine, theirs in ((self.hours, other.hours), (self.earlier, other.earlier)):
            for hour, size in theirs.items():
                mine[hour] = mine.get(hour, 0) + size


@dataclass
class Machine:
    """What one machine sent."""

    interfaces: set[str] = field(default_factory=set)
    kinds: dict[Kind, Sent] = field(default_factory=dict)
    peers: dict[Peer, Sent] = field(default_factory=dict)
    ports: dict[tuple[int, int], Sent] = field(default_factory=dict)  # protocol, port: outwards
    refused_bytes: int = 0  # in the window: what a rule stopped did not leave
    undirected_bytes: int = 0  # in the window: nobody knows which way
    unsized: int = 0  # records in the window that say no bytes

    def join(self, other: "Machine") -> None:
        """What another part counted."""
        self.interfaces |= other.interfaces
        _join(self.kinds, other.kinds)
        _join(self.peers, other.peers)
        _join(self.ports, other.ports)
        self.refused_bytes += other.refused_bytes
        self.undirected_bytes += other.undirected_bytes
        self.unsized += other.unsized


@dataclass(frozen=True)
class Plan:
    """What the survey found out, which the count goes by."""

    window: Window
    own: Mapping[str, frozenset[str]] = field(default_factory=dict)  # addresses, by interface
    logs: Mapping[str, Mapping[int, str]] = field(default_factory=dict)  # whose records count
    listed: Mapping[str, frozenset[str]] = field(default_factory=dict)  # peers, by interface
    by_hour: Mapping[str, frozenset[str]] = field(default_factory=dict)  # some of those
    known: frozenset[tuple[str, str]] = frozenset()  # flow logs and interfaces it had room for
    ports: bool = True  # whether they are counted: as many as 65,536 of each machine


@dataclass
class Volume:
    """Everything counted so far."""

    machines: dict[str, Machine] = field(default_factory=dict)
    again: Counter[str] = field(default_factory=Counter)  # records that another flow log has too

    def take(self, source: str, records: Iterable[Record], plan: Plan) -> None:
        """The records of one object."""
        nobody = frozenset[str]()
        for record in records:
            flow = record.flow
            interface = flow.interface
            if flow.machine is None or (source, interface) not in plan.known:
                continue  # the second is told by the survey
            logs = plan.logs.get(interface)
            if logs is not None and logs.get(record.start // HOUR, source) != source:
                self.again[source] += 1
                continue
            part = plan.window.part(record.start, record.end)
            if part is Part.AFTER:
                continue
            machine = self.machines.get(flow.machine)
            if machine is None:
                machine = self.machines[flow.machine] = Machine()
            machine.interfaces.add(interface)
            peer = flow.peer
            if peer is None:
                continue
            out = is_out(flow, plan.own.get(interface, nobody))
            if out is False:
                continue
            if part is not Part.BEFORE and not _is_counted(machine, record, out):
                continue
            size = record.size
            if out is None or size is None or flow.action == REJECT:
                continue
            kind, by_hour = peer.kind, peer.address in plan.by_hour.get(interface, nobody)
            if peer.address not in plan.listed.get(interface, nobody):
                peer = Peer(REST, kind, "")
            _of(machine.kinds, kind).add(record, size, part, by_hour=True)
            _of(machine.peers, peer).add(record, size, part, by_hour=by_hour)
            if plan.ports and kind is not Kind.PRIVATE:
                port = _of(machine.ports, (flow.protocol, record.port))
                port.add(record, size, part, by_hour=False)

    def join(self, other: "Volume") -> None:
        """What another part counted."""
        for name, machine in other.machines.items():
            self.machines.setdefault(name, Machine()).join(machine)
        self.again.update(other.again)


def _is_counted(machine: Machine, record: Record, out: bool | None) -> bool:
    """False for a record of the window that is told apart: no bytes, stopped, or any way."""
    if record.size is None:
        machine.unsized += 1
    elif record.flow.action == REJECT:
        machine.refused_bytes += record.size
    elif out is None:
        machine.undirected_bytes += record.size
    else:
        return True
    return False


def _of[Name](sent: dict[Name, Sent], name: Name) -> Sent:
    found = sent.get(name)
    if found is None:
        found = sent[name] = Sent()
    return found


def _join[Name](mine: dict[Name, Sent], theirs: Mapping[Name, Sent]) -> None:
    for name, sent in theirs.items():
        _of(mine, name).join(sent)


def _least(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


def _most(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else max(one, other)
