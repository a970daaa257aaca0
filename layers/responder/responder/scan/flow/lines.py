"""The records of some machines in one object, without reading the lines of the others."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import stringzilla

from responder.scan.flow.layout import Layout, Part
from responder.scan.flow.peers import Peers
from responder.scan.flow.record import Lines, Record
from responder.scan.needles import Needles

_AT_ONCE = 1 << 20  # bytes whose lines are held at one time


@dataclass(frozen=True)
class Asked:
    """Which machines are asked about: every one, if none is named."""

    instances: frozenset[str] = frozenset()
    interfaces: frozenset[str] = frozenset()  # that a person named
    owners: Mapping[str, str] = field(default_factory=dict)  # whose interface it is

    @property
    def texts(self) -> frozenset[str]:
        """What stands in every record of theirs, and in no other."""
        theirs = {one for one, owner in self.owners.items() if owner in self.instances}
        return self.instances | self.interfaces | theirs

    def machine(self, interface: str, instance: str) -> str | None:
        """The machine that a record is of; None for one that nobody asked about.

        What the record says of the instance goes before what others say: an interface can move.
        """
        machine = instance or self.owners.get(interface, interface)
        if not self.instances and not self.interfaces:
            return machine
        is_theirs = machine in self.instances or interface in self.interfaces
        return machine if is_theirs else None


class Reader:
    """Reads objects for some machines. Not to be shared by threads."""

    def __init__(self, asked: Asked, peers: Peers) -> None:
        self._read = Lines(peers, asked.machine).read
        self._needles = Needles(asked.texts) if asked.texts else None

    def records(
        self, raw: bytes | bytearray, parts: Sequence[Part], bad: Counter[str]
    ) -> Iterator[Record]:
        """The machines' records. Lines that may be theirs and are no records go into `bad`."""
        read, returns = self._read, b"\r" in raw
        for layout, line in self._lines(raw, parts):
            fields = layout.fields(line.rstrip(b"\r") if returns else line)
            if fields is None:
                if line.strip():
                    bad["a line has more or fewer fields than its heading"] += 1
                continue
            try:
                record = read(*fields)
            except ValueError as error:
                bad[str(error)] += 1
                continue
            if record is not None:
                yield record

    def _lines(
        self, raw: bytes | bytearray, parts: Sequence[Part]
    ) -> Iterator[tuple[Layout, bytes]]:
        if self._needles is None:
            for layout, begins, ends in parts:
                for line in _every(raw, begins, ends):
                    yield layout, line
            return
        places, at, last = self._needles.places(raw), 0, 0
        for place, _ in places:
            if place <= last:
                continue  # in a line that was found already
            begin = raw.rfind(b"\n", 0, place) + 1
            last = raw.find(b"\n", place)
            last = len(raw) if last < 0 else last
            while at + 1 < len(parts) and begin >= parts[at][2]:
                at += 1
            yield parts[at][0], bytes(raw[begin:last])


def _every(raw: bytes | bytearray, begins: int, ends: int) -> Iterator[bytes]:
    while begins < ends:
        cut = raw.rfind(b"\n", begins, min(begins + _AT_ONCE, ends)) + 1
        if cut <= begins:
            cut = raw.find(b"\n", begins, ends) + 1 or ends
        yield from bytes(raw[begins:cut]).split(b"\n")
        begins = cut


def counted(raw: bytes | bytearray, parts: Sequence[Part]) -> tuple[int, bool]:
    """How many lines there are, and whether some are of another form than their heading says."""
    lines, odd, view = 0, False, memoryview(raw)
    for layout, begins, ends in parts:
        part = view[begins:ends]
        ended = int(stringzilla.count(part, b"\n"))
        ended += bool(begins < ends and raw[ends - 1] != b"\n"[0])
        odd |= int(stringzilla.count(part, b" ")) != ended * (layout.length - 1)
        lines += ended
    return lines, odd
