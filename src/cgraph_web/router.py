"""Every route on one page."""

from collections.abc import Sequence

from . import docs, health, metrics
from .action import Route, get, under

ROUTES: tuple[Route, ...] = (
    get("/health", health.live),
    get("/ready", health.ready),
    get("/metrics", metrics.scrape),
    *under(
        "/api",
        get("/openapi.json", docs.openapi),
        get("/docs", docs.page),
        get("/docs/start.js", docs.start),
        get("/docs/scalar.js", docs.scalar),
    ),
    *under(
        "/api/v1",
    ),
)


def table(routes: Sequence[Route] = ROUTES) -> list[tuple[str, str, str, bool, str]]:
    """Method, path, operation id, whether it is public, and summary of every route, in the order of this page."""
    return [
        (route.method, route.path, route.action.name, route.action.public, route.action.summary)
        for route in routes
    ]
