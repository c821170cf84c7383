"""The seam between a connection (WebSocket, long poll) and the socket that speaks the channel protocol on it.

A mount is an `Accept`: it reads the `Handshake` and answers `Refused`, or `Accepted` with the function that builds
the `Receiver` once the connection stands. From then on the connection calls the receiver, and the receiver writes to
the `Transport` it was given. Everything happens on the event loop's thread.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .closecodes import CloseCode

_FIN_TEXT = 0x81
_FIN_BINARY = 0x82
_COMPRESSED = 0x40  # RFC 7692 §6: the first reserved bit
_FIN_CLOSE = 0x88
_FIN_PONG = 0x8A
_SHORT = 126  # RFC 6455 §5.2: the length fits the second byte, else two or eight more follow
_MEDIUM = 1 << 16
_REASON_BYTES = 123  # RFC 6455 §5.5: 125 bytes of control payload less the code


class Transport(Protocol):
    """What a connection offers to the receiver above it."""

    @property
    def paused(self) -> bool:
        """The peer does not read what it was sent: whatever is written now is buffered without a bound."""

    def write(self, data: bytes) -> None:
        """Sends packed bytes at once, without ever blocking; several frames may be joined in one call.

        A WebSocket takes ready frames (`text_frame` and its siblings). The first byte the kernel does not take calls
        `Receiver.pause` before this returns, so a caller that iterates must expect its own list to change. A caller
        may fetch this method once and keep it (that is the fast way to fan out), as long as it lets go of it when
        the receiver is paused or closed. After `close` the bytes are dropped.
        """

    def close(self, code: int, reason: str = "") -> None:
        """Starts to close; again is harmless. `Receiver.closed(code)` is called before this returns.

        What was written before is sent first; a peer that neither reads nor answers is cut off after the close
        time-out. The reason is cut to 123 bytes of UTF-8.
        """


class Receiver(Protocol):
    """What the connection calls. An exception raised by any of these closes the connection with 1011."""

    def receive_text(self, data: bytes) -> None:
        """One whole text message: reassembled, not over the limit, and valid UTF-8."""

    def receive_binary(self, data: bytes) -> None:
        """One whole binary message."""

    def pause(self) -> None:
        """The peer stopped reading: stop writing. May be called from inside `Transport.write`."""

    def resume(self) -> None:
        """Everything written so far has left: write again."""

    def closed(self, code: int) -> None:
        """Called exactly once, when either side closes or the line drops; nothing is called afterwards.

        The code is the peer's (1005 if it gave none), ours if we closed, 1006 for a line that dropped.
        """


@dataclass(frozen=True, slots=True)
class Handshake:
    """The request that asks for a connection, whichever transport it came by. Its repr shows no secrets."""

    path: str
    query: str = field(default="", repr=False)
    """The raw query string."""
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The query decoded; of a repeated key the last value counts. Bracketed keys ("a[]") stay as they are."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Lower-case names; the values of a repeated header are joined by ", "."""
    client: str = ""
    """The peer's address, or the one a trusted proxy vouches for; empty on a Unix socket."""
    scheme: str = "http"
    """"http" or "https", as the client sees it."""
    host: str = ""
    """The Host header as sent, so with its port if it has one."""
    subprotocols: Sequence[str] = ()
    """Offered subprotocols in order, the auth token taken out."""
    auth_token: str | None = field(default=None, repr=False)
    """The token phoenix.js sends as a subprotocol (or, long-polling, as X-Phoenix-AuthToken)."""
    inflates: bool = False
    """Messages to this client may be compressed (`compressed_text_frame`); never those of long polling."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No connection: the HTTP status, and a body that is empty unless there is something to say."""

    status: int = 403
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The connection may stand. `open` is called once it does, and must not raise for reasons known before."""

    open: Callable[[Transport], Receiver]
    subprotocol: str | None = None
    """Answered only if it was offered. A client that sent an auth token is answered "phoenix" without being told."""


Accept = Callable[[Handshake], Awaitable[Refused | Accepted]]
"""The application's say on a handshake; it may await (a token is checked against the database)."""


def text_frame(payload: bytes) -> bytes:
    """A whole unmasked text message (RFC 6455 §5.2): the same bytes for every subscriber, so pack once and share."""
    return _head(_FIN_TEXT, len(payload)) + payload


def binary_frame(payload: bytes) -> bytes:
    """A whole unmasked binary message (RFC 6455 §5.2)."""
    return _head(_FIN_BINARY, len(payload)) + payload


def compressed_text_frame(payload: bytes) -> bytes:
    """A whole unmasked text message whose payload is deflated (RFC 7692 §6.1), for who has agreed to it."""
    return _head(_FIN_TEXT | _COMPRESSED, len(payload)) + payload


def compressed_binary_frame(payload: bytes) -> bytes:
    """A whole unmasked binary message whose payload is deflated."""
    return _head(_FIN_BINARY | _COMPRESSED, len(payload)) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """An unmasked close frame; code 1005 stands for "no code" and gives an empty one (RFC 6455 §7.1.5)."""
    if code == CloseCode.NO_CODE:
        return _head(_FIN_CLOSE, 0)
    body = code.to_bytes(2, "big") + _cut(reason.encode())
    return _head(_FIN_CLOSE, len(body)) + body


def pong_frame(payload: bytes) -> bytes:
    """The unmasked answer to a ping with this payload (RFC 6455 §5.5.3)."""
    return _head(_FIN_PONG, len(payload)) + payload


def _head(first: int, length: int) -> bytes:
    if length < _SHORT:
        return bytes((first, length))
    if length < _MEDIUM:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")


def _cut(reason: bytes) -> bytes:
    return reason[:_REASON_BYTES].decode(errors="ignore").encode()
