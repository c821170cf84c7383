"""Every route on one page."""

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
