"""Looking at something again and again, for metrics that nothing else would bring up to date."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from .errors import Unavailable


@asynccontextmanager
async def watching(look: Callable[[], Awaitable[None]], *, every: float) -> AsyncIterator[None]:
    """Look each so many seconds until the block ends, the first time at once. A look that finds nobody is passed over."""

    async def keep() -> None:
        while True:
            with suppress(Unavailable):
                await look()
            await asyncio.sleep(every)

    task = asyncio.create_task(keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
