"""Where a request comes from, for the contexts that ask."""

from cgraph.accounts import Origin
from cgraph_web.exchange import Exchange


def origin_of(exchange: Exchange) -> Origin:
    """The caller's address, behind trusted proxies, and what their program calls itself."""
    agent = exchange.headers.get(b"user-agent", b"").decode("latin-1")
    return Origin(exchange.client, agent or None)
