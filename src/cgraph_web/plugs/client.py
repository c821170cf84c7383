"""The caller's address: the peer's, or what a trusted proxy says it is."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


class TrustedProxies:
    """Networks whose X-Forwarded-For and X-Forwarded-Proto are believed; nobody else's are even read."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._unix = "unix" in networks
        self._networks: list[Network] = [
            ip_network(network, strict=False) for network in networks if network != "unix"
        ]
        self._trusts = lru_cache(maxsize=1024)(self._look_up)

    def client(self, peer: str, headers: Mapping[bytes, bytes]) -> str:
        """The address nearest to us that no trusted proxy has: further left, anybody may have written anything."""
        if not self.trusts(peer):
            return peer
        chain = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        for hop in reversed(chain):
            address = _address(hop.strip())
            if address is None:
                break
            peer = address
            if not self.trusts(peer):
                break
        return peer

    def scheme(self, peer: str, scheme: str, headers: Mapping[bytes, bytes]) -> str:
        """ "http" or "https", as the client sees it."""
        said = headers.get(b"x-forwarded-proto", b"").decode("latin-1").strip().lower()
        return said if said in {"http", "https"} and self.trusts(peer) else scheme

    def trusts(self, peer: str) -> bool:
        """Whether this peer speaks for others; "unix" in the networks trusts a Unix socket's (empty) one."""
        return bool(self._networks or self._unix) and self._trusts(peer)

    def _look_up(self, peer: str) -> bool:
        if not peer:
            return self._unix
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def _address(text: str) -> str | None:
    """An address as proxies write it, perhaps with a port or in brackets; None for anything else."""
    bare = text
    if text.startswith("["):
        bare = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        bare = text.partition(":")[0]
    try:
        return str(ip_address(bare))
    except ValueError:
        return None
