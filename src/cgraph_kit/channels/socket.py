"""Who is connected: the author's half of one connection."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from .channel import Channel
from .closecodes import CloseCode
from .transport import Handshake, Refused

if TYPE_CHECKING:
    from .connection import Connection


class Socket:
    """One client's connection; the application subclasses it once and keeps on it who that client is.

    Every channel of the connection reaches it as `self.socket`.
    """

    channels: ClassVar[Sequence[type[Channel]]] = ()
    """Everything that can be joined; of several that match a topic the first one counts."""

    _connection: "Connection | None" = None

    @classmethod
    async def connect(cls, handshake: Handshake, app: Any) -> "Self | Refused":  # noqa: ARG003
        """Let the client in, or refuse: `Refused()` is Phoenix's 403. `app` is what the endpoint was given.

        An `errors.Error` refuses too: 429 if it is `RateLimited`, 503 if `Unavailable`, else 403.
        Context variables set here (log context) hold in every handler of the connection.
        """
        return cls()

    def id(self) -> str | None:
        """Names all sockets of one client, for `Endpoint.disconnect` and the limit per client."""
        return None

    def keys(self) -> Iterable[str]:
        """Further names that `Endpoint.disconnect` and `close_topic_for` reach this socket by, e.g. its session's."""
        return ()

    def about(self) -> Mapping[str, Any]:
        """What stands in every log line of the connection, beside its `socket_id`: who it is, in ids."""
        return {}

    def close(self, code: int = CloseCode.GOING_AWAY, reason: str = "") -> None:
        """End the connection; all its channels are told that it is `closed`."""
        if self._connection is not None:
            self._connection.close(code, reason)
