"""One queue on one node: takes as many jobs as there is room for, and does them."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from cgraph_kit.db import Repo, columns

from .finishing import Finisher
from .heart import Heart, Ordered
from .loops import attempt
from .taken import Outcome, Taken, given_back

log = logging.getLogger(__name__)

Run = Callable[[Taken], Awaitable[Outcome]]
Why = Literal["lost", "back"]

POLL = 1.0
"""Seconds after which a queue looks by itself: the net below the wake-up."""
COOLDOWN = 0.004
"""Seconds between two statements that take jobs, while less than half of the room is free."""
INSIST = 3.0
"""Seconds after which a run that was to end, and has not, is told again."""
MOST = 500
"""Jobs taken in one statement."""

_ALIVE = (
    "EXISTS (SELECT FROM job_nodes WHERE name = $1 AND seen_at > now() - make_interval(secs => $4))"
)
_TAKE = """
UPDATE jobs SET state = 'executing', attempt = attempt + 1, attempted_at = now(), attempted_by = $1
WHERE id = ANY (ARRAY(
    SELECT id FROM jobs WHERE state = 'available' AND queue = $2 AND {alive}
    ORDER BY priority, scheduled_at, id LIMIT $3 FOR UPDATE SKIP LOCKED))
RETURNING {columns}
"""
_COLUMNS = columns(Taken).replace("args", "args::text").replace("origin", "meta->'origin'")
TAKE = _TAKE.format(alive=_ALIVE, columns=_COLUMNS)
TAKE_UNSEEN = _TAKE.format(alive="$4::float8 IS NULL", columns=_COLUMNS)
"""For somebody who is no node: nobody else must be at work."""


async def take(
    db: Repo, node: str, queue: str, most: int, *, fence: float | None = None
) -> list[Taken]:
    """Take what is available, in order. `fence`: seconds within which this node must have shown that it lives."""
    sql = TAKE_UNSEEN if fence is None else TAKE
    jobs = await db.all(Taken, sql, node, queue, most, fence)
    return sorted(jobs, key=lambda job: (job.priority, job.scheduled_at, job.id))


class Queue:
    """Lives on one event loop; `execute` does each job, and its outcome goes to the finisher."""

    def __init__(
        self,
        name: str,
        concurrency: int,
        *,
        db: Repo,
        heart: Heart,
        finisher: Finisher,
        execute: Run,
    ) -> None:
        self.name = name
        self.concurrency = concurrency
        """Jobs at a time, as configured."""
        self.order = Ordered(name, paused=False, concurrency=None)
        self._db = db
        self._heart = heart
        self._finisher = finisher
        self._execute = execute
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._why: dict[int, Why] = {}
        self._ended_at: dict[int, float] = {}
        self._look = asyncio.Event()
        self._more = True
        self._taken_at = 0.0
        self._stopping = False

    @property
    def running(self) -> list[int]:
        """Ids of the jobs under way."""
        return list(self._tasks)

    @property
    def limit(self) -> int:
        """Jobs at a time, as ordered or configured."""
        return self.order.concurrency or self.concurrency

    def wake(self) -> None:
        """There may be something to do."""
        self._more = True
        self._look.set()

    def obey(self, order: Ordered) -> None:
        """Pause, go on, or change how much is done at a time. What is under way goes on."""
        if order != self.order:
            self.order = order
            self.wake()

    def end(self, ids: "set[int] | None", why: Why) -> None:
        """End these runs, or all: they are lost to us, or go back to wait."""
        for id in list(self._tasks) if ids is None else ids & self._tasks.keys():
            if id not in self._why:
                self._why[id] = why
                self._end(id)

    def _end(self, id: int) -> None:
        self._ended_at[id] = time.monotonic()
        self._tasks[id].cancel()

    def _insist(self) -> None:
        """The driver swallows a cancellation that meets the end of what it waits for, and handlers may, too."""
        for id, ended in list(self._ended_at.items()):
            if time.monotonic() - ended > INSIST:
                log.warning("job %d does not end", id)
                self._end(id)

    async def idle(self) -> None:
        """Return once nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    def stop(self) -> None:
        """Take nothing more; `loop` returns."""
        self._stopping = True
        self._look.set()

    async def loop(self) -> None:
        """Take and do, until stopped."""
        while not self._stopping:
            await self._woken()
            self._look.clear()
            self._insist()
            room = min(self.limit - len(self._tasks), MOST)
            if room > 0 and not self.order.paused and not self._stopping and self._heart.alive:
                await self._cool(room)
                await attempt(f"queue {self.name}", self._take)

    async def _woken(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self._look.wait()
        except TimeoutError:
            self._more = True

    async def _cool(self, room: int) -> None:
        rest = COOLDOWN - (time.monotonic() - self._taken_at)
        if rest > 0 and 2 * room < self.limit:
            await asyncio.sleep(rest)

    async def _take(self) -> None:
        room = min(self.limit - len(self._tasks), MOST)
        self._more = False
        node = self._heart.name
        jobs = await take(self._db, node, self.name, room, fence=self._heart.pulse.fence)
        self._taken_at = time.monotonic()
        if self._stopping or node != self._heart.name:  # it died meanwhile
            for job in jobs:
                self._finisher.add(given_back(job))
            return
        self._more = self._more or len(jobs) == room
        for job in jobs:
            self._begin(job)

    def _begin(self, job: Taken) -> None:
        self._tasks[job.id] = asyncio.create_task(self._do(job), name=f"job {job.id}")

    async def _do(self, job: Taken) -> None:
        try:
            outcome = await self._execute(job)
        except asyncio.CancelledError:
            outcome = given_back(job)
        finally:
            del self._tasks[job.id]
            self._ended_at.pop(job.id, None)
        why = self._why.pop(job.id, None)
        if why == "back" and outcome.state != "completed":
            outcome = given_back(job)
        if why != "lost":
            self._finisher.add(outcome)
        if self._more:
            self._look.set()
