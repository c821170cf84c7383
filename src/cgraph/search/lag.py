"""How far the index is behind, for those who watch."""

from contextlib import AbstractAsyncContextManager

from cgraph_kit import telemetry
from cgraph_kit.db import Repo
from cgraph_kit.watching import watching

from .changes import get_lag

EVERY = 5.0
"""Seconds between two looks."""

_LAG = telemetry.gauge(
    "search_index_lag_seconds", "How long the first change that is not yet found has waited."
)
_WAITING = telemetry.gauge("search_changes_waiting", "Changes that are not yet found.")


async def observe(db: Repo) -> None:
    """Look now."""
    lag = await get_lag(db)
    _LAG.set(lag.seconds)
    _WAITING.set(lag.changes)


def observing(db: Repo) -> AbstractAsyncContextManager[None]:
    """Keep the metrics up to date on a node, whichever node writes the index."""
    return watching(lambda: observe(db), every=EVERY)
