"""Jobs in tests: done at once, or when the test says so; and what was enqueued.

Manual is what a test has that starts no node: jobs wait in the table for `assert_enqueued` and `drain`. Under `inline`
nothing is inserted: a job is done where it is enqueued, before the transaction is committed.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo

from .executor import execute
from .finishing import finish
from .job import COLUMNS, PENDING, STATES, Enqueued, Job, State
from .queue import take
from .results import Cancel, Snooze
from .taken import Taken
from .text import as_json
from .worker import Args, Worker, inline_mode

NODE = "test"
MOST = 1_000
"""Runs after which `drain` takes the jobs for an endless chain."""

_FIND = f"""
SELECT {COLUMNS} FROM jobs WHERE worker = $1 AND args @> $2::text::jsonb AND state = ANY($3::text[]) ORDER BY id
"""
_QUEUES = "SELECT DISTINCT queue AS name FROM jobs WHERE state = 'available' ORDER BY queue"
_HURRY = """
UPDATE jobs SET state = 'available', scheduled_at = least(scheduled_at, now())
WHERE state IN ('scheduled', 'retryable') AND queue = coalesce($1, queue)
"""


class _Name(msgspec.Struct, frozen=True):
    name: str


async def list_enqueued(
    db: Repo,
    worker: Worker[Any, Any],
    /,
    *,
    states: tuple[State, ...] = (*PENDING, "executing"),
    **args: Any,
) -> list[Job]:
    """Jobs whose arguments contain these, the oldest first."""
    return await db.all(Job, _FIND, worker.name, as_json(args), list(states))


async def assert_enqueued(db: Repo, worker: Worker[Any, Any], /, **args: Any) -> Job:
    """There is such a job that waits; the oldest one. `args`: those that matter."""
    found = await list_enqueued(db, worker, **args)
    if not found:
        others = await list_enqueued(db, worker, states=STATES)
        there = "\n".join(f"  {job.state} {job.args}" for job in others) or "  none"
        raise AssertionError(f"no {worker.name} with {args} waits; there is\n{there}")
    return found[0]


async def refute_enqueued(db: Repo, worker: Worker[Any, Any], /, **args: Any) -> None:
    """There is no such job that waits."""
    if found := await list_enqueued(db, worker, **args):
        raise AssertionError(f"{worker.name} waits: {found[0].args}")


async def drain(
    db: Repo,
    context: Any,
    workers: Iterable[Worker[Any, Any]],
    *,
    queue: str | None = None,
    scheduled: bool = False,
) -> Counter[State]:
    """Do what is available, in a queue or in all, and what that enqueues; how many runs ended in which state.

    `scheduled`: what waits for its time or to be tried again, too, as if its time had come. No node may be at work.
    """
    known = {worker.name: worker for worker in workers}
    ended: Counter[State] = Counter()
    while True:
        if scheduled:
            await db.value(_HURRY, queue)
        jobs = await _next(db, queue)
        if not jobs:
            return ended
        for job in jobs:
            outcome = await asyncio.create_task(execute(known, context, job))
            await finish(db, [outcome])
            ended[outcome.state] += 1
        if ended.total() > MOST:
            raise AssertionError(f"more than {MOST} runs, and no end: {ended}")


async def _next(db: Repo, queue: str | None) -> list[Taken]:
    names = [queue] if queue else [row.name for row in await db.all(_Name, _QUEUES)]
    for name in names:
        if jobs := await take(db, NODE, name, 1):
            return jobs
    return []


@contextmanager
def inline(context: Any) -> Iterator[None]:
    """Do each job where it is enqueued; what it raises is raised there."""

    async def run(worker: Worker[Any, Args], args: Args) -> Enqueued:
        now = clock.now()
        stored = worker.decode(as_json(args))
        result = await worker.handler(context, stored)
        return Enqueued(0, _state(result), now)

    token = inline_mode.set(run)
    try:
        yield
    finally:
        inline_mode.reset(token)


def _state(result: object) -> State:
    match result:
        case Cancel():
            return "cancelled"
        case Snooze():
            return "scheduled"
    return "completed"
