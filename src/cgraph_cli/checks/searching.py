"""Where what is searched for is found, and whether all of it is."""

from collections.abc import AsyncIterator

import asyncpg

from cgraph import search
from cgraph.settings import Settings, SettingsError
from cgraph_kit.db import Database, DatabaseError
from cgraph_kit.errors import Unavailable

from .finding import Finding, fail, ok, warn

OLDEST = 2
"""The first version whose documentation we followed."""
BEHIND = 30.0
"""Seconds for which no change should wait to be found, as the alert `SearchIsBehind` has it."""
PATIENCE = 5.0
"""Seconds the database gets to let us in."""


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


async def freshness(dsn: str) -> AsyncIterator[Finding]:
    """How far what is found is behind what is written. Nothing of a database that is away or not migrated: others say so."""
    try:
        db = await Database.connect(dsn, pool_size=1, connect_timeout=PATIENCE)
    except (OSError, TimeoutError, ValueError, DatabaseError, asyncpg.InterfaceError):
        return
    try:
        yield _waiting(await search.get_lag(db))
        yield _written(await search.list_rebuilds(db))
    except (Unavailable, DatabaseError):
        return
    finally:
        await db.close()


def _waiting(lag: search.Lag) -> Finding:
    if not lag.changes:
        return ok("search lag", "nothing waits: what has been written is found")
    state = f"{lag.changes:,} changes wait, the first for {lag.seconds:.0f} s"
    if lag.seconds > BEHIND:
        advice = "have a node or worker serve the queue search; its log says what it cannot do"
        return warn("search lag", state, advice)
    return ok("search lag", state)


def _written(rebuilds: list[search.Rebuild]) -> Finding:
    """Of a kind of which there is nothing, nothing is missing."""
    missing = [one for one in rebuilds if one.finished_at is None and one.about]
    if not missing:
        return ok("search index", "everything has been written once")
    state = ", ".join(f"{one.done:,} of about {one.about:,} {one.kind}s" for one in missing)
    advice = (
        "not all is found until the queue search has been served for a while: cgraph search status"
    )
    return warn("search index", f"{state} are written", advice)


def _judged(health: search.Health) -> Finding:
    state = f"OpenSearch {health.version}, {health.status}"
    if int(health.version.partition(".")[0]) < OLDEST:
        return warn("search", state, f"use version {OLDEST} or later")
    if health.status == "red":
        return fail("search", state, "a part of an index is away: see GET /_cluster/health")
    if health.status == "yellow":
        return warn("search", state, "copies are missing: add nodes, or set fewer replicas")
    return ok("search", state)
