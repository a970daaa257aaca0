"""While a pretend cloud is open, only this machine can be reached."""

import socket

import pytest

from localcloud.network import NetworkRefused, only_loopback

ELSEWHERE = ("192.0.2.1", 443)


def test_no_connection_to_another_machine() -> None:
    with only_loopback(), socket.socket() as one, pytest.raises(NetworkRefused, match=ELSEWHERE[0]):
        one.connect(ELSEWHERE)
    with only_loopback(), socket.socket() as one, pytest.raises(NetworkRefused):
        one.connect_ex(ELSEWHERE)


def test_no_name_is_looked_up() -> None:
    with only_loopback(), pytest.raises(NetworkRefused, match=r"security-ir\.example\.com"):
        socket.getaddrinfo("security-ir.example.com", 443)
    with only_loopback(), pytest.raises(NetworkRefused):
        socket.create_connection(("example.com", 443))


def test_nothing_is_sent_without_a_connection() -> None:
    kind = socket.SOCK_DGRAM
    with only_loopback(), socket.socket(type=kind) as one, pytest.raises(NetworkRefused):
        one.sendto(b"a", ELSEWHERE)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_reached(host: str) -> None:
    with only_loopback(), socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection((host, server.getsockname()[1]))
        assert one.getpeername() == server.getsockname()
        one.close()


def test_afterwards_everything_is_as_before() -> None:
    before = (socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo)
    with only_loopback():
        assert (socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo) != before
    assert (socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo) == before
