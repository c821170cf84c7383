"""Our own jobs, measured: what `bench.jobs` compares the other libraries with, and a worker to kill."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import uvloop

from cgraph import migrations
from cgraph_kit import migrate
from cgraph_kit.db import Database
from cgraph_kit.jobs import Jobs, Tuning, job
from cgraph_kit.logging import configure

CONNECTIONS = 3


class Number(msgspec.Struct, frozen=True):
    """What a job is told."""

    n: int


class Tally:
    """The context: how many were done, and when."""

    def __init__(self) -> None:
        self.done = 0
        self.at: dict[int, float] = {}
        self.all = asyncio.Event()
        self.target = 0

    def count(self, n: int) -> None:
        self.at[n] = time.perf_counter()
        self.done += 1
        if self.done == self.target:
            self.all.set()


@job()
async def nothing(tally: Tally, args: Number) -> None:
    """Does nothing."""
    tally.count(args.n)


@job()
async def hang(tally: Tally, args: Number) -> None:
    """Tells that it has begun, and goes on for ever unless it is tried again."""
    tally.count(args.n)
    if len(sys.argv) > 1 and sys.argv[1] == "victim":
        print("begun", flush=True)
        await asyncio.sleep(3600)


@asynccontextmanager
async def node(dsn: str, concurrency: int) -> AsyncIterator[tuple[Database, Tally]]:
    """A node at work."""
    db = await Database.connect(dsn, pool_size=CONNECTIONS)
    tally = Tally()
    jobs = Jobs(
        db, workers=[nothing, hang], queues={"default": concurrency}, tuning=Tuning(grace=1)
    )
    db.subscriber = jobs.hear
    async with jobs.running(tally):
        yield db, tally
    await db.close()


async def prepare(dsn: str) -> None:
    await migrate.migrate(dsn, migrations.load())


async def insert_one_by_one(dsn: str, jobs: int) -> float:
    """Jobs per second, each in a transaction of its own, from one task."""
    db = await Database.connect(dsn, pool_size=CONNECTIONS)
    began = time.perf_counter()
    for n in range(jobs):
        await nothing.enqueue(db, n=n)
    seconds = time.perf_counter() - began
    await db.close()
    return jobs / seconds


async def insert_batches(dsn: str, jobs: int, size: int = 1000) -> float:
    """Jobs per second, a thousand in a transaction."""
    db = await Database.connect(dsn, pool_size=CONNECTIONS)
    began = time.perf_counter()
    for start in range(0, jobs, size):
        await nothing.enqueue_all(db, [Number(n) for n in range(start, start + size)])
    seconds = time.perf_counter() - began
    await db.close()
    return jobs / seconds


async def execute(dsn: str, jobs: int, concurrency: int) -> float:
    """Jobs per second that were inserted before, from the node's start until all are finished in the database."""
    async with node(dsn, concurrency) as (db, tally):
        tally.target = jobs
        began = time.perf_counter()
        await tally.all.wait()
        while await db.value("SELECT count(*) FROM jobs WHERE state <> 'completed'"):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        return jobs / (time.perf_counter() - began)


async def pick_up(dsn: str, jobs: int) -> list[float]:
    """Milliseconds from before the insert until each job begins, one at a time on an idle node."""
    async with node(dsn, 10) as (db, tally):
        await asyncio.sleep(1)

        async def enqueue(n: int) -> object:
            return await nothing.enqueue(db, n=n)

        return await picked_up(tally, jobs, enqueue)


async def picked_up(
    tally: Tally, jobs: int, enqueue: Callable[[int], Awaitable[object]]
) -> list[float]:
    """Milliseconds from before the insert until each begins."""
    waits = []
    tally.at.clear()
    for n in range(jobs):
        began = time.perf_counter()
        await enqueue(n)
        while n not in tally.at:  # noqa: ASYNC110
            await asyncio.sleep(0)
        waits.append((tally.at[n] - began) * 1000)
        await asyncio.sleep(0.02)
    return waits


async def clear(dsn: str) -> None:
    db = await Database.connect(dsn, pool_size=1)
    await db.value("TRUNCATE jobs")
    await db.close()


async def rescued(dsn: str, kill: Callable[[], None]) -> float:
    """Seconds from the kill of the node that does a job until it begins again on this one."""
    async with node(dsn, 10) as (_db, tally):
        await asyncio.sleep(5)
        tally.target = 1
        kill()
        killed = time.perf_counter()
        await tally.all.wait()
        return time.perf_counter() - killed


async def victim(dsn: str) -> None:
    """Does one job until it is killed."""
    async with node(dsn, 10) as (db, _tally):
        await hang.enqueue(db, n=0)
        await asyncio.sleep(3600)


def main() -> None:
    """`python -m bench.ours victim DSN`."""
    configure("error", "text")
    uvloop.run(victim(sys.argv[2]))


if __name__ == "__main__":
    main()
