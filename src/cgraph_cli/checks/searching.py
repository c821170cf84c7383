"""Where what is searched for is found."""

from cgraph import search
from cgraph.settings import Settings, SettingsError
from cgraph_kit.errors import Unavailable

from .finding import Finding, fail, ok, warn

OLDEST = 2
"""The first version whose documentation we followed."""


async def index(settings: Settings) -> Finding:
    """Whether the cluster answers, where one is set, lets us in, and has all its parts."""
    advice = "start it, or correct CGRAPH_SEARCH_URL; meanwhile what is written waits to be indexed"
    try:
        health = await search.look_at_cluster(settings)
    except SettingsError as error:
        return fail("search", str(error), "it must hold certificates in PEM")
    except Unavailable as error:
        return fail("search", str(error), advice)
    except ValueError as error:
        return fail("search", f"is not OpenSearch: {error}", "correct CGRAPH_SEARCH_URL")
    return ok("search", "in PostgreSQL") if health is None else _judged(health)


def _judged(health: search.Health) -> Finding:
    state = f"OpenSearch {health.version}, {health.status}"
    if int(health.version.partition(".")[0]) < OLDEST:
        return warn("search", state, f"use version {OLDEST} or later")
    if health.status == "red":
        return fail("search", state, "a part of an index is away: see GET /_cluster/health")
    if health.status == "yellow":
        return warn("search", state, "copies are missing: add nodes, or set fewer replicas")
    return ok("search", state)
