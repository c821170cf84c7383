"""An open WebSocket: its states, its close, its time-outs, and what is told to the receiver above it."""

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from .closecodes import CloseCode
from .deadlines import Deadlines, Watched
from .frames import Frames, Parser
from .transport import Receiver, Transport, close_frame, pong_frame

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebSocketLimits:
    """Bounds of one connection; times in seconds."""

    message_bytes: int = 256 * 1024
    """The largest message, whole or in fragments; over it 1009, decided from the frame's header.

    A compressed one is held to it twice, as it comes and as it is inflated.
    """
    idle: float = 60.0
    """Without any frame for so long (a ping counts): closed with 1002, as Phoenix does."""
    handshake: float = 10.0
    """Until the acceptor has answered."""
    handshakes: int = 2000
    """That wait for the acceptor at once; beyond it 503."""
    close: float = 5.0
    """For the peer to answer a close frame, and to take what was sent before; then the line is cut."""
    receive_buffer: int = 64 * 1024
    """The kernel's, per socket. It bounds what a peer can make us buffer at once."""


class _State(Enum):
    OPEN = 1
    CLOSING = 2  # we sent a close frame and wait for the peer's
    FAILED = 3  # the peer broke a rule: nothing it sends is looked at any more
    DONE = 4


class WebSocket(Watched):
    """The connection under one receiver: its `Transport`, and uvicorn's handle for a graceful shutdown."""

    __slots__ = (
        "_deadlines",
        "_frames",
        "_limits",
        "_loop",
        "_on_lost",
        "_parser",
        "_pong",
        "_receiver",
        "_state",
        "_transport",
        "paused",
        "write",
    )

    paused: bool
    write: Callable[[bytes], None]

    def __init__(
        self,
        transport: asyncio.Transport,
        limits: WebSocketLimits,
        deadlines: Deadlines,
        on_lost: Callable[["WebSocket"], None],
        *,
        inflates: bool = False,
    ) -> None:
        """`inflates`: permessage-deflate is agreed, without context in either direction."""
        self.bucket = None
        self.paused = False
        self.write = transport.write
        self._transport = transport
        self._limits = limits
        self._deadlines = deadlines
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._state = _State.OPEN
        self._receiver: Receiver | None = None
        self._pong: bytes | None = None
        self._frames = Frames(self, limits.message_bytes, deadlines, inflates=inflates)
        self._parser: Parser | None = None

    def start(self, open: Callable[[Transport], Receiver], early: bytes = b"") -> None:
        """Takes the line over once the 101 is written; `early` is what came right behind the handshake."""
        self._transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, self._limits.receive_buffer
        )
        parser = self._read_with(Parser(self, self._frames, self._limits.message_bytes, len(early)))
        self._transport.set_write_buffer_limits(high=self._high_water())
        self._deadlines.watch(self, self._limits.idle)
        try:
            receiver = self._receiver = open(self)
        except Exception:
            log.exception("the receiver could not be built")
            self.fail(CloseCode.INTERNAL)
            return
        self._frames.deliver_to(receiver)
        if self.paused:
            self._tell(receiver.pause)
        self._transport.resume_reading()
        parser.feed(early)

    def close(self, code: int, reason: str = "") -> None:
        if self._state is _State.OPEN:
            self._end(_State.CLOSING, code, close_frame(code, reason))

    def shutdown(self) -> None:
        """uvicorn stops: whoever is still connected comes back after the restart."""
        self.close(CloseCode.RESTART)

    def look(self, now: float) -> float | None:
        """Cuts a line that does not finish its close, and closes one that has gone silent."""
        if self._state is not _State.OPEN:
            self._transport.abort()
            return None
        due = self._frames.heard + self._deadlines.tick + self._limits.idle
        if now < due:
            return due
        self.close(CloseCode.PROTOCOL_ERROR)
        return None

    # --- what the frames say

    def fail(self, code: int) -> None:
        """The peer broke a rule: say so, stop reading frames, and let the line drain."""
        if self._state is _State.OPEN:
            self._end(_State.FAILED, code, close_frame(code))
        elif self._state is _State.CLOSING:
            self._state = _State.FAILED
        else:
            return
        self._transport.pause_reading()
        self._loop.call_soon(self._drain)

    def ping(self, payload: bytes) -> None:
        """Answers a ping; a peer that does not read is owed the last one only (RFC 6455 §5.5.3)."""
        if self.paused:
            self._pong = payload
        else:
            self.write(pong_frame(payload))

    def peer_closed(self, code: int) -> None:
        if self._state is _State.OPEN:
            self._end(_State.DONE, code, close_frame(code))
        elif self._state is _State.CLOSING:
            self._state = _State.DONE
        self._transport.close()

    def parser_failed(self, code: int) -> None:
        """picows met a broken frame. It looks one frame ahead, so the one before it is still to be delivered."""
        self._transport.pause_reading()
        self._loop.call_soon(self.fail, code)

    def renew_parser(self) -> None:
        """Asks for a fresh parser after this read; there must be no part of a frame in the present one."""
        self._transport.pause_reading()
        self._loop.call_soon(self._resume_with_new_parser)

    # --- what the line says

    def pause_writing(self) -> None:
        self.paused = True
        if self._receiver is not None:
            self._tell(self._receiver.pause)

    def resume_writing(self) -> None:
        self.paused = False
        if self._pong is not None:
            pong, self._pong = self._pong, None
            self.write(pong_frame(pong))
        if self._receiver is not None and not self.paused:
            self._tell(self._receiver.resume)

    def lost(self) -> None:
        """The line is gone, in whatever way."""
        self._deadlines.unwatch(self)
        self._end(_State.DONE, CloseCode.ABNORMAL, b"")
        self._frames.detach()
        self._parser = None
        self._on_lost(self)

    # --- inside

    def _end(self, state: _State, code: int, last: bytes) -> None:
        self._state = state
        self._frames.silence()
        write, self.write = self.write, _drop
        self._pong = None
        if last:
            write(last)
            self._deadlines.watch(self, self._limits.close)
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            try:
                receiver.closed(code)
            except Exception:
                log.exception("the receiver failed while it was told of the close")

    def _tell(self, method: Callable[[], None]) -> None:
        try:
            method()
        except Exception:
            log.exception("the receiver failed")
            self.fail(CloseCode.INTERNAL)

    def _high_water(self) -> int:
        """The first byte left over pauses: more than 0 bytes, or, as TLS counts, 1 and more."""
        return 1 if self._transport.get_extra_info("ssl_object") else 0

    def _read_with(self, parser: Parser) -> Parser:
        self._parser = parser
        self._transport.set_protocol(parser)
        return parser

    def _resume_with_new_parser(self) -> None:
        if self._state in {_State.OPEN, _State.CLOSING}:
            self._read_with(Parser(self, self._frames, self._limits.message_bytes))
            self._transport.resume_reading()

    def _drain(self) -> None:
        """Reads on without looking, since closing with unread bytes would reset the line under the close frame."""
        if self._transport.is_closing():
            return
        self._transport.set_protocol(_Drain(self))
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()


class _Drain(asyncio.Protocol):
    """Reads what a failed peer still sends, until it closes or its time is up."""

    __slots__ = ("_connection",)

    def __init__(self, connection: WebSocket) -> None:
        self._connection = connection

    def connection_lost(self, _exc: Exception | None) -> None:
        self._connection.lost()


def _drop(_data: bytes) -> None:
    """The end of all bytes that come too late."""
