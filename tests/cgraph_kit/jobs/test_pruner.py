"""Forgetting old jobs, and staging those that are due."""

from cgraph_kit.db import Transaction
from cgraph_kit.jobs import STATES, Ages, job
from cgraph_kit.jobs.pruner import prune
from cgraph_kit.jobs.stager import stage
from support.later import Seen, Word


@job()
async def say(seen: Seen, args: Word) -> None:
    """Nothing."""


class TestPrune:
    async def test_goes_by_the_age_of_each_state(self, db: Transaction) -> None:
        for state in STATES:
            for age in (50, 150, 250, 350):
                id = (await say.enqueue(db, word=f"{state} {age}")).id
                await db.value(
                    "UPDATE jobs SET state = $2, finished_at = now() - make_interval(secs => $3) WHERE id = $1",
                    id,
                    state,
                    age,
                )
        pruned = await prune(db, Ages(completed=100, cancelled=200, discarded=300))
        assert pruned == {"completed": 3, "cancelled": 2, "discarded": 1}
        assert await db.value("SELECT count(*) FROM jobs") == 4 * len(STATES) - 6


class TestStage:
    async def test_makes_available_what_is_due(self, db: Transaction) -> None:
        due = (await say.enqueue(db, word="due", schedule_in=10)).id
        await say.enqueue(db, word="later", schedule_in=3600)
        await db.value("UPDATE jobs SET scheduled_at = now() - interval '1 s' WHERE id = $1", due)
        assert [(one.queue, one.count) for one in await stage(db)] == [("default", 1)]
        assert await stage(db) == []
        assert await db.value("SELECT state FROM jobs WHERE id = $1", due) == "available"
