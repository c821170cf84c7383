"""What is told of jobs."""

from datetime import timedelta

from prometheus_client import CollectorRegistry

from cgraph_kit import clock, telemetry
from cgraph_kit.db import Transaction
from cgraph_kit.jobs import Taken, job
from cgraph_kit.jobs.metrics import Depths, Runs
from cgraph_kit.jobs.taken import Outcome
from support.later import Seen, Word


@job(queue="measured")
async def say(seen: Seen, args: Word) -> None:
    """Nothing."""


class TestRuns:
    def test_count_by_what_became_of_them_and_time_them(self) -> None:
        now = clock.now()
        job = Taken(
            id=1,
            queue="mail",
            worker="send",
            args="{}",
            priority=0,
            attempt=1,
            max_attempts=3,
            inserted_at=now,
            scheduled_at=now - timedelta(seconds=2),
            attempted_at=now,
            attempted_by="me",
        )
        runs = Runs()
        runs.observe(Outcome(job, "completed"), 0.02)
        runs.observe(Outcome(job, "retryable"), 0.2)
        registry = CollectorRegistry()
        registry.register(runs)
        value = registry.get_sample_value
        labels = {"worker": "send", "queue": "mail", "state": "completed"}
        assert value("jobs_executed_total", labels) == 1
        assert value("jobs_seconds_bucket", {"worker": "send", "le": "0.05"}) == 1
        assert value("jobs_seconds_bucket", {"worker": "send", "le": "+Inf"}) == 2
        assert value("jobs_seconds_count", {"worker": "send"}) == 2
        assert value("jobs_wait_seconds_bucket", {"queue": "mail", "le": "1.0"}) == 0
        assert value("jobs_wait_seconds_sum", {"queue": "mail"}) == 4

    def test_are_told_with_everything_else(self) -> None:
        assert b"jobs_executed_total" in telemetry.render()


class TestDepths:
    async def test_tell_what_waits_and_since_when(self, db: Transaction) -> None:
        await say.enqueue_all(db, [Word("a"), Word("b")])
        await say.enqueue(db, word="c", schedule_in=60)
        await db.value(
            "UPDATE jobs SET scheduled_at = now() - interval '100 s' WHERE args ->> 'word' = 'a'"
        )
        depths = Depths()
        await depths.read(db)
        registry = CollectorRegistry()
        registry.register(depths)
        value = registry.get_sample_value
        assert value("jobs_depth", {"queue": "measured", "state": "available"}) == 2
        assert value("jobs_depth", {"queue": "measured", "state": "scheduled"}) == 1
        oldest = value("jobs_oldest_seconds", {"queue": "measured"})
        assert oldest is not None
        assert 100 <= oldest < 200
