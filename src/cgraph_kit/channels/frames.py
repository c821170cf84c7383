"""Frames as picows reads them, made into messages: the one file that knows picows' internals.

picows is used as a parser only. Its `WSProtocol` stands in the event loop's protocol's place, which reads straight
into its buffer; what it would write or close goes to a port, and so to the connection. That builds on the constructor
of `WSProtocol`, on its negotiating by itself, and on its reporting a broken frame by writing a close frame.
`test_websocket_contract.py` fails when a release changes any of it. The fall-back is a state machine like wsproto's
in this file's place, at several times the cost per message.
"""

import logging
from typing import Any, Protocol

from picows import WSAutoPingStrategy, WSFrame, WSListener, WSMsgType, WSTransport
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # not in its stubs

from .closecodes import CloseCode, Violation
from .deadlines import Deadlines
from .fragments import Fragments, close_code, is_utf8
from .transport import Receiver

log = logging.getLogger(__name__)

_TEXT = WSMsgType.TEXT
_BINARY = WSMsgType.BINARY
_PING = WSMsgType.PING
_PONG = WSMsgType.PONG
_CLOSE = WSMsgType.CLOSE

_READ_BUFFER = 2048  # what an idle socket keeps; picows takes no less
_SPARE = 256  # of which picows leaves this much for its SIMD unmasking
_SWOLLEN = 8192  # a buffer that held more than this is given back: picows' only ever grows
_CLOSE_BYTE = 0x88
# picows wants to see a handshake before frames: the smallest it takes
_OPENING = (
    b"GET / HTTP/1.1\r\nUpgrade:websocket\r\nConnection:upgrade\r\n"
    b"Sec-WebSocket-Version:13\r\nSec-WebSocket-Key:AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class Connection(Protocol):
    """What frames mean to the connection they came by."""

    def ping(self, payload: bytes) -> None: ...
    def peer_closed(self, code: int) -> None: ...
    def fail(self, code: int) -> None: ...
    def parser_failed(self, code: int) -> None:
        """A broken frame; the one before it is delivered after this call."""

    def renew_parser(self) -> None:
        """The buffer has swollen and is empty: a good moment for a new parser."""

    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...
    def lost(self) -> None: ...


class Frames(WSListener):
    """Gets every whole frame, and makes messages of them."""

    __slots__ = (
        "_connection",
        "_deadlines",
        "_fragments",
        "_inflates",
        "_limit",
        "_receive_binary",
        "_receive_text",
        "_swollen",
        "heard",
    )

    def __init__(
        self, connection: Connection, limit: int, deadlines: Deadlines, *, inflates: bool = False
    ) -> None:
        """`inflates`: the peer may compress messages (RFC 7692), each by itself."""
        self._connection = connection
        self._limit = limit
        self._inflates = inflates
        self._deadlines = deadlines
        self._fragments: Fragments | None = None
        self._swollen = False
        self.heard = deadlines.now
        """When the last frame came, by the wheel's clock."""
        self.silence()

    def deliver_to(self, receiver: Receiver) -> None:
        self._receive_text = receiver.receive_text
        self._receive_binary = receiver.receive_binary

    def silence(self) -> None:
        """From now on messages go nowhere; only a close frame matters."""
        self._receive_text = self._receive_binary = _drop
        self._fragments = None

    def detach(self) -> None:
        """The connection is over: forgets it, so that neither waits for the garbage collector."""
        self._connection = _NOBODY

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        self.heard = self._deadlines.now
        try:
            if (
                frame.msg_type is _TEXT
                and frame.fin
                and self._fragments is None
                and not (frame.rsv1 or frame.rsv2 or frame.rsv3)
            ):
                data = frame.get_payload_as_bytes()
                if not (data.isascii() or is_utf8(data)):
                    self._connection.fail(CloseCode.INVALID_TEXT)
                else:
                    self._receive_text(data)
            else:
                self._any_frame(frame)
        except Violation as violation:
            self._connection.fail(violation.code)
        except Exception:
            log.exception("the receiver failed on a message")
            self._connection.fail(CloseCode.INTERNAL)
        if frame.tail_size or self._swollen or frame.payload_size > _SWOLLEN:
            self._weigh(frame)

    def _any_frame(self, frame: WSFrame) -> None:
        kind, data = frame.msg_type, frame.get_payload_as_bytes()
        compressed = bool(frame.rsv1)
        if frame.rsv2 or frame.rsv3 or (compressed and not self._may_be_compressed(kind)):
            raise Violation(CloseCode.PROTOCOL_ERROR)
        if kind is _PING:
            self._connection.ping(data)
        elif kind is _CLOSE:
            self._connection.peer_closed(close_code(data))
        elif kind is not _PONG:
            self._piece(kind, data, compressed=compressed, last=bool(frame.fin))

    def _may_be_compressed(self, kind: WSMsgType) -> bool:
        """Of a compressed message the first frame says so, and no other (RFC 7692 §6.1)."""
        return self._inflates and (kind is _TEXT or kind is _BINARY)

    def _piece(self, kind: WSMsgType, data: bytes, *, compressed: bool, last: bool) -> None:
        begins = kind is _TEXT or kind is _BINARY
        if begins is not (self._fragments is None):  # continues nothing, or does not continue
            raise Violation(CloseCode.PROTOCOL_ERROR)
        fragments = self._fragments or Fragments(
            text=kind is _TEXT, limit=self._limit, compressed=compressed
        )
        fragments.add(data, last=last)
        self._fragments = None if last else fragments
        if last:
            receive = self._receive_text if fragments.is_text else self._receive_binary
            receive(fragments.message())

    def _weigh(self, frame: WSFrame) -> None:
        self._swollen = self._swollen or frame.tail_size + frame.payload_size > _SWOLLEN
        if self._swollen and not frame.tail_size:
            self._swollen = False
            self._connection.renew_parser()


class _Nobody:
    """In the place of a connection that is over."""

    def _nothing(self, *_args: object) -> None: ...

    ping = peer_closed = fail = parser_failed = renew_parser = _nothing
    pause_writing = resume_writing = lost = _nothing


class Parser(WSProtocol):  # type: ignore[misc]  # untyped base, see above
    """picows' parser as the event loop's protocol: `get_buffer` and `buffer_updated` stay native."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection, frames: Frames, limit: int, early: int = 0) -> None:
        super().__init__(
            None,  # host_port
            None,  # ws_path
            False,  # is_client_side
            lambda _request: frames,
            _QUIET,
            True,  # disconnect_on_exception
            None,  # websocket_handshake_timeout
            False,  # enable_auto_ping
            None,  # auto_ping_idle_timeout
            None,  # auto_ping_reply_timeout
            WSAutoPingStrategy.PING_WHEN_IDLE,
            False,  # enable_auto_pong
            limit,
            None,  # extra_headers
            max(_READ_BUFFER, early + _SPARE),
        )
        self._connection = connection
        super().connection_made(_Port(connection))
        self.feed(_OPENING)

    def feed(self, data: bytes) -> None:
        """Bytes that did not come through the event loop, no more than `early`."""
        if data:
            self.get_buffer(len(data))[: len(data)] = data
            self.buffer_updated(len(data))

    def connection_lost(self, _exc: Exception | None) -> None:
        self._connection.lost()

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()


class _Port:
    """What picows takes for the line: all it writes after its handshake is a close frame that names the fault."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, data: bytes | bytearray) -> None:
        if data[0] == _CLOSE_BYTE:
            self._connection.parser_failed(int.from_bytes(data[2:4], "big"))

    def close(self) -> None:
        """picows hangs up a moment after its close frame; but when to hang up is the connection's."""

    def get_extra_info(self, name: str) -> Any:
        # with "TLS" picows writes through `write` only, never straight to a file descriptor
        return {"socket": _NO_SOCKET, "ssl_object": self}.get(name)

    def get_write_buffer_size(self) -> int:
        return 0


class _NoSocket:
    def fileno(self) -> int:
        return -1

    def setsockopt(self, *_args: int) -> None:
        """The event loop has set what matters."""

    def getsockopt(self, *_args: int) -> int:
        return 0


class _Quiet:
    """picows' logger, which would tell of every connection, and of a peer's fault as if it were the server's."""

    def isEnabledFor(self, _level: int) -> bool:  # noqa: N802  (logging's name)
        return False

    def log(self, *_args: object) -> None: ...

    debug = info = warning = error = exception = log


_NOBODY = _Nobody()
_NO_SOCKET = _NoSocket()
_QUIET = _Quiet()


def _drop(data: bytes) -> None:
    """The end of messages that come too late."""
