"""One record of a flow log, read with distrust, and which way it went.

AWS: VPC User Guide, "Flow log records" and "Flow log limitations".
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from responder.scan.flow.layout import ABSENT, WHICH
from responder.scan.flow.peers import Peer, Peers

_INTERFACE = re.compile(rb"eni-[0-9a-f]{8,17}")
_INSTANCE = re.compile(rb"i-[0-9a-f]{8,17}")
_THING = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_EARLIEST, _LATEST = 1_136_073_600, 7_226_582_400  # of 2006 and 2199, in seconds since 1970
_MOST_BYTES = 2**63
_MOST_KEPT = 100_000
_WHICH = len(WHICH)
_LONGEST = 3600  # a record tells of ten minutes at most
OK, NO_DATA, SKIPPED, UNTOLD = "OK", "NODATA", "SKIPDATA", "untold"
_STATUS = {b"OK": OK, b"NODATA": NO_DATA, b"SKIPDATA": SKIPPED, ABSENT: UNTOLD}
ACCEPT, REJECT, NO_ACTION = "ACCEPT", "REJECT", ""
_ACTION = {b"ACCEPT": ACCEPT, b"REJECT": REJECT, ABSENT: NO_ACTION}
_WAYS = {b"egress": True, b"ingress": False, ABSENT: None}


class Record(NamedTuple):
    """What one line says. Without `peer` it says only that there was nothing, or nothing kept."""

    interface: str
    instance: str  # empty where it is not told
    status: str
    action: str
    out: bool | None  # as `flow-direction` says
    source: str
    source_inner: bool
    target: str
    target_inner: bool
    peer: Peer | None  # the target, by what the packet itself had, where that is told
    protocol: int
    start: int  # in seconds since 1970
    end: int
    size: int | None  # None: not told
    port: int  # the smaller of both: the other is one that a client was given


_PEER = Record._fields.index("peer")


class Lines:
    """Reads lines' wanted fields. Whose and where they are comes again and again, and is kept."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._known = dict[tuple[bytes, ...], tuple[Any, ...]]()

    def read(self, fields: tuple[bytes, ...]) -> Record:
        """One line. Raises `ValueError`, in words that hold nothing of the line."""
        which = fields[:_WHICH]
        start, end, size, source_port, target_port = fields[_WHICH:]
        known = self._known.get(which)
        if known is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            known = self._known[which] = _which(which, self._peers)
        if known[_PEER] is None:
            return Record._make((*known, *_times(start, end), None, 0))
        sent = None if size == ABSENT else _number(size, "bytes", _MOST_BYTES)
        port = min(_port(source_port), _port(target_port))
        return Record._make((*known, *_times(start, end), sent, port))


def is_out(record: Record, own: frozenset[str]) -> bool | None:
    """Whether it left the interface that recorded it; None where nobody can tell.

    Without `flow-direction`, by the interface's own addresses: as the source of what leaves, VPC
    writes one of these, and as the target of what comes. Where they are not known, what goes from
    an inner address to an outer one left.
    """
    if record.out is not None:
        return record.out
    from_us, to_us = record.source in own, record.target in own
    if from_us != to_us:
        return from_us
    if record.source and record.source_inner != record.target_inner:
        return record.source_inner
    return None


def _which(which: tuple[bytes, ...], peers: Peers) -> tuple[Any, ...]:
    """The fields of a record until `protocol`."""
    interface, instance, resource, source, target, real, protocol = which[:7]
    action, status, way, service, path = which[7:]
    where = _whose(interface, instance, resource)
    try:
        said, did, out = _STATUS[status], _ACTION[action], _WAYS[way]
    except KeyError:
        raise ValueError("its status, action or direction is unknown") from None
    if said in (NO_DATA, SKIPPED) or (said == UNTOLD and target == real == ABSENT):
        return (*where, said, did, out, "", False, "", False, None, 0)
    try:
        peer = peers.peer(real if real != ABSENT else target, service, path)
        from_address = ("", False) if source == ABSENT else peers.address(source)
        to_address = peers.address(target if target != ABSENT else real)
    except ValueError:
        raise ValueError("its addresses are none") from None
    number = 0 if protocol == ABSENT else _number(protocol, "protocol", 256)
    return (*where, OK, did, out, *from_address, *to_address, peer, number)


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
    """The interface, and the instance. That of a regional NAT gateway has no interface but an id.

    AWS: VPC User Guide, "Flow log records", `interface-id`.
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
