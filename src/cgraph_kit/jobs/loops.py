"""What is done over and over: it outlives every failure, and ends when it is told to."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from cgraph_kit.errors import Unavailable

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds a statement of ours may take; what takes longer is as good as away."""
JITTER = 0.1


async def attempt(what: str, work: Callable[[], Awaitable[bool | None]]) -> bool | None:
    """Do it; what goes wrong is logged. False: the database is away, or it failed."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await work()
    except (Unavailable, TimeoutError):
        log.warning("%s waits: the database is away", what)
    except Exception:
        log.exception("%s failed, and goes on", what)
    return False


async def every(seconds: float, what: str, work: Callable[[], Awaitable[bool | None]]) -> None:
    """Do it every so many seconds, give or take a tenth, for ever; at once again where it returns True: there is more."""
    while True:
        if await attempt(what, work) is not True:
            await asyncio.sleep(seconds * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
