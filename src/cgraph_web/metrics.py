"""`/metrics`: what Prometheus is told, and the counting of requests."""

from functools import lru_cache
from hmac import compare_digest

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram

from cgraph.application import App
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

_REQUESTS = telemetry.counter(
    "http_requests_total", "Requests answered.", ("method", "route", "status")
)
_SECONDS = telemetry.histogram(
    "http_request_seconds",
    "Seconds from a request's head to the end of its answer.",
    ("method", "route"),
)
_POOL = Readings(
    "db_pool",
    {
        "size": "Connections of this process to the database.",
        "idle": "Connections that wait for work.",
        "most": "Connections there may be.",
    },
)
_REALTIME = Readings(
    "realtime",
    {
        "sockets": "Connections standing now.",
        "channels": "Channels joined now.",
        "topics": "Topics with a subscriber now.",
        "sockets_opened_total": "Connections opened.",
        "refused_total": "Handshakes refused.",
        "joins_total": "Joins accepted.",
        "frames_in_total": "Messages from clients.",
        "frames_out_total": "Messages to clients, each counted once per client.",
        "bytes_out_total": "Bytes written to clients, before compression.",
        "published_total": "Messages to topics, each counted once however many subscribe.",
        "slow_closed_total": "Connections closed because their client did not read.",
        "dropped_ephemeral_total": "Passing messages not sent to a client that did not read.",
        "duplicates_total": "Durable messages that came again, and were dropped.",
        "holes_seen_total": "Durable messages that did not come in their turn.",
        "holes_repaired_total": "Durable messages read from the event log because they did not come otherwise.",
        "resyncs_total": "Topics whose clients had to rejoin because the log could not fill a hole.",
        "crashes_total": "Channels ended by an exception.",
    },
)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request. `route` is a template, so the number of series is bounded."""
    count, time = _bound(method if method in METHODS else "other", route, status)
    count.inc()
    time.observe(seconds)


def app_metrics(app: App, endpoint: Endpoint | None) -> CollectorRegistry:
    """What is read from one application when it is scraped, and counted by nobody until then."""
    registry = CollectorRegistry()
    registry.register(_POOL.of(app.db.stats))
    registry.register(app.jobs.depths)
    if endpoint is not None:
        registry.register(_REALTIME.of(lambda: _stats(endpoint)))
    return registry


def _stats(endpoint: Endpoint) -> dict[str, int]:
    """Under the name of what only grows, too."""
    numbers = msgspec.structs.asdict(endpoint.stats)
    return numbers | {f"{name}_total": value for name, value in numbers.items()}


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
