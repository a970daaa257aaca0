"""Nothing leaves the machine: while a pretend cloud is open, only loopback can be reached."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock


class NetworkRefused(Exception):
    """Something tried to reach another machine. Not an OSError, which an SDK would retry."""


@contextmanager
def only_loopback() -> Iterator[None]:
    """Refuse every connection and every name look-up that is not for this machine."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex
    real_sendto, real_getaddrinfo = socket.socket.sendto, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        _check(self.family, address)
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        _check(self.family, address)
        return real_connect_ex(self, address)

    def sendto(self: socket.socket, *given: Any) -> int:
        _check(self.family, given[-1])
        return real_sendto(self, *given)

    def getaddrinfo(host: Any, *given: Any, **more: Any) -> Any:
        if not _is_here(host):
            raise NetworkRefused(f"the name {_text(host)} was looked up")
        return real_getaddrinfo(host, *given, **more)

    with (
        mock.patch.object(socket.socket, "connect", connect),
        mock.patch.object(socket.socket, "connect_ex", connect_ex),
        mock.patch.object(socket.socket, "sendto", sendto),
        mock.patch.object(socket, "getaddrinfo", getaddrinfo),
    ):
        yield


def _check(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
        raise NetworkRefused(f"a connection to {_text(address[0])} was tried")


def _is_here(host: Any) -> bool:
    text = _text(host)
    if text in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _text(host: Any) -> str:
    if host is None:
        return ""
    return host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
