"""One record of a flow log, read with distrust, and which way it went.

AWS: VPC User Guide, "Flow log records" and "Flow log limitations".
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from responder.scan.flow.layout import ABSENT
from responder.scan.flow.peers import Peer, Peers

_INTERFACE = re.compile(rb"eni-[0-9a-f]{8,17}")
_INSTANCE = re.compile(rb"i-[0-9a-f]{8,17}")
_THING = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_EARLIEST, _LATEST = 1_136_073_600, 7_226_582_400  # of 2006 and 2199, in seconds since 1970
_MOST_BYTES = 2**63
_MOST_KEPT = 100_000
_LONGEST = 3600  # a record tells of ten minutes at most
OK, NO_DATA, SKIPPED, UNTOLD = "OK", "NODATA", "SKIPDATA", "untold"
_STATUS = {b"OK": OK, b"NODATA": NO_DATA, b"SKIPDATA": SKIPPED, ABSENT: UNTOLD}
ACCEPT, REJECT, NO_ACTION = "ACCEPT", "REJECT", ""
_ACTION = {b"ACCEPT": ACCEPT, b"REJECT": REJECT, ABSENT: NO_ACTION}
_WAYS = {b"egress": True, b"ingress": False, ABSENT: None}


class Flow(NamedTuple):
    """What many records have in common: whose they are, from where, and to whom.

    Without `peer` there was nothing, or nothing was kept.
    """

    machine: str | None  # None: nobody asked about it
    interface: str
    instance: str  # empty where it is not told
    status: str
    action: str = NO_ACTION
    out: bool | None = None  # as `flow-direction` says
    source: str = ""
    source_inner: bool = False
    target: str = ""
    target_inner: bool = False
    peer: Peer | None = None  # the target, by what the packet itself had, where that is told
    protocol: int = 0


class Record(NamedTuple):
    """What one line says."""

    flow: Flow
    start: int  # in seconds since 1970
    end: int
    size: int | None = None  # None: not told
    port: int = 0  # the smaller of both: the other is one that a client was given


class Lines:
    """Reads lines' wanted fields. What flow it is of comes again and again, and is kept."""

    def __init__(self, peers: Peers, machine: Callable[[str, str], str | None]) -> None:
        """`machine` tells whose an interface is, by its id and the instance that is told."""
        self._peers, self._machine = peers, machine
        self._flows = dict[tuple[bytes, ...], Flow]()

    def read(self, which: tuple[bytes, ...], how_much: tuple[bytes, ...]) -> Record | None:
        """One line; None if nobody asked about it. Raises `ValueError`, without words of it."""
        flow = self._flows.get(which)
        if flow is None:
            if len(self._flows) >= _MOST_KEPT:
                self._flows.clear()
            flow = self._flows[which] = self._flow(*which)
        if flow.machine is None:
            return None
        start, end, size, source_port, target_port = how_much
        begins, ends = _times(start, end)
        if flow.peer is None:
            return Record(flow, begins, ends)
        sent = None if size == ABSENT else _number(size, "bytes", _MOST_BYTES)
        return Record(flow, begins, ends, sent, min(_port(source_port), _port(target_port)))

    def _flow(
        self,
        interface: bytes,
        instance: bytes,
        resource: bytes,
        source: bytes,
        target: bytes,
        real: bytes,
        protocol: bytes,
        action: bytes,
        status: bytes,
        way: bytes,
        service: bytes,
        path: bytes,
    ) -> Flow:
        where, named = _whose(interface, instance, resource)
        machine = self._machine(where, named)
        try:
            said, did, out = _STATUS[status], _ACTION[action], _WAYS[way]
        except KeyError:
            raise ValueError("its status, action or direction is unknown") from None
        if said in (NO_DATA, SKIPPED) or (said == UNTOLD and target == real == ABSENT):
            return Flow(machine, where, named, said)
        try:
            peer = self._peers.peer(real if real != ABSENT else target, service, path)
            from_address = ("", False) if source == ABSENT else self._peers.address(source)
            to_address = self._peers.address(target if target != ABSENT else real)
        except ValueError:
            raise ValueError("its addresses are none") from None
        number = 0 if protocol == ABSENT else _number(protocol, "protocol", 256)
        return Flow(machine, where, named, OK, did, out, *from_address, *to_address, peer, number)


def is_out(flow: Flow, own: frozenset[str]) -> bool | None:
    """Whether it left the interface that recorded it; None where nobody can tell.

    Without `flow-direction`, by the interface's own addresses: as the source of what leaves, VPC
    writes one of these, and as the target of what comes. Where they are not known, what goes from
    an inner address to an outer one left.
    """
    if flow.out is not None:
        return flow.out
    from_us, to_us = flow.source in own, flow.target in own
    if from_us != to_us:
        return from_us
    if flow.source and flow.source_inner != flow.target_inner:
        return flow.source_inner
    return None


def _number(told: bytes, name: str, most: int) -> int:
    if not told.isdigit() or len(told) > 19 or (number := int(told)) >= most:
        raise ValueError(f"its {name} is no number")
    return number


@lru_cache(maxsize=65_536)
def _port(told: bytes) -> int:
    return 0 if told == ABSENT else _number(told, "port", 65_536)


@lru_cache(maxsize=65_536)
def _times(start: bytes, end: bytes) -> tuple[int, int]:
    begins = _number(start, "start", _LATEST)
    ends = begins if end == ABSENT else _number(end, "end", _LATEST)
    if not _EARLIEST <= begins <= ends <= begins + _LONGEST:
        raise ValueError("its times are none")
    return begins, ends


def _whose(interface: bytes, instance: bytes, resource: bytes) -> tuple[str, str]:
    """The interface, or what else the record is of where it names none; and the instance.

    A flow log of a regional NAT gateway names no interface.
    """
    if instance != ABSENT and not _INSTANCE.fullmatch(instance):
        raise ValueError("its instance is none")
    machine = "" if instance == ABSENT else instance.decode()
    if _INTERFACE.fullmatch(interface):
        return interface.decode(), machine
    if interface == ABSENT and _THING.fullmatch(resource):
        return resource.decode(), machine
    if interface == ABSENT and machine:
        return machine, machine
    raise ValueError("its interface is none")
