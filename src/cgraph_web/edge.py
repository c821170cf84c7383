"""The first to see a request and the last to see its answer: everything that concerns all of them, in one pass.

One function instead of a stack of middleware: each layer of a stack would cost every request a call per message.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from cgraph.accounts import TokenExpired
from cgraph.settings import Settings
from cgraph_kit import logging, tracing

from .endpoint import Endpoint
from .errors import ClientGone, failure_response
from .exchange import Exchange
from .metrics import observe
from .plugs.access_log import log_access
from .plugs.client import TrustedProxies
from .plugs.cors import Cors
from .plugs.doors import FAULTS, AddressBlocked, Doors
from .plugs.request_id import request_id
from .plugs.security_headers import API_POLICY, security_headers
from .response import NO_CONTENT, Response, Streamed
from .routing import Routes
from .streaming import send_streamed

CLIENT_GONE = 499
"""The status in logs of a request whose sender hung up (nginx's word; never sent)."""

SERVER_FAULT = 500
"""Statuses from here on say that we were wrong."""

_POLICY = (b"content-security-policy", API_POLICY)
_OF_THE_MOMENT = (b"cache-control", b"no-store")


class Edge:
    """Request id, client address, who is shut out, routing, CORS, security headers, the exit of every failure, access log, metrics."""

    def __init__(self, routes: Routes[Endpoint], settings: Settings, doors: Doors) -> None:
        self._routes = routes
        self._doors = doors
        self._proxies = TrustedProxies(settings.trusted_proxies)
        self._cors = Cors(settings.cors_origins)
        self._slow = settings.slow_handler
        https = settings.base_url.startswith("https:")
        self._always = security_headers(https=https)
        # Files are shown by pages of ours, and by those of whoever may call the API.
        embedded = b"cross-origin" if settings.cors_origins else b"same-site"
        self._of_files = security_headers(https=https, embedded=embedded)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        exchange = self._open(scope)
        method = scope["method"]
        parent = tracing.parse(exchange.headers.get(b"traceparent"))
        with tracing.root("request", "server", parent=parent) as span:
            if trace_id := span.trace_id or (parent and parent.trace_id):
                exchange.about["trace_id"] = trace_id
            try:
                response = await self._answer(exchange, scope, receive)
                exchange.status = response.status
                await self._send(exchange, response, send, bare=method == "HEAD")
                if isinstance(response, Streamed) and method != "HEAD":
                    await send_streamed(response.content, receive, send)
                if response.status in FAULTS and exchange.at_fault:
                    await self._doors.note(exchange.client)
            except ClientGone:
                exchange.status = CLIENT_GONE
            finally:
                seconds = perf_counter() - exchange.started
                observe(method, exchange.route, exchange.status, seconds)
                log_access(exchange, method, seconds, slow=self._slow)
                if span.recording:
                    _describe(span, method, exchange)

    async def _answer(self, exchange: Exchange, scope: Any, receive: Any) -> Response:
        method = scope["method"]
        try:
            self._doors.check(exchange.client)
            if method == "OPTIONS":
                return self._options(exchange, scope["path"])
            endpoint, parameters = self._routes.find(
                "GET" if method == "HEAD" else method, scope["path"]
            )
            return await endpoint(exchange, scope, receive, parameters)
        except ClientGone:
            raise
        except Exception as error:
            # A token that was once one of ours is nobody's fault; and a door that is shut is not shut for longer.
            exchange.at_fault = not isinstance(error, TokenExpired | AddressBlocked)
            return failure_response(error, exchange)

    def _options(self, exchange: Exchange, path: str) -> Response:
        preflight = self._cors.preflight(exchange.headers)
        if preflight is not None:
            return Response(b"", NO_CONTENT, headers=preflight)
        allow = ", ".join(self._routes.methods(path))
        return Response(b"", NO_CONTENT, headers=[(b"allow", allow.encode())])

    def _open(self, scope: Any) -> Exchange:
        headers = dict(scope["headers"])
        if len(headers) < len(scope["headers"]):
            _drop_ambiguous(scope["headers"], headers)
        peer = scope["client"][0] if scope["client"] else ""
        scope["scheme"] = self._proxies.scheme(peer, scope["scheme"], headers)
        exchange = Exchange(
            request_id(headers.get(b"x-request-id")), self._proxies.client(peer, headers), headers
        )
        # Set, not added to: a pipelined request starts in the context of the one before it.
        logging.about.set(exchange.about)
        return exchange

    async def _send(self, exchange: Exchange, response: Response, send: Any, *, bare: bool) -> None:
        """The response with the headers of all answers; a page brings a policy and a cache rule of its own."""
        headers = response.headers
        if not response.page:
            headers += (_POLICY,) if response.kept else (_POLICY, _OF_THE_MOMENT)
        streamed = isinstance(response, Streamed)
        headers += self._of_files if streamed else self._always
        headers += exchange.limit_headers
        headers.append((b"x-request-id", exchange.request_id.encode()))
        if self._cors.enabled:
            headers += self._cors.allow(exchange.headers)
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if bare or not streamed:
            await send({"type": "http.response.body", "body": b"" if bare else response.body})


def _describe(span: tracing.Span, method: str, exchange: Exchange) -> None:
    """The route's template stands for the path, as in the access log."""
    span.rename(f"{method} {exchange.route}")
    span.set(
        {
            "http.request.method": method,
            "http.route": exchange.route,
            "http.response.status_code": exchange.status,
            **exchange.about,
        }
    )
    if exchange.status >= SERVER_FAULT or not exchange.status:
        span.fail(str(exchange.status))


def _drop_ambiguous(raw: Sequence[tuple[bytes, bytes]], headers: dict[bytes, bytes]) -> None:
    """Two credentials are none: whoever checked the other one before us must not be fooled."""
    if sum(name == b"authorization" for name, _ in raw) > 1:
        del headers[b"authorization"]
