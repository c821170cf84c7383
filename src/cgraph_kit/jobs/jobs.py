"""Everything that does jobs on one node, started and stopped in order."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from cgraph_kit.db import Database
from cgraph_kit.errors import Unavailable
from cgraph_kit.pubsub import PubSub

from . import metrics, pruner, rescuer, stager
from .control import JobsCancelled, QueuesOrdered
from .cron import Cron, Crontab
from .executor import execute
from .finishing import Finisher
from .heart import Heart, Ordered, Pulse
from .job import JobsEnqueued
from .loops import every
from .pruner import Ages
from .queue import Queue
from .taken import Outcome, Taken
from .waking import Waker
from .worker import Worker

log = logging.getLogger(__name__)

_WAITING = """
SELECT EXISTS (
    SELECT FROM jobs j WHERE state = 'available' AND queue = ANY($1::text[])
      AND NOT EXISTS (SELECT FROM job_queues q WHERE q.name = j.queue AND q.paused))
"""
INSIST = 0.5
LAST_WORDS = 3.0
"""Seconds a node that stops gives to writing what has become of its jobs."""


class Tuning(msgspec.Struct, frozen=True):
    """What operators, and tests in a hurry, may want otherwise."""

    grace: float = 10.0
    """Seconds that jobs under way get when the node stops; then they go back to wait, and the run does not count."""
    ages: Ages = Ages()
    pulse: Pulse = Pulse()


DEFAULT = Tuning()


class Jobs:
    """What this node does later, and how much of it at a time.

    `queues`: names, and how many jobs of each at a time; none: this node only enqueues. `own`: connections of its
    own, so that jobs which use up `db` cannot keep the node from showing that it lives. Whoever delivers the events
    of `db` passes them to `hear`.
    """

    def __init__(
        self,
        db: Database,
        *,
        workers: Iterable[Worker[Any, Any]],
        queues: Mapping[str, int] | None = None,
        crontab: Sequence[Cron] = (),
        pubsub: PubSub | None = None,
        own: Database | None = None,
        tuning: Tuning = DEFAULT,
    ) -> None:
        self.workers = _by_name([*workers, *(entry.worker for entry in crontab)])
        self.crontab = tuple(crontab)
        self.tuning = tuning
        self._db = own or db
        self._heart = Heart(self._db, queues or {}, tuning.pulse)
        self._finisher = Finisher(self._db, self._finished)
        self._waker = Waker(pubsub)
        self._cron = Crontab(db, self.crontab)
        self._context: Any = None
        self._done = 0
        self._slow = {
            name: worker.timeout / 2
            for name, worker in self.workers.items()
            if worker.timeout is not None
        }
        """Seconds from which a run is told about: half of those it may take."""
        self.depths = metrics.Depths()
        self._queues = {
            name: Queue(
                name,
                concurrency,
                db=self._db,
                heart=self._heart,
                finisher=self._finisher,
                execute=self._execute,
            )
            for name, concurrency in (queues or {}).items()
        }
        self._heart.running = self._running
        self._heart.on_lost = self._lost
        self._heart.on_death = self._died
        self._heart.on_orders = self._obey
        self._waker.on_enqueued = self._wake
        self._waker.on_cancelled = self._lost
        self._waker.on_ordered = self._heart.hurry

    @property
    def node(self) -> str:
        """This node's name, for as long as it is not taken for dead."""
        return self._heart.name

    @property
    def busy(self) -> int:
        """Jobs under way here, and those whose outcome is still to be written."""
        return len(self._running()) + len(self._finisher.unwritten)

    async def drained(self) -> int:
        """Return once nothing can be done of what is available in this node's queues; how many runs that took."""
        while True:
            done = self._done
            waiting = await self._db.value(_WAITING, list(self._queues))
            if not waiting and not self.busy and done == self._done:
                return self._done
            await asyncio.sleep(0.05)

    def hear(self, events: Sequence[Any]) -> None:
        """What was committed on this node: passes on what concerns jobs, here and over the bus."""
        for event in events:
            match event:
                case JobsEnqueued(queue=queue):
                    self._wake(queue)
                    self._waker.enqueued(queue)
                case JobsCancelled(ids=ids):
                    self._lost(ids)
                    self._waker.cancelled(ids)
                case QueuesOrdered():
                    self._heart.hurry()
                    self._waker.ordered()

    @asynccontextmanager
    async def running(self, context: Any) -> AsyncIterator[None]:
        """Do jobs until the block ends, then finish what is under way within the grace period.

        `context` is what every job gets as its first argument.
        """
        self._context = context
        await self._waker.start()
        tasks = [asyncio.create_task(work) for work in self._loops()] if self._queues else []
        queues = [asyncio.create_task(queue.loop()) for queue in self._queues.values()]
        try:
            yield
        finally:
            await self._waker.close()
            try:
                await self._stop(queues)
            finally:
                await _ended([*tasks, *queues])

    def _loops(self) -> list[Any]:
        return [
            *self._heart.loops(),
            *self._cron.loops(),
            self._finisher.run(),
            every(stager.EVERY, "staging", self._stage),
            every(rescuer.EVERY, "rescuing", self._rescue),
            every(pruner.EVERY, "pruning", self._prune),
            every(metrics.EVERY, "counting", self._count),
        ]

    async def _stop(self, loops: Sequence["asyncio.Task[None]"]) -> None:
        if not loops:
            return
        for queue in self._queues.values():
            queue.stop()
        try:
            async with asyncio.timeout(self.tuning.grace):
                await asyncio.wait(loops)
                await self._idle()
        except TimeoutError:
            log.warning("%d jobs were not done in time, and go back", len(self._running()))
        finally:
            for queue in self._queues.values():
                queue.end(None, "back")
        try:
            async with asyncio.timeout(LAST_WORDS):
                await self._idle()
                await self._finisher.drained()
                await self._heart.leave()
        except (TimeoutError, Unavailable):
            log.warning("jobs are left behind; other nodes will take them for those of a dead one")

    async def _idle(self) -> None:
        for queue in self._queues.values():
            await queue.idle()

    async def _execute(self, job: Taken) -> Outcome:
        began = time.perf_counter()
        outcome = await execute(self.workers, self._context, job)
        seconds = time.perf_counter() - began
        metrics.RUNS.observe(outcome, seconds)
        if seconds >= self._slow.get(job.worker, math.inf):
            log.warning("slow job", extra={"ms": round(seconds * 1000)})
        return outcome

    def _finished(self, outcomes: Sequence[Outcome], written: set[int]) -> None:
        self._done += len(outcomes)
        for outcome in outcomes:
            if outcome.job.id not in written:
                metrics.LOST.inc()
                log.warning("job %d was no longer ours when it was over", outcome.job.id)

    def _running(self) -> list[int]:
        return [id for queue in self._queues.values() for id in queue.running]

    def _wake(self, name: str) -> None:
        if queue := self._queues.get(name):
            queue.wake()

    def _lost(self, ids: Iterable[int]) -> None:
        for queue in self._queues.values():
            queue.end(set(ids), "lost")

    def _died(self) -> None:
        for queue in self._queues.values():
            queue.end(None, "back")

    def _obey(self, orders: list[Ordered]) -> None:
        ordered = {order.name: order for order in orders}
        for name, queue in self._queues.items():
            queue.obey(ordered.get(name, Ordered(name, paused=False, concurrency=None)))
            queue.wake()

    async def _stage(self) -> bool:
        staged = await stager.stage(self._db)
        for one in staged:
            self._wake(one.queue)
            self._waker.enqueued(one.queue)
        return sum(one.count for one in staged) >= stager.MOST

    async def _rescue(self) -> bool:
        if not self._heart.steady:
            return False
        known = [*self._running(), *self._finisher.unwritten]
        pulse = self.tuning.pulse
        strays = await rescuer.release_strays(self._db, self._heart.name, known, pulse.dead)
        rescued = await rescuer.rescue(self._db, pulse)
        for job in (*strays, *rescued):
            log.warning("job %d (%s) is %s again: nobody was at it", job.id, job.worker, job.state)
            metrics.RESCUED.labels(job.state).inc()
            self._wake(job.queue)
            self._waker.enqueued(job.queue)
        return len(rescued) >= rescuer.MOST

    async def _prune(self) -> bool:
        pruned = await pruner.prune(self._db, self.tuning.ages)
        for state, count in pruned.items():
            metrics.PRUNED.labels(state).inc(count)
        return max(pruned.values()) >= pruner.MOST

    async def _count(self) -> None:
        await self.depths.read(self._db)


def _by_name(workers: Iterable[Worker[Any, Any]]) -> dict[str, Worker[Any, Any]]:
    known: dict[str, Worker[Any, Any]] = {}
    for worker in workers:
        if known.setdefault(worker.name, worker) is not worker:
            raise ValueError(f"two jobs are named {worker.name}")
    return known


async def _ended(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """End them, insisting: the driver swallows a cancellation that meets the end of what it waits for."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _done, left = await asyncio.wait(left, timeout=INSIST)
