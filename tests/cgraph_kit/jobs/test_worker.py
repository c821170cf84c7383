"""Declaring jobs, and asking for them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from cgraph_kit import clock
from cgraph_kit.db import Database, Transaction
from cgraph_kit.jobs import JobsEnqueued, Unique, find_job, job, list_jobs
from support.later import Seen, Word


class Push(msgspec.Struct, frozen=True):
    user_id: UUID
    urgent: bool = False


@job(queue="notifications", max_attempts=3, priority=2, tags=("people",))
async def push(seen: Seen, args: Push) -> None:
    """Nothing."""


class Misnamed(msgspec.Struct):
    tags: str


async def wrong(seen: Seen, args: Misnamed) -> None: ...


async def untyped(seen, args):  # type: ignore[no-untyped-def]
    ...


def blocking(seen: Seen, args: Word) -> None: ...


async def fine(seen: Seen, args: Word) -> None: ...


class TestJob:
    @pytest.mark.parametrize(
        ("handler", "options", "reason"),
        [
            (wrong, {}, "tags is an option"),
            (untyped, {}, "annotated"),
            (blocking, {}, "async"),
            (fine, {"priority": 10}, "0 to 9"),
            (fine, {"max_attempts": 0}, "at least one"),
            (fine, {"unique": Unique(keys=("nobody",))}, "nobody is no argument"),
        ],
    )
    def test_refuses_what_could_not_work(self, handler: Any, options: Any, reason: str) -> None:
        with pytest.raises(TypeError, match=reason):
            job(**options)(handler)

    def test_is_named_after_its_function(self) -> None:
        assert push.name == "push"
        assert push.__doc__ == "Nothing."
        assert job(name="old_name")(fine).name == "old_name"


class TestEnqueue:
    async def test_stores_what_was_declared_and_asked(self, db: Transaction) -> None:
        user_id = uuid4()
        enqueued = await push.enqueue(db, user_id=user_id, tags=["x"], meta={"why": "test"})
        stored = await find_job(db, enqueued.id)
        assert stored is not None
        assert not enqueued.conflict
        assert (stored.state, stored.queue, stored.worker) == ("available", "notifications", "push")
        assert (stored.priority, stored.attempt, stored.max_attempts) == (2, 0, 3)
        assert stored.args == {"user_id": str(user_id), "urgent": False}
        assert stored.tags == ["people", "x"]
        assert stored.meta == {"why": "test"}
        assert db.events == [JobsEnqueued("notifications")]

    async def test_waits_for_its_time(self, db: Transaction) -> None:
        later = await push.enqueue(db, user_id=uuid4(), schedule_in=60, priority=0)
        at = clock.now() + timedelta(days=1)
        then = await push.enqueue(db, user_id=uuid4(), scheduled_at=at)
        past = await push.enqueue(db, user_id=uuid4(), scheduled_at=clock.now() - timedelta(days=1))
        assert (later.state, then.state, past.state) == ("scheduled", "scheduled", "available")
        assert then.scheduled_at == at
        assert len(db.events) == 1

    async def test_refuses_arguments_that_could_not_be_read_later(self, db: Transaction) -> None:
        with pytest.raises(TypeError):
            await push.enqueue(db, nobody=1)
        with pytest.raises(msgspec.ValidationError):
            await push.enqueue(db, user_id=17)
        with pytest.raises(ValueError, match="exclude"):
            await push.enqueue(db, user_id=uuid4(), schedule_in=1, scheduled_at=clock.now())

    async def test_refuses_nul_before_the_transaction_is_harmed(self, db: Transaction) -> None:
        say = job(name="say")(fine)
        with pytest.raises(ValueError, match="NUL"):
            await say.enqueue(db, word="a\x00")
        assert await db.value("SELECT 1") == 1

    async def test_is_dropped_with_its_transaction(self, database: Database) -> None:
        user_id = uuid4()
        enqueued = None
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as tx:
                enqueued = await push.enqueue(tx, user_id=user_id)
                raise ZeroDivisionError
        assert enqueued is not None
        assert await find_job(database, enqueued.id) is None


class TestEnqueueAll:
    async def test_answers_in_order(self, db: Transaction) -> None:
        jobs = [Push(uuid4()) for _ in range(500)]
        enqueued = await push.enqueue_all(db, jobs, schedule_in=5)
        assert len({one.id for one in enqueued}) == 500
        for asked, got in list(zip(jobs, enqueued, strict=True))[::100]:
            stored = await find_job(db, got.id)
            assert stored is not None
            assert stored.args["user_id"] == str(asked.user_id)
            assert stored.state == "scheduled"

    async def test_of_nothing_is_nothing(self, db: Transaction) -> None:
        assert await push.enqueue_all(db, []) == []
        assert db.events == []


class TestListJobs:
    async def test_shows_the_newest_first_and_pages(self, base: Database) -> None:
        ids = [(await push.enqueue(base, user_id=uuid4())).id for _ in range(5)]
        first = await list_jobs(base, limit=2)
        second = await list_jobs(base, before=first[-1].id)
        assert [one.id for one in (*first, *second)] == ids[::-1]

    async def test_tells_of_a_job_that_is_there_only_after_the_commit(self, base: Database) -> None:
        told: list[Any] = []
        base.subscriber = told.extend
        async with base.transaction() as tx:
            await push.enqueue(tx, user_id=uuid4())
            await asyncio.sleep(0)
            assert told == []
        assert told == [JobsEnqueued("notifications")]
