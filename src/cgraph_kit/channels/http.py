"""uvicorn's HTTP protocol with the time-outs and bounds it lacks, and the answer to plain HTTP on a WebSocket mount."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .deadlines import Deadlines, Watched
from .handshake import refusal, upgrade_fault
from .upgrade import Upgrade

_TICK = 0.25
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

Refuse = Callable[[int], tuple[bytes, Sequence[tuple[bytes, bytes]]]]
"""A status (400, 408, 431) to the body and the headers of its answer."""


async def upgrade_required(
    scope: MutableMapping[str, Any], _receive: _Receive, send: _Send
) -> None:
    """The ASGI application for a WebSocket mount's path: whatever gets here has not asked for an upgrade.

    400, with the reason as text for a GET and empty otherwise, as Phoenix answers.
    """
    body = (upgrade_fault(scope["method"], scope["headers"]) or "").encode()
    headers = [(b"content-length", b"%d" % len(body))]
    if body:
        headers.append((b"content-type", b"text/plain; charset=utf-8"))
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Bounds on what has not become a request yet; times in seconds."""

    head: float = 10.0
    """From the first byte of a request (of a connection: from its start) to the end of its headers; then 408."""
    head_bytes: int = 32 * 1024
    """Request line and headers, give or take one read; over it 431."""
    body: float = 30.0
    """Without a single byte of a body that is being waited for; then the line is cut."""
    half_open: int = 1000
    """Connections in the middle of a request's head; beyond it the one that has waited longest is cut."""
    linger: float = 5.0
    """For a peer to take the last bytes of a connection that is being closed."""


def bare(_status: int, /) -> tuple[bytes, Sequence[tuple[bytes, bytes]]]:
    """No body, no headers."""
    return b"", ()


def guarded_http(limits: HttpLimits | None = None, refuse: Refuse = bare) -> type["GuardedHttp"]:
    """The class for uvicorn's `Config(http=...)`. One class serves one running server.

    `refuse` renders the answers to what never becomes a request; without it they have no body.
    """
    bounds = limits or HttpLimits()

    class Guarded(GuardedHttp):
        limits = bounds
        render = staticmethod(refuse)
        deadlines = Deadlines(min(_TICK, bounds.head / 20, bounds.body / 20))
        half_open: ClassVar[dict[GuardedHttp, None]] = {}

    return Guarded


class GuardedHttp(HttpToolsProtocol, Watched):
    """Costs a few attribute writes per request: one wheel looks at all connections now and then."""

    limits: ClassVar[HttpLimits]
    render = staticmethod(bare)
    deadlines: ClassVar[Deadlines]
    half_open: ClassVar[dict["GuardedHttp", None]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bucket = None
        self._waiting_since = 0.0  # for a head to be complete; 0 while served or at rest
        self._head_bytes = 0
        self._heard = 0.0
        self._hung_up = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self.deadlines.watch(self, self.limits.head)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._let_go()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Does what uvicorn's does, counts the bytes of a head, and keeps what follows an upgrade request."""
        if self._hung_up:
            return
        self._heard = self.deadlines.now
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
            self._waiting_since = self._heard
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade():
                self._upgrade(data[upgrade.args[0] :])
                return
        except httptools.HttpParserError:
            self._turn_away(400)
            return
        self._follow(len(data))

    def _follow(self, size: int) -> None:
        cycle = self.cycle
        in_head = cycle is None or cycle.scope is not self.scope
        if in_head:
            self._expect_head()
            self._count(size)
        elif self._waiting_since and not cycle.response_complete:
            self._waiting_since = 0.0
            self._head_bytes = 0
            self.half_open.pop(self, None)

    def look(self, now: float) -> float | None:
        """Holds the head, the body and the hanging up to their times."""
        if self._hung_up:
            self.transport.abort()
            return None
        due = self._due()
        if now < due:
            return due
        self._hang_up()
        return now + self.limits.linger

    def _due(self) -> float:
        now, tick = self.deadlines.now, self.deadlines.tick
        if self.transport.is_closing():
            return now
        if self._waiting_since:
            return self._waiting_since + self.limits.head + tick
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.more_body:
            return now + min(self.limits.head, self.limits.body)  # nothing is owed to us
        if self.flow.read_paused:  # it is us who does not take the body
            self._heard = now
        return self._heard + self.limits.body + tick

    def _hang_up(self) -> None:
        self._hung_up = True
        if self.transport.is_closing():
            return  # by uvicorn; the peer has time to take what is left
        if self._head_bytes:
            self._refuse(408)
        else:
            self.transport.abort()

    def _turn_away(self, status: int) -> None:
        self._refuse(status)
        self.deadlines.watch(self, self.limits.linger)

    def _refuse(self, status: int) -> None:
        """Answers, and reads on without looking: closing with unread bytes would reset the line under the answer."""
        self._hung_up = True
        self.half_open.pop(self, None)
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.abort()  # an answer here would end up inside another
            return
        body, headers = self.render(status)
        self.transport.write(refusal(status, body, (*self.server_state.default_headers, *headers)))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _expect_head(self) -> None:
        self._waiting_since = self._waiting_since or self.deadlines.now
        self.half_open[self] = None
        if len(self.half_open) > self.limits.half_open:
            longest = next(iter(self.half_open))
            del self.half_open[longest]
            longest.transport.abort()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self.limits.head_bytes and not self.transport.is_closing():
            self._turn_away(431)

    def _upgrade(self, early: bytes) -> None:
        self._let_go()
        self.handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # it refers to us, and nobody else will let go of it
        protocol = self.transport.get_protocol()
        if early and isinstance(protocol, Upgrade):
            protocol.data_received(early)

    def _let_go(self) -> None:
        self.half_open.pop(self, None)
        self.deadlines.unwatch(self)
