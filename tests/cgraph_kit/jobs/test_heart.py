"""Nodes that are taken for dead, rightly or not."""

import asyncio

from cgraph_kit.db import Database
from cgraph_kit.jobs import Pulse, Tuning, current, job
from support.later import HURRY, Nodes, Seen, Word, becomes, holds, until


@job()
async def wait(seen: Seen, args: Word) -> None:
    """Says that it has begun, and waits; keeps how it ended."""
    seen.begun.set()
    try:
        await seen.go.wait()
    except asyncio.CancelledError:
        seen.words.append("ended")
        raise
    seen.words.append(current().attempt)


class TestHeart:
    async def test_ends_everything_when_others_take_the_node_for_dead(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(wait) as node:
            name = node.node
            enqueued = await wait.enqueue(base, word="x")
            await holds(seen.begun.is_set)
            seen.begun.clear()
            await base.value("DELETE FROM job_nodes")
            await holds(seen.begun.is_set)  # again, in its next life
            assert node.node != name
            assert seen.words == ["ended"]
            seen.go.set()
            done = await becomes(base, enqueued.id, "completed")
        assert done.attempt == 1  # nobody had taken it up: it was given back
        assert seen.words == ["ended", 1]

    async def test_takes_itself_for_dead_when_it_could_not_beat(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        async with nodes(wait, own=base) as node:
            enqueued = await wait.enqueue(base, word="x")
            await holds(seen.begun.is_set)
            seen.begun.clear()
            async with base.transaction() as tx:  # as good as away: every beat waits
                await tx.value("LOCK TABLE job_nodes IN ACCESS EXCLUSIVE MODE")
                await holds(lambda: seen.words == ["ended"])
                assert not node._heart.alive
            await holds(seen.begun.is_set)
            seen.go.set()
            await becomes(base, enqueued.id, "completed")

    async def test_notices_that_a_job_is_somebody_elses(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        """Its outcome must not be written over what the other does."""
        async with nodes(wait):
            enqueued = await wait.enqueue(base, word="x")
            await holds(seen.begun.is_set)
            await base.value("UPDATE jobs SET attempted_by = 'another', attempt = 2")
            await holds(lambda: seen.words == ["ended"])
        stolen = await becomes(base, enqueued.id, "executing")
        assert (stolen.attempted_by, stolen.attempt) == ("another", 2)

    async def test_shows_itself_to_operators(self, base: Database, nodes: Nodes) -> None:
        async with nodes(wait, queues={"default": 3, "mail": 1}) as node:
            await until(lambda: base.value("SELECT count(*) FROM job_nodes"))
            row = await base.value("SELECT queues FROM job_nodes WHERE name = $1", node.node)
            assert row == {"default": 3, "mail": 1}

    async def test_leaves_nothing_behind_however_soon_it_goes(
        self, base: Database, nodes: Nodes
    ) -> None:
        async with nodes(wait) as node:
            pass
        assert not await base.value("SELECT count(*) FROM job_nodes WHERE name = $1", node.node)

    async def test_gives_back_what_it_does_not_know_it_has(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        """The answer to the statement that took it got lost."""
        quick = Tuning(grace=0.2, pulse=Pulse(beat=0.1, dead=0.5, fence=0.4, grace=0.2))
        seen.go.set()
        async with nodes(wait, tuning=quick) as node:
            await until(lambda: base.value("SELECT count(*) FROM job_nodes"))
            stray = await wait.enqueue(base, word="x", schedule_in=3600)
            await base.value(
                "UPDATE jobs SET state = 'executing', attempt = 1, attempted_by = $1, "
                "attempted_at = now() - interval '1 minute'",
                node.node,
            )
            done = await becomes(base, stray.id, "completed")
        assert done.attempt == 1
        assert HURRY.pulse.fence < HURRY.pulse.dead
