"""A node from start to stop."""

import asyncio

import pytest

from cgraph_kit.db import Database
from cgraph_kit.jobs import Cancel, Cron, Jobs, Result, Snooze, Which, cancel, current, job
from cgraph_kit.jobs.metrics import RUNS
from cgraph_kit.logging import about
from cgraph_kit.pubsub import LocalBus, LocalPubSub
from support.later import HURRY, Nodes, Seen, Word, becomes, holds
from support.lines import written


@job()
async def say(seen: Seen, args: Word) -> None:
    """Keeps the word."""
    seen.words.append(args.word)


@job()
async def wait(seen: Seen, args: Word) -> None:
    """Says that it has begun, and waits."""
    seen.words.append((args.word, current().attempt))
    seen.begun.set()
    await seen.go.wait()


@job(max_attempts=3, backoff=lambda _attempt, _most: 0)
async def fail(seen: Seen, args: Word) -> Result:
    """Fails as often as it is told, then snoozes once, then is done."""
    seen.words.append(current().attempt)
    if len(seen.words) <= int(args.word):
        raise ValueError(f"failure {len(seen.words)}")
    if len(seen.words) == int(args.word) + 1:
        return Snooze(0)
    return None


@job(timeout=0.05, max_attempts=1)
async def dawdle(seen: Seen, args: Word) -> None:
    """Never ends."""
    await seen.go.wait()


@job()
async def deaf(seen: Seen, args: Word) -> None:
    """Goes on when it is told to end, the first time."""
    seen.begun.set()
    try:
        await seen.go.wait()
    except asyncio.CancelledError:
        seen.words.append("what?")
    await seen.go.wait()


@job()
async def tell(seen: Seen, args: Word) -> None:
    """Keeps what its log lines say of the request."""
    seen.words.append(about.get()["request_id"])


@job()
async def refuse(seen: Seen, args: Word) -> Result:
    """Will not."""
    return Cancel("not me")


class TestJobs:
    async def test_do_what_is_enqueued(self, base: Database, nodes: Nodes, seen: Seen) -> None:
        before = RUNS.states["say", "default", "completed"]
        async with nodes(say) as node:
            enqueued = await say.enqueue(base, word="hello")
            done = await becomes(base, enqueued.id, "completed")
            assert done.attempted_by == node.node
        assert seen.words == ["hello"]
        assert done.attempt == 1
        assert done.finished_at is not None
        assert RUNS.states["say", "default", "completed"] == before + 1

    async def test_tell_of_a_run_that_took_half_of_its_time(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        with written() as lines:
            async with nodes(say, dawdle):
                await becomes(base, (await say.enqueue(base, word="x")).id, "completed")
                slow = await dawdle.enqueue(base, word="x")
                await becomes(base, slow.id, "discarded")
        (line,) = lines.of("slow job")
        assert (line["job_id"], line["worker"], line["attempt"]) == (slow.id, "dawdle", 1)
        assert line["ms"] >= 25

    async def test_know_which_request_enqueued_them(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async def ask() -> int:
            about.set({"request_id": "r-1", "user_id": "u-1"})
            return (await tell.enqueue(base, word="x", meta={"mine": True})).id

        async with nodes(tell):
            done = await becomes(base, await asyncio.create_task(ask()), "completed")
        assert done.meta == {"mine": True, "origin": {"request_id": "r-1"}}
        assert seen.words == ["r-1"]

    async def test_try_again_and_keep_every_error(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(fail):
            done = await becomes(base, (await fail.enqueue(base, word="2")).id, "completed")
        assert seen.words == [1, 2, 3, 3]  # the snooze gave its attempt back
        assert [failure.attempt for failure in done.failures] == [1, 2]
        assert "ValueError: failure 2" in done.failures[1].error

    async def test_give_up_when_every_attempt_is_spent(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(fail, dawdle):
            lost = await becomes(base, (await fail.enqueue(base, word="9")).id, "discarded")
            slow = await becomes(base, (await dawdle.enqueue(base, word="x")).id, "discarded")
        assert len(lost.errors) == 3
        assert "0.05 s" in slow.failures[0].error

    async def test_do_not_what_refuses(self, base: Database, nodes: Nodes, seen: Seen) -> None:
        async with nodes(refuse):
            refused = await becomes(base, (await refuse.enqueue(base, word="x")).id, "cancelled")
        assert refused.failures[0].error == "not me"

    async def test_end_what_is_cancelled_meanwhile(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(wait) as node:
            enqueued = await wait.enqueue(base, word="x")
            await holds(seen.begun.is_set)
            assert await cancel(base, Which((enqueued.id,))) == 1
            await holds(lambda: not node.busy)
            done = await becomes(base, enqueued.id, "cancelled")
            assert not seen.go.is_set()
        assert done.attempt == 1

    async def test_insist_where_an_end_is_not_taken_notice_of(
        self, base: Database, nodes: Nodes, seen: Seen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cgraph_kit.jobs.queue.INSIST", 0.1)
        async with nodes(deaf) as node:
            enqueued = await deaf.enqueue(base, word="x")
            await holds(seen.begun.is_set)
            await cancel(base, Which((enqueued.id,)))
            await holds(lambda: not node.busy)
        assert seen.words == ["what?"]

    async def test_hear_of_what_other_nodes_do(self, base: Database, seen: Seen) -> None:
        """Over the bus alone: neither looks by itself that soon."""
        bus = LocalBus()
        far, near = (
            Jobs(base, workers=[wait, say], queues=queues, pubsub=LocalPubSub(bus), tuning=HURRY)
            for queues in ({"default": 5}, {})
        )
        base.subscriber = near.hear
        async with far.running(seen), near.running(seen):
            enqueued = await wait.enqueue(base, word="x")
            await holds(seen.begun.is_set)
            await cancel(base, Which((enqueued.id,)))
            await holds(lambda: not far.busy)

    async def test_refuse_two_of_one_name(self, base: Database) -> None:
        twin = job(name="say")(say.handler)
        with pytest.raises(ValueError, match="named say"):
            Jobs(base, workers=[say, twin])
        with pytest.raises(ValueError, match="names of their own"):
            Jobs(base, workers=[], crontab=[Cron("* * * * *", say), Cron("1 * * * *", say)])

    async def test_only_enqueue_where_there_are_no_queues(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(say, queues={}):
            enqueued = await say.enqueue(base, word="x")
            assert await base.value("SELECT count(*) FROM job_nodes") == 0
        await becomes(base, enqueued.id, "available")


class TestStop:
    async def test_lets_what_is_under_way_finish(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(wait):
            enqueued = await wait.enqueue(base, word="x")
            await holds(seen.begun.is_set)
            asyncio.get_running_loop().call_later(0.05, seen.go.set)
        await becomes(base, enqueued.id, "completed", within=0.1)
        assert await base.value("SELECT count(*) FROM job_nodes") == 0

    async def test_gives_back_what_takes_too_long(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(wait):
            enqueued = await wait.enqueue(base, word="x")
            await holds(seen.begun.is_set)
        back = await becomes(base, enqueued.id, "available", within=0.1)
        assert back.attempt == 0
        assert back.errors == []
        seen.go.set()
        async with nodes(wait):
            await becomes(base, enqueued.id, "completed")
        assert seen.words == [("x", 1), ("x", 1)]

    async def test_is_quick_when_there_is_nothing_to_do(self, base: Database, nodes: Nodes) -> None:
        async with asyncio.timeout(2):
            async with nodes(say):
                pass
