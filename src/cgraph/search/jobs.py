"""What keeps the index in step: a job that follows changes, one that writes everything anew, one that forgets words."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

import msgspec

from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_kit.jobs import JobsEnqueued, Nothing, OnePending, Snooze, job

from .changes import something_waits
from .indexing import follow_changes
from .places_gone import forget_places_gone
from .reindexing import rebuild_some

if TYPE_CHECKING:
    from cgraph.application import App

log = logging.getLogger(__name__)

QUEUE = "search"
SPELL = 20.0
"""Seconds after which writing everything anew lets others have its place in the queue."""
MOST = 20_000
"""Changes one job follows, as after an import; then it makes room for another."""
GATHERING = 0.1
"""Seconds from a commit until what it changed is followed: what else is committed meanwhile goes with it."""


class IndexChanges(msgspec.Struct, frozen=True):
    """Whatever has changed."""


@job(queue=QUEUE, max_attempts=1, timeout=600, unique=OnePending())
async def index_changes(app: "App", _args: IndexChanges) -> Nothing | Snooze:
    """Have what has changed found as it is now. Twice is harmless: what has been followed no longer waits."""
    followed = await follow_changes(app.db, app.search, most=MOST)
    return Snooze(0) if followed >= MOST else Nothing()


class RebuildIndex(msgspec.Struct, frozen=True):
    """Whatever is to be written anew."""


@job(queue=QUEUE, max_attempts=1, timeout=600, unique=OnePending())
async def rebuild_index(app: "App", _args: RebuildIndex) -> Nothing | Snooze:
    """Write everything anew that somebody wants to be. Twice is harmless: each slice is written once."""
    until = perf_counter() + SPELL
    while await rebuild_some(app.db, app.search):
        if perf_counter() > until:
            return Snooze(1)
    return Nothing()


class TidyWords(msgspec.Struct, frozen=True):
    """Words nobody uses any more."""


@job(queue=QUEUE, max_attempts=3, timeout=7200, unique=OnePending())
async def tidy_words(app: "App", _args: TidyWords) -> None:
    """Forget the words of what has been erased. Twice is harmless: the second time there is nothing left to do."""
    await app.search.tidy()


class LetGoOfPlaces(msgspec.Struct, frozen=True):
    """Channels and threads that are gone, and out of the index."""


@job(queue=QUEUE, max_attempts=1, timeout=600, unique=OnePending())
async def let_go_of_places(app: "App", _args: LetGoOfPlaces) -> None:
    """No longer take out of what is read what the index holds nothing of. Twice is harmless: it is asked each time."""
    await forget_places_gone(app.db, app.search)


class Waker:
    """Has changes followed soon after they are committed: hears of commits, and never waits in one."""

    def __init__(self, db: Repo) -> None:
        self._db = db
        self._gathering = False
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, events: Sequence[Any]) -> None:
        """Something has been committed here; unless that were jobs alone, it may be to be found."""
        if self._gathering or all(isinstance(event, JobsEnqueued) for event in events):
            return
        self._gathering = True
        task = asyncio.create_task(self._enqueue())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Forget it: what changed waits for the crontab, or for another node."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _enqueue(self) -> None:
        await asyncio.sleep(GATHERING)
        self._gathering = False  # what is committed from here on may not be seen below
        try:
            if await something_waits(self._db):
                await index_changes.enqueue(self._db)
        except Unavailable as error:
            log.warning("changes wait to be indexed: %s", error)


@asynccontextmanager
async def waking(db: Repo) -> AsyncIterator[Waker]:
    """Until the block ends."""
    waker = Waker(db)
    try:
        yield waker
    finally:
        await waker.close()
