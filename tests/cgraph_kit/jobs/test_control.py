"""What operators do."""

from cgraph_kit.db import Transaction
from cgraph_kit.jobs import (
    JobsEnqueued,
    OnePending,
    Which,
    cancel,
    delete,
    find_job,
    job,
    pause,
    queues,
    resume,
    retry,
    scale,
)
from cgraph_kit.jobs.control import JobsCancelled, QueuesOrdered
from support.later import Seen, Word


@job(max_attempts=2)
async def say(seen: Seen, args: Word) -> None:
    """Nothing."""


@job(unique=OnePending(("word",)))
async def once(seen: Seen, args: Word) -> None:
    """Nothing."""


async def made(db: Transaction, state: str, **more: object) -> int:
    """A job in this state."""
    id = (await say.enqueue(db, word=state)).id
    await db.value(
        "UPDATE jobs SET state = $2, finished_at = CASE WHEN $3 THEN now() END WHERE id = $1",
        id,
        state,
        state in {"completed", "cancelled", "discarded"},
    )
    db.events.clear()
    return id


async def state(db: Transaction, id: int) -> str | None:
    found = await find_job(db, id)
    return found.state if found else None


class TestCancel:
    async def test_takes_back_what_waits_and_ends_what_is_done(self, db: Transaction) -> None:
        waiting, running = await made(db, "scheduled"), await made(db, "executing")
        done = await made(db, "completed")
        assert await cancel(db, Which((waiting, running, done))) == 2
        states = [await state(db, id) for id in (waiting, running, done)]
        assert states == ["cancelled", "cancelled", "completed"]
        assert db.events == [JobsCancelled([running])]

    async def test_means_what_it_is_told(self, db: Transaction) -> None:
        for _ in range(3):
            await made(db, "scheduled")
        assert await cancel(db, Which(worker="nobody")) == 0
        assert await cancel(db, Which(queue="other")) == 0
        assert await cancel(db, Which(tag="x")) == 0
        assert await cancel(db, Which(worker="say", queue="default", states=("scheduled",))) >= 3


class TestRetry:
    async def test_begins_anew_with_at_least_one_more_attempt(self, db: Transaction) -> None:
        id = await made(db, "discarded")
        await db.value("UPDATE jobs SET attempt = 2, meta = '{\"crashes\": 3}' WHERE id = $1", id)
        assert await retry(db, Which((id,))) == 1
        again = await find_job(db, id)
        assert again is not None
        assert (again.state, again.attempt, again.max_attempts) == ("available", 2, 3)
        assert again.finished_at is None
        assert again.meta == {}
        assert db.events == [JobsEnqueued("default")]

    async def test_does_not_wait_any_longer(self, db: Transaction) -> None:
        id = (await say.enqueue(db, word="x", schedule_in=3600)).id
        await retry(db, Which((id,)))
        assert await state(db, id) == "available"

    async def test_leaves_alone_what_is_being_done(self, db: Transaction) -> None:
        assert await retry(db, Which((await made(db, "executing"),))) == 0

    async def test_stands_beside_another_that_waits(self, db: Transaction) -> None:
        first = (await once.enqueue(db, word="x")).id
        await db.value("UPDATE jobs SET state = 'completed', finished_at = now()")
        second = (await once.enqueue(db, word="x")).id
        assert await retry(db, Which((first,))) == 1
        assert await state(db, second) == "available"


class TestDelete:
    async def test_forgets_all_but_what_is_being_done(self, db: Transaction) -> None:
        done, running = await made(db, "completed"), await made(db, "executing")
        assert await delete(db, Which((done, running))) == 1
        assert await state(db, done) is None
        assert await state(db, running) == "executing"


class TestQueues:
    async def test_show_what_waits_and_who_does_it(self, db: Transaction) -> None:
        await made(db, "available")
        await made(db, "executing")
        await made(db, "retryable")
        await db.value("INSERT INTO job_nodes (name, queues) VALUES ('n1', $1)", {"default": 4})
        await pause(db, "default")
        await scale(db, "default", 7)
        await scale(db, "idle", 2)
        by_name = {queue.name: queue for queue in await queues(db)}
        default = by_name["default"]
        assert (default.available, default.executing, default.scheduled) == (1, 1, 1)
        assert default.oldest is not None
        assert (default.paused, default.concurrency) == (True, 7)
        assert default.nodes == {"n1": 4}
        assert by_name["idle"].concurrency == 2
        assert by_name["idle"].nodes == {}

    async def test_keep_each_order_until_the_next(self, db: Transaction) -> None:
        await scale(db, "default", 3)
        await pause(db, "default")
        await resume(db, "default")
        (one,) = [queue for queue in await queues(db) if queue.name == "default"]
        assert (one.paused, one.concurrency) == (False, 3)
        await scale(db, "default", None)
        (one,) = [queue for queue in await queues(db) if queue.name == "default"]
        assert one.concurrency is None
        assert db.events == [QueuesOrdered()] * 4
