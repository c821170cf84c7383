"""The first to see a request and the last to see its answer: everything that concerns all of them, in one pass.

One plain ASGI application around the router, with one wrapper around `send`: a stack of them would cost each request a
call per layer and message.
"""

from time import perf_counter
from typing import Any

from structlog.contextvars import bind_contextvars, clear_contextvars

from cgraph.settings import Settings
from cgraph_web.errors import failure_response
from cgraph_web.exchange import KEY, Exchange
from cgraph_web.metrics import observe
from cgraph_web.response import NO_CONTENT, Header

from .access_log import log_access
from .client import TrustedProxies
from .cors import Cors
from .request_id import request_id
from .security_headers import API_POLICY, security_headers

CLIENT_GONE = 499
"""The status in logs of a request whose sender hung up (nginx's word; never sent)."""

_POLICY = (b"content-security-policy", API_POLICY)
_NO_STORE = (b"cache-control", b"no-store")


class Edge:
    """Request id, client address, CORS, security headers, access log, metrics and the last exit of bugs."""

    def __init__(self, inner: Any, settings: Settings) -> None:
        self._inner = inner
        self._proxies = TrustedProxies(settings.trusted_proxies)
        self._cors = Cors(settings.cors_origins)
        self._always = security_headers(https=settings.base_url.startswith("https:"))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        exchange = self._open(scope)
        method = scope["method"]
        if method == "HEAD":
            scope["method"] = "GET"
        answer = _Answer(send, exchange, self._headers(exchange), bare=method == "HEAD")
        try:
            if self._cors.enabled and (extra := self._cors.preflight(method, exchange.headers)):
                exchange.route = "preflight"
                await answer.preflight(extra)
            else:
                await self._inner(scope, receive, answer.send)
        except Exception as error:
            if exchange.status:  # the answer has begun: only the server can cut it off
                raise
            await failure_response(error, exchange)(scope, receive, answer.send)
        finally:
            exchange.status = exchange.status or CLIENT_GONE
            seconds = perf_counter() - exchange.started
            observe(method, exchange.route, exchange.status, seconds)
            log_access(exchange, method, seconds)

    def _open(self, scope: Any) -> Exchange:
        headers = dict(scope["headers"])
        peer = scope["client"][0] if scope["client"] else ""
        scope["scheme"] = self._proxies.scheme(peer, scope["scheme"], headers)
        exchange = Exchange(
            request_id(headers.get(b"x-request-id")), self._proxies.client(peer, headers), headers
        )
        scope[KEY] = exchange
        clear_contextvars()
        bind_contextvars(request_id=exchange.request_id)
        return exchange

    def _headers(self, exchange: Exchange) -> list[Header]:
        headers = [(b"x-request-id", exchange.request_id.encode()), *self._always]
        if self._cors.enabled:
            headers += self._cors.allow(exchange.headers)
        return headers


class _Answer:
    """Sends on what the router sends, the headers of all answers added."""

    __slots__ = ("_bare", "_exchange", "_headers", "_send")

    def __init__(self, send: Any, exchange: Exchange, headers: list[Header], *, bare: bool) -> None:
        self._send = send
        self._exchange = exchange
        self._headers = headers
        self._bare = bare

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._exchange.status = message["status"]
            headers = message["headers"] = [*message["headers"], *self._headers]
            names = {name for name, _ in headers}
            if _POLICY[0] not in names:
                headers.append(_POLICY)
            if _NO_STORE[0] not in names:
                headers.append(_NO_STORE)
        elif self._bare and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    async def preflight(self, headers: list[Header]) -> None:
        self._exchange.status = NO_CONTENT
        await self._send(
            {
                "type": "http.response.start",
                "status": NO_CONTENT,
                "headers": [*headers, *self._headers],
            }
        )
        await self._send({"type": "http.response.body", "body": b""})
