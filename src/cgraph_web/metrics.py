"""`/metrics`: what Prometheus is told, and the counting of requests."""

from collections.abc import Sequence
from functools import lru_cache
from hmac import compare_digest
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram

from cgraph.application import App
from cgraph.messaging import CountersDrifted
from cgraph.settings import Settings
from cgraph_kit import telemetry
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.errors import Unauthorized
from cgraph_kit.telemetry import Readings

from .action import action
from .errors import NoRoute
from .exchange import Exchange
from .plugs.authenticate import bearer_token
from .response import Response
from .site import Site

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

NOW = frozenset({"sockets", "channels", "topics"})
"""The gauges among the realtime numbers."""

_REQUESTS = telemetry.counter(
    "http_requests_total", "Requests answered.", ("method", "route", "status")
)
_SECONDS = telemetry.histogram(
    "http_request_seconds",
    "Seconds from a request's head to the end of its answer.",
    ("method", "route"),
)
_DRIFT = telemetry.counter(
    "unread_drift_total", "Conversations whose unread counters were found wrong. Stays 0."
)


def listen(events: Sequence[Any]) -> None:
    """Count what should never happen. A listener of this node's events."""
    for event in events:
        if isinstance(event, CountersDrifted):
            _DRIFT.inc(len(event.conversation_ids))


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request. `route` is a template, so the number of series is bounded."""
    count, time = _bound(method if method in METHODS else "other", route, status)
    count.inc()
    time.observe(seconds)


def app_metrics(app: App, endpoint: Endpoint | None) -> CollectorRegistry:
    """What is read from one application when it is scraped, and counted by nobody until then."""
    registry = CollectorRegistry()
    registry.register(Readings("db_pool", "Database connections of this process.", app.db.stats))
    registry.register(app.jobs.depths)
    if endpoint is not None:
        registry.register(
            Readings("realtime", "Sockets, channels and frames.", lambda: _stats(endpoint))
        )
    return registry


def _stats(endpoint: Endpoint) -> dict[str, int]:
    """Numbers of now keep their name; what only grows is a counter."""
    numbers = msgspec.structs.asdict(endpoint.stats)
    return {name if name in NOW else f"{name}_total": value for name, value in numbers.items()}


@lru_cache(maxsize=4096)
def _bound(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return _REQUESTS.labels(method, route, str(status)), _SECONDS.labels(method, route)


@action(public=True, hidden=True)
async def scrape(site: Site, exchange: Exchange) -> Response:
    """Every metric of this process in Prometheus' text format.

    Demands the token of `CGRAPH_METRICS_TOKEN`; without that setting it is open in development and absent in production.
    """
    _admit(site.app.settings, exchange)
    return Response(telemetry.render(site.metrics), content_type=telemetry.CONTENT_TYPE.encode())


def _admit(settings: Settings, exchange: Exchange) -> None:
    token = settings.metrics_token
    if token is None:
        if settings.env == "prod":
            raise NoRoute
        return
    sent = bearer_token(exchange.headers)
    if not compare_digest(sent.encode(), token.get_secret_value().encode()):
        raise Unauthorized
