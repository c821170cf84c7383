"""Every route on one page."""

from collections.abc import Sequence

from . import docs, health, metrics
from .action import Route, delete, get, patch, post, put, under
from .api import auth, blocks, me, sessions, users

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
        post("/auth/register", auth.register),
        post("/auth/login", auth.login),
        post("/auth/refresh", auth.refresh),
        post("/auth/logout", auth.logout),
        post("/auth/password/forgot", auth.forgot_password),
        post("/auth/password/reset", auth.reset_password),
        get("/me", me.show),
        patch("/me", me.update),
        put("/me/password", me.change_password),
        post("/me/deactivate", me.deactivate),
        get("/me/sessions", sessions.index),
        delete("/me/sessions", sessions.revoke_others),
        patch("/me/sessions/{session_id}", sessions.rename),
        delete("/me/sessions/{session_id}", sessions.revoke),
        get("/me/blocks", blocks.index),
        put("/me/blocks/{user_id}", blocks.create),
        delete("/me/blocks/{user_id}", blocks.remove),
        get("/users", users.index),
        get("/users/{user_id}", users.show),
    ),
)


def table(routes: Sequence[Route] = ROUTES) -> list[tuple[str, str, str, bool, str]]:
    """Method, path, operation id, whether it is public, and summary of every route, in the order of this page."""
    return [
        (route.method, route.path, route.action.name, route.action.public, route.action.summary)
        for route in routes
    ]
