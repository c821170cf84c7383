"""Addresses that ask for nothing but what they are refused: for a while they are answered no more."""

import logging
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from time import monotonic
from typing import TYPE_CHECKING

from cgraph_kit import telemetry
from cgraph_kit.errors import RateLimited
from cgraph_kit.limiter import Away, Limit, address_key

from .client import TrustedProxies

if TYPE_CHECKING:
    from cgraph.application import App

log = logging.getLogger(__name__)

FAULTS = frozenset({401, 403, 429})
"""Answers that refuse whoever asks, rather than what is asked for."""
WINDOW = 600.0
"""Seconds over which they are counted."""
_NEAR: tuple[IPv4Network | IPv6Network, ...] = tuple(
    map(
        ip_network,
        (
            *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
            *("::1/128", "fc00::/7", "fe80::/10"),
        ),
    )
)
"""Whoever comes from here is a proxy nobody has told us to trust, more likely than somebody to be shut out."""

_SHUT = telemetry.counter("addresses_blocked_total", "Addresses that were shut out for a while.")


class AddressBlocked(RateLimited):
    """Nothing is answered for some minutes to an address from which came little but what was refused."""

    code = "address_blocked"
    default = "too many requests from this address were refused"


class Doors:
    """Who is shut out. All nodes count together; each learns of a shut door by the next fault it sees there."""

    def __init__(self, app: "App") -> None:
        settings = app.settings
        self._limiter = app.limiter
        self._proxies = TrustedProxies(settings.trusted_proxies)
        self._faults = (
            Limit("faults", settings.block_after, WINDOW, Away.LOCAL)
            if settings.block_after
            else None
        )
        self._shut = Limit("shut", 1, settings.block_minutes * 60.0, Away.LOCAL)
        self._until: dict[str, float] = {}

    def check(self, address: str) -> None:
        """Asked with every request, and mostly free. Raises `AddressBlocked`."""
        if not self._until:
            return
        key = address_key(address)
        if (until := self._until.get(key)) is None:
            return
        if (wait := until - monotonic()) <= 0:
            del self._until[key]
            return
        raise AddressBlocked(retry_after=wait, scope="address")

    async def look(self, address: str) -> None:
        """The same, with a look at what other nodes know: for what is rare. Raises `AddressBlocked`."""
        if self._faults is not None and not _is_near(address):
            await self._learn(address_key(address))
        self.check(address)

    async def note(self, address: str) -> None:
        """Something was refused there."""
        if self._faults is None or _is_near(address):
            return
        key = address_key(address)
        counted = await self._limiter.check(key, self._faults)
        if not counted.allowed and (await self._limiter.check(key, self._shut)).allowed:
            _SHUT.inc()
            log.warning("an address is shut out", extra={"address": key})
        await self._learn(key)

    def address_of(self, peer: str, headers: Mapping[str, str]) -> str:
        """Whose connection this is, with what trusted proxies say."""
        forwarded = headers.get("x-forwarded-for", "").encode("latin-1", "replace")
        return self._proxies.client(peer, {b"x-forwarded-for": forwarded})

    async def _learn(self, key: str) -> None:
        left = await self._limiter.check(key, self._shut, 0)
        if left.remaining == 0:
            self._until[key] = monotonic() + left.reset_after


def _is_near(address: str) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return True
    mapped = getattr(ip, "ipv4_mapped", None)
    return any((mapped or ip) in network for network in _NEAR)
