"""`create_app`: the ASGI application that is the whole HTTP side of a node."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Litestar, Request
from litestar import Response as LitestarResponse
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException

from cgraph_kit.channels.endpoint import Endpoint

from .action import Route
from .endpoint import handler
from .errors import BadRequest, MethodNotAllowed, NoRoute, failure_response
from .exchange import exchange_of
from .metrics import app_metrics
from .plugs.edge import Edge
from .router import ROUTES
from .services import App
from .site import Site


def create_app(
    app: App,
    *,
    mounts: Mapping[str, Any] | None = None,
    endpoint: Endpoint | None = None,
    routes: Sequence[Route] = ROUTES,
) -> "Dispatcher":
    """Everything this node answers over HTTP.

    `mounts`: ASGI applications by path prefix that stand beside the API and pay nothing for it (long polling, the
    plain-HTTP side of WebSocket addresses); they get the scope as the server made it. `endpoint`: the realtime side,
    for its metrics and for `/ready`, which says no while it drains.
    """
    site = Site(app, routes, app_metrics(app, endpoint), endpoint)
    litestar = Litestar(
        [handler(site, route) for route in routes],
        debug=False,
        openapi_config=None,
        logging_config=None,
        exception_handlers={Exception: _refused},
    )
    return Dispatcher(Edge(litestar, app.settings), litestar, mounts or {})


class Dispatcher:
    """By path prefix to a mounted application, else through the edge to the API."""

    def __init__(self, api: Any, lifespan: Any, mounts: Mapping[str, Any]) -> None:
        self._api = api
        self._lifespan = lifespan
        self._mounts = tuple(mounts.items())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self._find(scope["path"])(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:  # a WebSocket that its own protocol class did not take: no such address
            await send({"type": "websocket.close", "code": 1000})

    def _find(self, path: str) -> Any:
        for prefix, mounted in self._mounts:
            if path == prefix or path.startswith(prefix + "/"):
                return mounted
        return self._api


def _refused(request: Request[Any, Any, Any], error: Exception) -> LitestarResponse[bytes]:
    """What Litestar itself refuses before a handler is reached, in our envelope."""
    answer = failure_response(_translated(error), exchange_of(request.scope))
    headers = {name.decode(): value.decode("latin-1") for name, value in answer.headers}
    return LitestarResponse(answer.body, status_code=answer.status, headers=headers)


def _translated(error: Exception) -> Exception:
    match error:
        case MethodNotAllowedException():
            allow = str((error.headers or {}).get("allow", "")).split(", ")
            return MethodNotAllowed(allow=sorted(allow))
        case NotFoundException():
            return NoRoute()
        case HTTPException() if error.status_code < 500:  # noqa: PLR2004
            return BadRequest(error.detail)
        case _:
            return error
