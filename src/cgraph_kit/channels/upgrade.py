"""The way from uvicorn's upgrade to an open WebSocket: asks the mount's acceptor, and answers."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, cast

from uvicorn.config import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.utils import is_ssl
from uvicorn.server import ServerState

from .deadlines import Deadlines
from .extensions import agree
from .handshake import (
    Malformed,
    handshake_of,
    header,
    refusal,
    request_scope,
    switching,
    upgrade_fault,
)
from .transport import Accept, Accepted, Handshake, Refused
from .websocket import WebSocket, WebSocketLimits

log = logging.getLogger(__name__)

_TICK = 0.25
_EARLY = 64 * 1024
_PHOENIX = "phoenix"


def websocket_protocol(
    mounts: Mapping[str, Accept],
    limits: WebSocketLimits | None = None,
    *,
    compression: bool = True,
) -> type["Upgrade"]:
    """The class for uvicorn's `Config(ws=...)`: serves WebSockets on exactly these paths, 404 on all others.

    `compression`: agree to permessage-deflate with clients that offer it; else extensions are not even looked at.

    One class serves one running server. Give uvicorn `guarded_http` as `http=` as well: with uvicorn's own, bytes
    that a client sends before it has the answer are lost.
    """
    bounds = limits or WebSocketLimits()
    paths, compress = dict(mounts), compression

    class Mounted(Upgrade):
        mounts = paths
        limits = bounds
        compression = compress
        deadlines = Deadlines(min(_TICK, bounds.idle / 20, bounds.close / 20))
        waiting: ClassVar[set[Upgrade]] = set()

    return Mounted


@dataclass(frozen=True, slots=True)
class _Agreed:
    response: bytes
    accepted: Accepted
    inflates: bool


class Upgrade(asyncio.Protocol):
    """One handshake. uvicorn makes it with (config, server_state, app_state), gives it the transport and then, through
    `data_received`, the head of the request.

    What a hasty client sends before it has the answer is kept; beyond a bound it waits in the kernel.
    """

    mounts: ClassVar[Mapping[str, Accept]]
    limits: ClassVar[WebSocketLimits]
    compression: ClassVar[bool]
    deadlines: ClassVar[Deadlines]
    waiting: ClassVar[set["Upgrade"]]

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any]
    ) -> None:
        self._early = b""
        self._config = config
        self._app_state = app_state
        self._server = server_state
        self._connections = cast("set[Any]", server_state.connections)
        self._transport: asyncio.Transport
        self._begun = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._begun:
            self._keep(data)
            return
        self._begun = True
        if len(self.waiting) >= self.limits.handshakes:
            self._refuse(Refused(503))
            return
        self.waiting.add(self)
        task = self._task = asyncio.get_running_loop().create_task(self._answer(data))
        self._server.tasks.add(task)
        task.add_done_callback(self._answered)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._connections.discard(self)
        if self._task is not None:
            self._task.cancel()

    def shutdown(self) -> None:
        """uvicorn stops: a handshake that has no answer yet is turned away."""
        if self._task is not None:
            self._task.cancel()
        self._refuse(Refused(503))

    def _keep(self, data: bytes) -> None:
        self._early += data
        if len(self._early) > _EARLY:
            self._transport.pause_reading()

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.waiting.discard(self)
        self._server.tasks.discard(task)
        self._task = None

    async def _answer(self, data: bytes) -> None:
        answer: Refused | _Agreed
        try:
            async with asyncio.timeout(self.limits.handshake):
                answer = await self._ask(request_scope(data))
        except Malformed:
            answer = Refused(400)
        except TimeoutError:
            answer = Refused(503)
        except Exception:
            log.exception("the acceptor failed")
            answer = Refused(500)
        if isinstance(answer, Refused):
            self._refuse(answer)
        else:
            self._switch(answer)

    async def _ask(self, scope: dict[str, Any]) -> Refused | _Agreed:
        accept = self.mounts.get(scope["path"])
        if accept is None:
            return Refused(404)
        fault = upgrade_fault(scope["method"], scope["headers"])
        if fault is not None:
            return Refused(400, fault.encode())
        handshake = await self._handshake(scope)
        extension = self._extension(handshake)
        if extension is not None:
            handshake = replace(handshake, inflates=True)
        answer = await accept(handshake)
        if isinstance(answer, Refused):
            return answer
        key = header(scope["headers"], b"sec-websocket-key")
        response = switching(key, _subprotocol(handshake, answer), extension)
        return _Agreed(response, answer, handshake.inflates)

    def _extension(self, handshake: Handshake) -> str | None:
        """The one agreed to. Raises `Malformed`."""
        offers = handshake.headers.get("sec-websocket-extensions", "")
        return agree(offers) if offers and self.compression else None

    async def _handshake(self, scope: dict[str, Any]) -> Handshake:
        peer = self._transport.get_extra_info("peername")
        scope["client"] = peer[:2] if isinstance(peer, tuple) else None  # a Unix socket has none
        scope["scheme"] = "wss" if is_ssl(self._transport) else "ws"
        if self._config.proxy_headers:
            trusted = self._config.forwarded_allow_ips or ""
            proxy = _proxy(trusted if isinstance(trusted, str) else ",".join(trusted))
            await proxy(cast("Any", scope), cast("Any", None), cast("Any", None))
        return handshake_of(scope)

    def _refuse(self, refused: Refused) -> None:
        if not self._transport.is_closing():
            headers = self._server.default_headers
            self._transport.write(refusal(refused.status, refused.body, headers))
            self._transport.close()

    def _switch(self, agreed: _Agreed) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(agreed.response)
        connection = WebSocket(
            self._transport,
            self.limits,
            self.deadlines,
            self._connections.discard,
            inflates=agreed.inflates,
        )
        self._connections.discard(self)
        self._connections.add(connection)
        connection.start(agreed.accepted.open, self._early)


def _subprotocol(handshake: Handshake, accepted: Accepted) -> str | None:
    wanted = accepted.subprotocol or (_PHOENIX if handshake.auth_token is not None else None)
    return wanted if wanted in handshake.subprotocols else None


@lru_cache(maxsize=4)
def _proxy(trusted: str) -> ProxyHeadersMiddleware:
    """uvicorn's own reading of X-Forwarded-For and -Proto: it puts client and scheme into the scope."""
    return ProxyHeadersMiddleware(_ignore, trusted)


async def _ignore(_scope: Any, _receive: Any, _send: Any) -> None: ...
