"""Long polling, for clients that cannot keep a WebSocket: an ASGI app on the same sockets.

The HTTP status is always 200; what Phoenix calls the status is in the JSON body. Sessions live in this process: with
several nodes the balancer must send a client to the same node (by address or cookie). A poll that reaches another node
finds no session there and begins a new one, which the client takes for a reconnect.
"""

import asyncio
import base64
import binascii
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeAlias

import msgspec

from .closecodes import CloseCode
from .endpoint import Endpoint
from .handshake import Malformed, handshake_of
from .protocol import to_json
from .transport import Handshake, Receiver, Refused
from .wire import LONGPOLL

_log = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_JSON: Final = [
    (b"content-type", b"application/json; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"access-control-allow-origin", b"*"),
]
_NDJSON: Final = "application/x-ndjson"
_TOKEN_HEADER: Final = "x-phoenix-longpoll-token"  # noqa: S105  (a header's name)
_SERVER_FAULT: Final = 500


class LongPollLimits(msgspec.Struct, frozen=True):
    """Times in seconds, sizes in bytes."""

    window: float = 10.0
    """How long a poll waits for messages. A session not polled for one and a half of it ends."""
    lines: int = 100
    """Messages in one request; those beyond are ignored, as in Phoenix."""
    body: int = 1024 * 1024
    message: int = 256 * 1024
    buffer: int = 64 * 1024
    """Messages kept for the next poll before the client counts as one that does not read."""


class Session:
    """The `Transport` of a client that polls: what is written waits for its next poll."""

    def __init__(self, buffer: int, polled_at: float) -> None:
        self.token = secrets.token_urlsafe(24)
        self.paused = False
        self.closed = False
        self.receiver: Receiver
        self.polled_at = polled_at
        """When a poll was last answered."""
        self._limit = buffer
        self._messages: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None

    @property
    def over(self) -> bool:
        """Closed, and there is nothing left to fetch."""
        return self.closed and not self._messages

    def write(self, data: bytes) -> None:
        if self.closed:
            return
        self._messages.append(data)
        self._size += len(data)
        self._wake()
        if self._size > self._limit and not self.paused:
            self.paused = True
            self.receiver.pause()

    def close(self, code: int, reason: str = "") -> None:  # noqa: ARG002
        if not self.closed:
            self.closed = True
            self._wake()
            self.receiver.closed(code)

    @property
    def ready(self) -> bool:
        """A poll need not wait."""
        return self.closed or bool(self._messages)

    @property
    def waiting(self) -> bool:
        """A poll is under way."""
        return self._waiter is not None

    def expect(self) -> "asyncio.Future[None]":
        """Done as soon as there is something to take; of several polls only the last is told."""
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter

    def release(self, waiter: "asyncio.Future[None]") -> bool:
        """The poll that made the waiter is over; whether what there is belongs to it."""
        mine = self._waiter is waiter
        if mine:
            self._waiter = None
        return mine

    def take(self) -> bytes:
        """The messages as JSON strings with a comma after each."""
        data, self._messages, self._size = b"".join(self._messages), [], 0
        if self.paused and not self.closed:
            self.paused = False
            self.receiver.resume()
        return data

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class LongPoll:
    """Mount it at `{mount}/longpoll`."""

    def __init__(self, endpoint: Endpoint, limits: LongPollLimits | None = None) -> None:
        self._endpoint = endpoint
        self._limits = limits or LongPollLimits()
        self._sessions: dict[str, Session] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method == "OPTIONS":
            await _respond(send, 200, _preflight(scope["headers"]), b"")
            return
        if method not in ("GET", "POST"):
            await _respond(send, 400, [], b"")
            return
        try:
            handshake = handshake_of(scope)
        except Malformed:
            await _respond(send, 400, [], b"")
            return
        if not self._endpoint.allows_origin(handshake):
            answer: bytes | None = _status(403)
        elif method == "GET":
            answer = await self._get(handshake, receive)
        else:
            answer = await self._post(handshake, receive)
        if answer is not None:
            await _respond(send, 200, _JSON, answer)

    # --- polling

    async def _get(self, handshake: Handshake, receive: Receive) -> bytes | None:
        session = self._session(handshake)
        if session is None or session.over:
            return await self._begin(handshake)
        mine = session.ready or await self._wait(session, receive)
        if mine is None:
            return None
        session.polled_at = self._endpoint.loop.time()
        messages = session.take() if mine else b""
        return _polled(messages, 200 if messages else 204, session.token)

    async def _wait(self, session: Session, receive: Receive) -> bool | None:
        """Whether what there is now belongs to this poll; None: its client has gone, and nobody gets an answer."""
        waiter, gone = session.expect(), asyncio.ensure_future(_disconnected(receive))
        try:
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait([waiter, gone], timeout=self._limits.window, return_when=first)
            mine = session.release(waiter)
            return None if gone.done() else mine
        finally:
            session.release(waiter)
            gone.cancel()

    async def _begin(self, handshake: Handshake) -> bytes:
        answer = await self._endpoint.accept(handshake, LONGPOLL)
        if isinstance(answer, Refused):
            # The clients know two refusals: forbidden, and a server's fault that is tried again.
            return _status(403 if answer.status < _SERVER_FAULT else _SERVER_FAULT)
        session = Session(self._limits.buffer, self._endpoint.loop.time())
        self._sessions[session.token] = session
        session.receiver = answer.open(session)
        self._sweep_later()
        return _polled(b"", 410, session.token)

    # --- posting

    async def _post(self, handshake: Handshake, receive: Receive) -> bytes | None:
        session = self._session(handshake)
        if session is None or session.closed:
            return _status(410)
        body = await _body(receive, self._limits.body)
        if body is None:
            return None
        if len(body) > self._limits.body:
            return _status(413)
        ndjson = handshake.headers.get("content-type", "").startswith(_NDJSON)
        lines = [line for line in body.split(b"\n") if line.strip()] if ndjson else [body]
        for line in lines[: self._limits.lines]:
            if not session.closed:
                self._take(session, line.rstrip(b"\r"), text=not ndjson)
        return _status(408 if session.closed else 200)

    def _take(self, session: Session, line: bytes, *, text: bool) -> None:
        if len(line) > self._limits.message:
            session.close(CloseCode.TOO_BIG)
            return
        try:
            if text or line[:1] in (b"[", b"{"):
                line.decode()  # for the check
                session.receiver.receive_text(line)
            else:
                session.receiver.receive_binary(base64.b64decode(line, validate=True))
        except UnicodeDecodeError:
            session.close(CloseCode.INVALID_TEXT)
        except binascii.Error:
            session.close(CloseCode.INTERNAL)
        except Exception:
            _log.exception("a socket failed to take a message")
            session.close(CloseCode.INTERNAL)

    # --- sessions

    def _session(self, handshake: Handshake) -> Session | None:
        token = handshake.headers.get(_TOKEN_HEADER) or handshake.params.get("token", "")
        return self._sessions.get(token)

    def _sweep_later(self) -> None:
        if self._sweeper is None:
            wait = self._limits.window * 1.5
            self._sweeper = self._endpoint.loop.call_later(wait, self._sweep)

    def _sweep(self) -> None:
        """End sessions that are not polled any more."""
        self._sweeper = None
        stale = self._endpoint.loop.time() - self._limits.window * 1.5
        for session in list(self._sessions.values()):
            if not session.waiting and session.polled_at <= stale:
                del self._sessions[session.token]
                session.close(CloseCode.ABNORMAL)
        if self._sessions:
            self._sweep_later()


def _preflight(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    asked = [value for name, value in headers if name == b"access-control-request-headers"]
    return [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-headers", b", ".join(asked)),
        (b"access-control-allow-methods", b"get, post, options"),
        (b"access-control-max-age", b"3600"),
    ]


def _status(status: int) -> bytes:
    return b'{"status":%d}' % status


def _polled(messages: bytes, status: int, token: str) -> bytes:
    return b'{"messages":[%b],"status":%d,"token":%b}' % (messages[:-1], status, to_json(token))


async def _body(receive: Receive, limit: int) -> bytes | None:
    """At most a little more than the limit; None if the client went away."""
    body, more = b"", True
    while more and len(body) <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _respond(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    length = (b"content-length", b"%d" % len(body))
    start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
