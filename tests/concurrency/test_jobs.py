"""Jobs on nodes that are killed, stopped and cut off: real processes, real signals, a PostgreSQL that restarts."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cgraph import migrations
from cgraph_kit import migrate
from cgraph_kit.db import Database
from cgraph_kit.engines import PostgresServer
from cgraph_kit.errors import Unavailable
from cgraph_kit.jobs import Which, cancel, list_jobs
from cgraph_kit.jobs.rescuer import CRASHES
from support.jobnode import PULSE, Order, prepare, work
from support.later import becomes, until
from support.memory import in_memory

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


class Node:
    """A process that does jobs."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.pid = process.pid
        self.output: list[str] = []

    async def ready(self) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while line := await self.process.stdout.readline():
                self.output.append(line.decode())
                if line == b"ready\n":
                    return
        raise AssertionError("".join(self.output))

    async def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            await self.process.communicate()
        return self.process.returncode or 0


@asynccontextmanager
async def node(dsn: str, *options: str) -> AsyncIterator[Node]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "support.jobnode", dsn, *options),
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'src'}"},
        stdout=PIPE,
        stderr=STDOUT,
    )
    one = Node(process)
    try:
        await one.ready()
        yield one
    finally:
        await one.stop(signal.SIGKILL)


class Run(msgspec.Struct, frozen=True):
    job: int
    attempt: int
    tick: str | None
    pid: int
    ended: bool


async def runs(base: Database) -> list[Run]:
    return await base.all(
        Run, "SELECT job, attempt, tick, pid, ended IS NOT NULL FROM runs ORDER BY begun"
    )


@pytest.fixture
async def address(clones: Any) -> str:
    """A database nobody else puts jobs into."""
    dsn: str = await clones.make()
    await prepare(dsn)
    return dsn


@pytest.fixture
async def base(address: str) -> AsyncIterator[Database]:
    base = await Database.connect(address, pool_size=5)
    yield base
    await base.close()


class TestKill:
    async def test_lets_another_node_take_up_what_was_begun(
        self, address: str, base: Database
    ) -> None:
        async with node(address) as victim:
            enqueued = await work.enqueue(base, name="x", seconds=3600)
            await until(lambda: runs(base))
            await victim.stop(signal.SIGKILL)
            async with node(address) as heir:
                await until(lambda: base.value("SELECT count(*) > 1 FROM runs"), PATIENCE)
                first, second = await runs(base)
                assert (first.pid, first.attempt) == (victim.pid, 1)
                assert (second.pid, second.attempt) == (heir.pid, 2)
                await cancel(base, Which((enqueued.id,)))
        done = await becomes(base, enqueued.id, "cancelled")
        assert "died" in done.failures[0].error

    async def test_by_the_job_itself_ends_with_the_job(self, address: str, base: Database) -> None:
        poison = await work.enqueue(base, name="poison", kill=True)
        for _ in range(CRASHES):
            async with node(address) as victim:
                async with asyncio.timeout(PATIENCE):
                    while victim.process.returncode is None:
                        await base.value(  # its second rescue has it wait
                            "UPDATE jobs SET scheduled_at = now() WHERE state = 'retryable'"
                        )
                        await asyncio.sleep(0.05)
                assert victim.process.returncode == -signal.SIGKILL
        async with node(address):
            done = await becomes(base, poison.id, "discarded", within=PATIENCE)
            fine = await work.enqueue(base, name="fine")
            await becomes(base, fine.id, "completed")
        assert done.attempt == len(done.errors) == CRASHES

    async def test_of_one_of_two_fires_no_tick_twice(self, address: str, base: Database) -> None:
        async def ticks(count: int) -> bool:
            return len(await runs(base)) >= count

        async with node(address, "--cron") as victim, node(address, "--cron"):
            await until(lambda: ticks(6), PATIENCE)
            await victim.stop(signal.SIGKILL)
            seen = len(await runs(base))
            await until(lambda: ticks(seen + 5), PATIENCE)
        fired = Counter(job.meta["tick"] for job in await list_jobs(base, limit=1000))
        assert set(fired.values()) == {1}
        twice = [run for run in await runs(base) if run.attempt > 1]
        assert all(
            run.job for run in twice
        )  # only what the victim was at may have been begun again
        assert len(twice) <= 1


class TestLiveNode:
    async def test_does_once_what_takes_longer_than_death(
        self, address: str, base: Database
    ) -> None:
        async with node(address), node(address):
            enqueued = await work.enqueue(base, name="long", seconds=PULSE.dead * 1.5)
            await becomes(base, enqueued.id, "completed", within=PATIENCE)
        (run,) = await runs(base)
        assert run.ended
        assert run.attempt == 1

    async def test_that_was_stopped_in_its_tracks_gives_up_what_others_have_taken(
        self, address: str, base: Database
    ) -> None:
        """Suspended for longer than death, as a virtual machine may be; then it goes on."""
        async with node(address) as sleeper:
            enqueued = await work.enqueue(base, name="x", seconds=PULSE.dead * 2)
            await until(lambda: runs(base))
            os.kill(sleeper.pid, signal.SIGSTOP)
            async with node(address):
                await until(lambda: base.value("SELECT count(*) > 1 FROM runs"), PATIENCE)
                os.kill(sleeper.pid, signal.SIGCONT)
                done = await becomes(base, enqueued.id, "completed", within=PATIENCE)
                first, second = await runs(base)
                assert not first.ended
                assert second.ended
        assert done.attempt == 2


class TestTerm:
    async def test_gives_back_a_long_job_and_loses_no_attempt(
        self, address: str, base: Database
    ) -> None:
        async with node(address) as stopped:
            enqueued = await work.enqueue(base, name="long", seconds=3600)
            await until(lambda: runs(base))
            assert await stopped.stop() == 0
        back = await becomes(base, enqueued.id, "available", within=0.5)
        assert back.attempt == 0
        assert back.errors == []
        assert await base.value("SELECT count(*) FROM job_nodes") == 0

    async def test_lets_a_short_job_finish(self, address: str, base: Database) -> None:
        async with node(address, "--grace", "30") as stopped:
            enqueued = await work.enqueue(base, name="short", seconds=0.5)
            await until(lambda: runs(base))
            assert await stopped.stop() == 0
        await becomes(base, enqueued.id, "completed", within=0.5)


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A server that may be stopped and started."""
    with in_memory() as path:
        server = PostgresServer(path, settings={"max_connections": "50"}).start()
        try:
            yield server
        finally:
            server.stop()


class TestRestart:
    @pytest.mark.parametrize("seconds", [1.0, PULSE.dead + 1], ids=["soon", "after death"])
    async def test_under_load_loses_nothing_and_the_nodes_go_on(
        self, postgres: PostgresServer, seconds: float
    ) -> None:
        dsn = await postgres.ensure_database("jobs")
        # Each start has a socket directory of its own; the link beside the data leads to it.
        dsn = dsn.replace(str(postgres.socket_dir), str(postgres.data_dir / "run"))
        await migrate.migrate(dsn, migrations.load())
        await prepare(dsn)
        base = await Database.connect(dsn, pool_size=5)
        enqueued: list[int] = []

        async def load() -> None:
            """An enqueue that failed may be repeated: nobody was told that it was done."""
            while len(enqueued) < 300:
                try:
                    enqueued.append((await work.enqueue(base, name=str(len(enqueued)))).id)
                except Unavailable:
                    await asyncio.sleep(0.1)
                await asyncio.sleep(0.005)

        async with node(dsn) as first, node(dsn) as second:
            loading = asyncio.create_task(load())
            await until(lambda: _many(enqueued, 50), PATIENCE)
            await asyncio.to_thread(postgres.stop)
            await asyncio.sleep(seconds)
            await asyncio.to_thread(postgres.start)
            await asyncio.wait_for(loading, PATIENCE)

            async def done() -> bool:
                try:
                    return bool(
                        await base.value("SELECT count(*) = 0 FROM jobs WHERE state <> 'completed'")
                    )
                except Unavailable:
                    return False

            await until(done, PATIENCE)
            assert first.process.returncode is None
            assert second.process.returncode is None
            ended = {run.job for run in await runs(base) if run.ended}
        await base.close()
        assert set(enqueued) <= ended


async def _many(values: list[int], count: int) -> bool:
    return len(values) >= count


class TestEnqueue:
    async def test_rolled_back_is_never_done(self, address: str, base: Database) -> None:
        async with node(address):
            with pytest.raises(ZeroDivisionError):
                async with base.transaction() as tx:
                    await work.enqueue_all(tx, [Order(str(n)) for n in range(10)])
                    raise ZeroDivisionError
            kept = await work.enqueue(base, name="kept")
            await becomes(base, kept.id, "completed")
        assert [run.job for run in await runs(base)] == [kept.id]
