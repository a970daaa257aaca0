"""One record of a flow log, read with distrust, and which way it went.

AWS: VPC User Guide, "Flow log records" and "Flow log limitations".
"""

import re
from functools import lru_cache
from typing import NamedTuple

from responder.scan.flow.layout import ABSENT
from responder.scan.flow.peers import Peer, Peers

_INTERFACE = re.compile(rb"eni-[0-9a-f]{8,17}")
_INSTANCE = re.compile(rb"i-[0-9a-f]{8,17}")
_THING = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_EARLIEST, _LATEST = 1_136_073_600, 7_226_582_400  # of 2006 and 2199, in seconds since 1970
_MOST_BYTES = 2**63
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
    start: int  # in seconds since 1970
    end: int
    status: str
    size: int | None = None  # None: not told
    action: str = NO_ACTION
    out: bool | None = None  # as `flow-direction` says
    source: str = ""
    source_inner: bool = False
    target: str = ""
    target_inner: bool = False
    peer: Peer | None = None  # of the target, by what the packet itself had, where that is told
    protocol: int = 0
    port: int = 0  # the smaller of both: the other is one that a client was given

    @property
    def machine(self) -> str:
        """The instance, or the interface where none is told."""
        return self.instance or self.interface


def read(fields: tuple[bytes, ...], peers: Peers) -> Record:
    """A line's wanted fields. Raises `ValueError`, in words that hold nothing of the line."""
    interface, instance, resource, source, target, real = fields[:6]
    source_port, target_port, protocol, size, start, end = fields[6:12]
    action, status, way, service, path = fields[12:]
    begins = _number(start, "start", _LATEST)
    ends = begins if end == ABSENT else _number(end, "end", _LATEST)
    if not _EARLIEST <= begins <= ends <= begins + _LONGEST:
        raise ValueError("its times are none")
    where, machine = _place(interface, instance, resource), _instance(instance)
    try:
        said, did, out = _STATUS[status], _ACTION[action], _WAYS[way]
    except KeyError:
        raise ValueError("its status, action or direction is unknown") from None
    if said in (NO_DATA, SKIPPED) or (said == UNTOLD and target == real == ABSENT):
        return Record(where, machine, begins, ends, said)
    far = real if real != ABSENT else target
    try:
        peer = peers.peer(far, service, path)
        from_address = ("", False) if source == ABSENT else peers.address(source)
        to_address = peers.address(target if target != ABSENT else real)
    except ValueError:
        raise ValueError("its addresses are none") from None
    return Record(
        where,
        machine,
        begins,
        ends,
        OK,
        None if size == ABSENT else _number(size, "bytes", _MOST_BYTES),
        did,
        out,
        *from_address,
        *to_address,
        peer,
        0 if protocol == ABSENT else _number(protocol, "protocol", 256),
        min(_port(source_port), _port(target_port)),
    )


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


def _number(told: bytes, name: str, most: int) -> int:
    if not told.isdigit() or len(told) > 19 or (number := int(told)) >= most:
        raise ValueError(f"its {name} is no number")
    return number


def _port(told: bytes) -> int:
    return 0 if told == ABSENT else _number(told, "port", 65_536)


@lru_cache(maxsize=65_536)
def _place(interface: bytes, instance: bytes, resource: bytes) -> str:
    """The interface. That of a regional NAT gateway is not told, but the gateway's id is."""
    if _INTERFACE.fullmatch(interface):
        return interface.decode()
    if interface == ABSENT:
        for other in (resource, instance):
            if other != ABSENT and _THING.fullmatch(other):
                return other.decode()
    raise ValueError("its interface is none")


@lru_cache(maxsize=65_536)
def _instance(told: bytes) -> str:
    if told == ABSENT:
        return ""
    if not _INSTANCE.fullmatch(told):
        raise ValueError("its instance is none")
    return told.decode()
