"""Writing what has become of jobs."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

import pytest

from cgraph_kit.db import Database
from cgraph_kit.jobs import Taken, find_job, job
from cgraph_kit.jobs.finishing import Finisher, finish
from cgraph_kit.jobs.queue import take
from cgraph_kit.jobs.taken import Outcome
from support.later import Seen, Word, until


@job()
async def say(seen: Seen, args: Word) -> None:
    """Nothing."""


async def taken(base: Database, count: int = 1) -> list[Taken]:
    await say.enqueue_all(base, [Word(str(n)) for n in range(count)])
    return await take(base, "me", "default", count)


class TestFinish:
    async def test_writes_every_kind_at_once(self, base: Database) -> None:
        done, failed, snoozed, over = await taken(base, 4)
        written = await finish(
            base,
            [
                Outcome(done, "completed"),
                Outcome(failed, "retryable", wait=100, error="broken"),
                Outcome(snoozed, "scheduled", wait=10, counts=False),
                Outcome(over, "discarded", error="broken for good"),
            ],
        )
        jobs = [await find_job(base, one.id) for one in (done, failed, snoozed, over)]
        assert written == {one.id for one in (done, failed, snoozed, over)}
        states = [one.state for one in jobs if one]
        assert states == ["completed", "retryable", "scheduled", "discarded"]
        assert [one.attempt for one in jobs if one] == [1, 1, 0, 1]
        assert [one.finished_at is None for one in jobs if one] == [False, True, True, False]
        assert jobs[1] is not None
        assert [failure.error for failure in jobs[1].failures] == ["broken"]
        assert (jobs[1].scheduled_at - failed.attempted_at).total_seconds() >= 100

    async def test_leaves_alone_what_is_somebody_elses_by_now(self, base: Database) -> None:
        (one,) = await taken(base)
        await base.value("UPDATE jobs SET state = 'available'")
        (again,) = await take(base, "me", "default", 1)
        assert await finish(base, [Outcome(one, "completed")]) == set()
        assert await finish(base, [Outcome(again, "completed")]) == {one.id}

    async def test_forgets_what_nobody_will_ask_for(self, base: Database) -> None:
        idle, done, lost = await taken(base, 3)
        await base.value("UPDATE jobs SET attempted_by = 'another' WHERE id = $1", lost.id)
        outcomes = [
            Outcome(idle, "completed", kept=False),
            Outcome(done, "completed"),
            Outcome(lost, "completed", kept=False),
        ]
        assert await finish(base, outcomes) == {idle.id, done.id}
        assert await find_job(base, idle.id) is None
        assert await find_job(base, done.id) is not None
        assert await find_job(base, lost.id) is not None

    @pytest.mark.parametrize("wait", [1e300, -5.0, math.inf, math.nan])
    async def test_bounds_how_long_a_job_waits(self, base: Database, wait: float) -> None:
        (one,) = await taken(base)
        assert await finish(base, [Outcome(one, "scheduled", wait=wait)]) == {one.id}


class TestFinisher:
    async def test_lets_only_the_bad_one_suffer(self, base: Database) -> None:
        jobs = await taken(base, 3)
        told: list[set[int]] = []

        def finished(_outcomes: Sequence[Outcome], written: set[int]) -> None:
            told.append(written)

        finisher = Finisher(base, finished)
        finisher.add(Outcome(jobs[0], "completed"))
        finisher.add(Outcome(jobs[1], "discarded", error="\x00 past every check"))
        finisher.add(Outcome(jobs[2], "completed"))
        assert sorted(finisher.unwritten) == sorted(one.id for one in jobs)
        task = asyncio.create_task(finisher.run())
        await finisher.drained()
        task.cancel()
        states = [(await find_job(base, one.id)) for one in jobs]
        assert [one.state for one in states if one] == ["completed", "discarded", "completed"]
        assert set.union(*told) == {one.id for one in jobs}
        assert finisher.unwritten == []

    async def test_goes_on_when_the_database_is_back(self, base: Database) -> None:
        (one,) = await taken(base)
        away = Database(base._pool)
        away._connection = Flaky(base, 2)  # type: ignore[assignment]
        finisher = Finisher(away, lambda _outcomes, _written: None)
        task = asyncio.create_task(finisher.run())
        finisher.add(Outcome(one, "completed"))
        await until(lambda: base.value("SELECT true FROM jobs WHERE state = 'completed'"))
        task.cancel()


class Flaky:
    """The pool's connection, which is gone for the first calls."""

    def __init__(self, base: Database, fails: int) -> None:
        self._connection: Any = base._connection
        self._fails = fails

    async def fetch(self, sql: str, *args: Any) -> Any:
        if self._fails:
            self._fails -= 1
            raise ConnectionResetError("gone")
        return await self._connection.fetch(sql, *args)
