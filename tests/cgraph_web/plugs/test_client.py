"""Whose request it is, through proxies and lies."""

import pytest

from cgraph_web.plugs.client import TrustedProxies

PROXY = "10.0.0.1"


def client(peer: str, forwarded: str, *networks: str) -> str:
    return TrustedProxies(networks).client(peer, {b"x-forwarded-for": forwarded.encode()})


class TestClient:
    def test_is_the_peer(self) -> None:
        assert TrustedProxies(()).client("198.51.100.7", {}) == "198.51.100.7"

    def test_strangers_are_not_believed(self) -> None:
        assert client("198.51.100.7", "1.2.3.4", "10.0.0.0/8") == "198.51.100.7"
        assert client(PROXY, "1.2.3.4") == PROXY

    @pytest.mark.parametrize(
        ("forwarded", "found"),
        [
            ("198.51.100.7", "198.51.100.7"),
            ("1.2.3.4, 198.51.100.7", "198.51.100.7"),
            ("1.2.3.4, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("198.51.100.7:1234", "198.51.100.7"),
            ("[2001:db8::1]:1234", "2001:db8::1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("1.2.3.4, nonsense", PROXY),
            ("1.2.3.4, unknown, 10.0.0.2", "10.0.0.2"),
            ("", PROXY),
        ],
    )
    def test_is_the_nearest_one_no_proxy_of_ours_has(self, forwarded: str, found: str) -> None:
        assert client(PROXY, forwarded, "10.0.0.0/8") == found

    def test_a_unix_socket_may_be_a_proxy(self) -> None:
        assert client("", "198.51.100.7", "unix") == "198.51.100.7"
        assert client("", "198.51.100.7", "10.0.0.0/8") == ""

    def test_a_host_bit_in_a_network_does_no_harm(self) -> None:
        assert client(PROXY, "198.51.100.7", "10.0.0.7/8") == "198.51.100.7"


class TestScheme:
    @pytest.mark.parametrize(
        ("peer", "said", "scheme"),
        [
            (PROXY, b"https", "https"),
            (PROXY, b"HTTPS", "https"),
            (PROXY, b"gopher", "http"),
            ("198.51.100.7", b"https", "http"),
        ],
    )
    def test_is_believed_from_a_proxy(self, peer: str, said: bytes, scheme: str) -> None:
        proxies = TrustedProxies(["10.0.0.0/8"])
        assert proxies.scheme(peer, "http", {b"x-forwarded-proto": said}) == scheme
