"""What kind of place an address is: ours, AWS', a network that was joined to ours, or anybody's.

AWS: VPC User Guide, "Flow log records", `traffic-path` and `pkt-dst-aws-service`.
"""

import ipaddress
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network
type Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 1918, 6598, 3927, 4193, 4291, 5771: addresses that lead to nobody over the internet.
_INNER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("127.0.0.0/8", "0.0.0.0/32", "224.0.0.0/4", "255.255.255.255/32"),
        *("fc00::/7", "fe80::/10", "ff00::/8", "::1/128", "::/128"),
    )
)
_SAME_VPC, _JOINED, _ENDPOINT = b"1", (b"3", b"4", b"5", b"6"), b"7"
# Addresses of these are rented out: whoever has an account has them, an attacker too.
_RENTED = (b"EC2", b"AMAZON")
_SERVICE = re.compile(r"[A-Z0-9_]{1,64}")
_MOST_KEPT = 100_000


class Kind(StrEnum):
    """Where bytes went to."""

    INTERNET = "internet"
    AWS = "AWS service"  # a bucket there may be anybody's
    JOINED = "joined network"  # by peering, VPN or local gateway
    PRIVATE = "private"


class Peer(NamedTuple):
    """The other end."""

    address: str
    kind: Kind
    service: str  # of AWS, by its name in the list of AWS' addresses; empty where none is told


class Peers:
    """Tells kinds of addresses. `ours` are networks that are inside, whatever their addresses."""

    def __init__(self, ours: Sequence[Network] = ()) -> None:
        self._inner = (*_INNER, *ours)
        self._addresses = dict[bytes, tuple[str, bool]]()
        self._peers = dict[tuple[bytes, bytes, bytes], Peer]()

    def address(self, told: bytes) -> tuple[str, bool]:
        """An address in its one writing, and whether it is inside. Raises `ValueError`."""
        found = self._addresses.get(told)
        if found is None:
            one = ipaddress.ip_address(told.decode("ascii"))
            if getattr(one, "scope_id", None) is not None:
                raise ValueError("no address")
            inner = any(one in network for network in self._inner)
            if len(self._addresses) >= _MOST_KEPT:
                self._addresses.clear()
            found = self._addresses[told] = (str(one), inner)
        return found

    def peer(self, told: bytes, service: bytes, path: bytes) -> Peer:
        """Who it is. Raises `ValueError`."""
        key = (told, service, path)
        found = self._peers.get(key)
        if found is None:
            address, inner = self.address(told)
            named = "" if service == b"-" else service.decode("ascii")
            if named and not _SERVICE.fullmatch(named):
                raise ValueError("no service")
            if len(self._peers) >= _MOST_KEPT:
                self._peers.clear()
            kind = _kind(service, path, inner=inner)
            found = self._peers[key] = Peer(address, kind, named)
        return found


def _kind(service: bytes, path: bytes, *, inner: bool) -> Kind:
    if path in _JOINED:
        return Kind.JOINED
    if inner or path == _SAME_VPC:
        return Kind.PRIVATE
    if path == _ENDPOINT or (service != b"-" and service not in _RENTED):
        return Kind.AWS
    return Kind.INTERNET
