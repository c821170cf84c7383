"""Which jobs are taken, when, and how many at a time."""

import asyncio
import time

from cgraph_kit.db import Database
from cgraph_kit.jobs import job, pause, resume, scale
from cgraph_kit.jobs.queue import take
from support.later import Nodes, Seen, Word, becomes, holds


@job()
async def say(seen: Seen, args: Word) -> None:
    """Keeps the word."""
    seen.words.append(args.word)


@job()
async def wait(seen: Seen, args: Word) -> None:
    """Keeps the word until it may go."""
    seen.words.append(args.word)
    await seen.go.wait()


class TestTake:
    async def test_goes_by_priority_then_time_then_age(self, base: Database) -> None:
        ids = [
            (await say.enqueue(base, word=str(n), priority=priority)).id
            for n, priority in enumerate((5, 0, 9, 0))
        ]
        await base.value(
            "UPDATE jobs SET scheduled_at = now() - interval '1 hour' WHERE id = $1", ids[3]
        )
        jobs = await take(base, "me", "default", 10)
        assert [job.id for job in jobs] == [ids[3], ids[1], ids[0], ids[2]]
        assert all(job.attempt == 1 and job.attempted_by == "me" for job in jobs)

    async def test_gives_each_job_to_one(self, base: Database) -> None:
        await say.enqueue_all(base, [Word(str(n)) for n in range(200)])
        batches = await asyncio.gather(*(take(base, f"node {n}", "default", 30) for n in range(10)))
        ids = [job.id for batch in batches for job in batch]
        assert len(ids) == len(set(ids)) == 200

    async def test_gives_nothing_to_a_node_that_others_take_for_dead(self, base: Database) -> None:
        await say.enqueue(base, word="x")
        assert await take(base, "stranger", "default", 1, fence=10) == []
        await base.value(
            "INSERT INTO job_nodes (name, seen_at) VALUES ('late', now() - interval '11 seconds'), ('fit', now())"
        )
        assert await take(base, "late", "default", 1, fence=10) == []
        assert len(await take(base, "fit", "default", 1, fence=10)) == 1


class TestQueue:
    async def test_does_no_more_at_a_time_than_it_may(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(wait, say, queues={"default": 3, "other": 1}):
            await wait.enqueue_all(base, [Word(str(n)) for n in range(7)])
            await holds(lambda: len(seen.words) == 3)
            await scale(base, "default", 5)
            await holds(lambda: len(seen.words) == 5)
            await scale(base, "default", None)
            seen.go.set()
            await holds(lambda: len(seen.words) == 7)

    async def test_begins_nothing_while_it_is_paused(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        await pause(base, "default")
        async with nodes(say) as node:
            await holds(lambda: node._queues["default"].order.paused)
            first = await say.enqueue(base, word="x")
            await asyncio.sleep(0.1)
            assert seen.words == []
            await resume(base, "default")
            await becomes(base, first.id, "completed")

    async def test_leaves_other_queues_alone(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        other = job(queue="other", name="say_there")(say.handler)
        async with nodes(say, other, queues={"other": 5}):
            await say.enqueue(base, word="not here")
            await becomes(base, (await other.enqueue(base, word="here")).id, "completed")
        assert seen.words == ["here"]

    async def test_looks_by_itself_for_what_nobody_told_of(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(say):
            base.subscriber = lambda _events: None
            await becomes(base, (await say.enqueue(base, word="x")).id, "completed")

    async def test_does_not_wait_to_look_when_it_is_told(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(say):
            await becomes(base, (await say.enqueue(base, word="warm")).id, "completed")
            waits = []
            for n in range(10):
                began = time.monotonic()
                await say.enqueue(base, word=str(n))
                await holds(lambda n=n: str(n) in seen.words)
                waits.append(time.monotonic() - began)
        assert sorted(waits)[5] < 0.5  # by looking alone it would be half a second

    async def test_takes_what_staging_makes_available(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(say):
            enqueued = await say.enqueue(base, word="x", schedule_in=0.3)
            assert enqueued.state == "scheduled"
            done = await becomes(base, enqueued.id, "completed")
            assert done.attempted_at is not None
            assert done.attempted_at >= enqueued.scheduled_at
