"""How far the index is behind, for those who watch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cgraph_kit import telemetry
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable

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


@asynccontextmanager
async def observing(db: Repo) -> AsyncIterator[None]:
    """Keep the metrics up to date on a node, whichever node writes the index."""

    async def keep() -> None:
        while True:
            with suppress(Unavailable):
                await observe(db)
            await asyncio.sleep(EVERY)

    task = asyncio.create_task(keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
