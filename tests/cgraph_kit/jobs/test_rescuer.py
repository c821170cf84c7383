"""Jobs of dead nodes."""

from typing import Any

from cgraph_kit.db import Database
from cgraph_kit.jobs import Job, OnePending, Pulse, find_job, job
from cgraph_kit.jobs.queue import take
from cgraph_kit.jobs.rescuer import CRASHES, release_strays, rescue
from support.later import Seen, Word

PULSE = Pulse()


@job(max_attempts=5)
async def say(seen: Seen, args: Word) -> None:
    """Nothing."""


@job(unique=OnePending(("word",)))
async def once(seen: Seen, args: Word) -> None:
    """Nothing."""


async def crash(base: Database, node: str = "dead") -> None:
    """A node that was doing everything there is has died a while ago."""
    await base.value(
        "INSERT INTO job_nodes (name, seen_at) VALUES ($1, now() - interval '1 minute')", node
    )
    await base.value("UPDATE jobs SET state = 'available' WHERE state = 'retryable'")
    await take(base, node, "default", 100)
    await base.value(
        "UPDATE jobs SET attempted_at = attempted_at - interval '2 minutes' WHERE state = 'executing'"
    )


async def found(base: Database, id: int) -> Job:
    row = await find_job(base, id)
    assert row is not None
    return row


class TestRescue:
    async def test_counts_the_attempt_and_says_why(self, base: Database) -> None:
        id = (await say.enqueue(base, word="x")).id
        await crash(base)
        assert [one.id for one in await rescue(base, PULSE)] == [id]
        back = await found(base, id)
        assert (back.state, back.attempt) == ("available", 1)
        assert back.failures[0].error == "the node dead died"
        assert await base.value("SELECT count(*) FROM job_nodes") == 0

    async def test_leaves_living_nodes_alone_however_long_they_take(self, base: Database) -> None:
        id = (await say.enqueue(base, word="x")).id
        await crash(base)
        await base.value("UPDATE job_nodes SET seen_at = now()")
        assert await rescue(base, PULSE) == []
        assert (await found(base, id)).state == "executing"

    async def test_waits_where_a_node_may_have_just_come(self, base: Database) -> None:
        await say.enqueue(base, word="x")
        await take(base, "too new to be seen", "default", 1)
        assert await rescue(base, PULSE) == []

    async def test_ends_what_kills_its_nodes(self, base: Database) -> None:
        id = (await say.enqueue(base, word="poison")).id
        states = []
        for n in range(CRASHES):
            await crash(base, f"node {n}")
            await rescue(base, PULSE)
            states.append((await found(base, id)).state)
        assert states == ["available", "retryable", "discarded"]
        assert (await found(base, id)).attempt == CRASHES

    async def test_ends_what_has_no_attempt_left(self, base: Database) -> None:
        id = (await say.enqueue(base, word="x")).id
        await base.value("UPDATE jobs SET attempt = 4")
        await crash(base)
        await rescue(base, PULSE)
        assert (await found(base, id)).state == "discarded"

    async def test_may_find_two_of_which_one_may_wait(self, base: Database) -> None:
        ids = []
        for _ in range(2):
            ids.append((await once.enqueue(base, word="x")).id)
            await take(base, "dead", "default", 1)
        await crash(base)
        assert {one.id for one in await rescue(base, PULSE)} == set(ids)
        assert [(await found(base, id)).state for id in ids] == ["available", "available"]


class TestReleaseStrays:
    async def test_gives_back_what_is_unknown_and_old_enough(self, base: Database) -> None:
        ids: list[Any] = [
            one.id for one in await say.enqueue_all(base, [Word(str(n)) for n in range(3)])
        ]
        await take(base, "me", "default", 3)
        await base.value(
            "UPDATE jobs SET attempted_at = now() - interval '1 minute' WHERE id <> $1", ids[2]
        )
        released = await release_strays(base, "me", [ids[0]], 20)
        assert [one.id for one in released] == [ids[1]]
        assert (await found(base, ids[1])).attempt == 0
