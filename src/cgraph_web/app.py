"""`create_app`: the ASGI application that is the whole HTTP side of a node."""

from collections.abc import Mapping, Sequence
from typing import Any

from cgraph.application import App
from cgraph_kit.channels.endpoint import Endpoint as Realtime

from .action import Route
from .edge import Edge
from .endpoint import Endpoint
from .metrics import app_metrics
from .plugs.rate_limit import RateLimits
from .router import ROUTES
from .routing import Routes
from .site import Site


def create_app(
    app: App,
    *,
    mounts: Mapping[str, Any] | None = None,
    endpoint: Realtime | None = None,
    routes: Sequence[Route] = ROUTES,
) -> "Dispatcher":
    """Everything this node answers over HTTP.

    `mounts`: ASGI applications by path prefix that stand beside the API and pay nothing for it (long polling, the
    plain-HTTP side of WebSocket addresses); they get the scope as the server made it. `endpoint`: the realtime side,
    for its metrics and for `/ready`, which says no while it drains.
    """
    limits = RateLimits(app)
    site = Site(app, routes, app_metrics(app, endpoint), limits, endpoint)
    endpoints = Routes((route.method, route.path, Endpoint(site, route)) for route in routes)
    return Dispatcher(Edge(endpoints, app.settings, limits.doors), mounts or {})


class Dispatcher:
    """By path prefix to a mounted application, else to the API."""

    def __init__(self, api: Edge, mounts: Mapping[str, Any]) -> None:
        self._api = api
        self._mounts = tuple(mounts.items())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        match scope["type"]:
            case "http":
                await self._find(scope["path"])(scope, receive, send)
            case (
                "lifespan"
            ):  # the application was started before the server; there is nothing to do
                await receive()
                await send({"type": "lifespan.startup.complete"})
                await receive()
                await send({"type": "lifespan.shutdown.complete"})
            case _:  # a WebSocket that its own protocol class did not take: no such address
                await send({"type": "websocket.close", "code": 1000})

    def _find(self, path: str) -> Any:
        for prefix, mounted in self._mounts:
            if path == prefix or path.startswith(prefix + "/"):
                return mounted
        return self._api
