"""Where a request comes from, as far as accounts care."""

import msgspec

from cgraph_kit.limiter import network_of

AGENT_LENGTH = 200


class Origin(msgspec.Struct, frozen=True):
    """The caller's address, already looked up behind trusted proxies, and what their program calls itself."""

    address: str = ""
    agent: str | None = None

    @property
    def network(self) -> str | None:
        """The address as coarsely as it is kept."""
        return network_of(self.address, v4=24, v6=48) or None

    @property
    def agent_line(self) -> str | None:
        """The agent as it is kept: printable and not too long."""
        line = "".join(c for c in self.agent or "" if c.isprintable()).strip()
        return line[:AGENT_LENGTH] or None
