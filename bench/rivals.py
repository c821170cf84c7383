"""procrastinate and pgqueuer doing what `bench.ours` does; installed for the benchmarks only."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pgqueuer
import procrastinate
from pgqueuer.types import QueueExecutionMode

from .ours import Tally, picked_up


class Procrastinate:
    """procrastinate on psycopg, as its documentation has it."""

    def __init__(self, dsn: str) -> None:
        self.app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=dsn, min_size=3, max_size=3)
        )
        self.tally = Tally()

        @self.app.task(name="nothing")
        async def nothing(n: int) -> None:
            self.tally.count(n)

        self.nothing = nothing

    async def prepare(self) -> None:
        async with self.app.open_async():
            await self.app.schema_manager.apply_schema_async()

    async def insert_one_by_one(self, jobs: int) -> float:
        async with self.app.open_async():
            began = time.perf_counter()
            for n in range(jobs):
                await self.nothing.defer_async(n=n)
            return jobs / (time.perf_counter() - began)

    async def insert_batches(self, jobs: int, size: int = 1000) -> float:
        async with self.app.open_async():
            began = time.perf_counter()
            for start in range(0, jobs, size):
                await self.nothing.batch_defer_async(*({"n": start + i} for i in range(size)))
            return jobs / (time.perf_counter() - began)

    async def execute(self, jobs: int, concurrency: int) -> float:
        self.tally.done = 0
        async with self.app.open_async():
            began = time.perf_counter()
            await self.app.run_worker_async(
                wait=False, concurrency=concurrency, install_signal_handlers=False
            )
            seconds = time.perf_counter() - began
        assert self.tally.done == jobs
        return jobs / seconds

    async def pick_up(self, jobs: int) -> list[float]:
        async with self.app.open_async():
            worker = asyncio.create_task(
                self.app.run_worker_async(concurrency=10, install_signal_handlers=False)
            )
            await asyncio.sleep(1)

            async def enqueue(n: int) -> Any:
                return await self.nothing.defer_async(n=n)

            waits = await picked_up(self.tally, jobs, enqueue)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
        return waits


class PgQueuer:
    """pgqueuer on asyncpg."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.tally = Tally()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[pgqueuer.PgQueuer, pgqueuer.Queries]]:
        connection = await asyncpg.connect(self.dsn)
        driver = pgqueuer.AsyncpgDriver(connection)
        queuer = pgqueuer.PgQueuer(driver)

        @queuer.entrypoint("nothing")
        async def nothing(job: pgqueuer.Job) -> None:
            self.tally.count(int(job.payload or b"0"))

        try:
            yield queuer, pgqueuer.Queries(driver)
        finally:
            await connection.close()

    async def prepare(self) -> None:
        async with self._open() as (_queuer, queries):
            await queries.install()

    async def insert_one_by_one(self, jobs: int) -> float:
        async with self._open() as (_queuer, queries):
            began = time.perf_counter()
            for n in range(jobs):
                await queries.enqueue("nothing", str(n).encode())
            return jobs / (time.perf_counter() - began)

    async def insert_batches(self, jobs: int, size: int = 1000) -> float:
        async with self._open() as (_queuer, queries):
            began = time.perf_counter()
            for start in range(0, jobs, size):
                payloads: list[bytes | None] = [b"%d" % (start + i) for i in range(size)]
                await queries.enqueue(["nothing"] * size, payloads, [0] * size)
            return jobs / (time.perf_counter() - began)

    async def execute(self, jobs: int, concurrency: int) -> float:
        self.tally.done = 0
        async with self._open() as (queuer, _queries):
            began = time.perf_counter()
            await queuer.qm.run(
                batch_size=concurrency // 2,
                max_concurrent_tasks=concurrency,
                mode=QueueExecutionMode.drain,
                dequeue_timeout=timedelta(seconds=1),
            )
            seconds = time.perf_counter() - began
        assert self.tally.done == jobs
        return jobs / seconds

    async def pick_up(self, jobs: int) -> list[float]:
        async with self._open() as (queuer, _), self._open() as (_, queries):
            worker = asyncio.create_task(queuer.qm.run(batch_size=5, max_concurrent_tasks=10))
            await asyncio.sleep(1)

            async def enqueue(n: int) -> Any:
                return await queries.enqueue("nothing", str(n).encode())

            waits = await picked_up(self.tally, jobs, enqueue)
            queuer.shutdown.set()
            await worker
        return waits
