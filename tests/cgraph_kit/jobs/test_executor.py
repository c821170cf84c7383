"""What one run becomes."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

import pytest

from cgraph_kit import clock
from cgraph_kit.jobs import Cancel, Nothing, Result, Snooze, Taken, current, job
from cgraph_kit.jobs.executor import execute
from cgraph_kit.jobs.taken import Outcome
from cgraph_kit.logging import about
from support.later import Seen, Word, holds
from support.lines import written

RESULTS: dict[str, Result] = {
    "snooze": Snooze(30),
    "cancel": Cancel("not needed"),
    "nothing": Nothing(),
}


@job(timeout=0.05)
async def act(seen: Seen, args: Word) -> Result:
    """Does as it is told."""
    seen.words.append((current().id, about.get()["job_id"]))
    match args.word:
        case "raise":
            raise ValueError("no \x00 luck")
        case "exit":
            raise SystemExit(3)
        case "cancelled":
            raise asyncio.CancelledError
        case "slow":
            await asyncio.sleep(3600)
        case "own timeout":
            raise TimeoutError("theirs")
    return RESULTS.get(args.word)


def taken(word: str = "", *, worker: str = "act", attempt: int = 1, **more: Any) -> Taken:
    now = clock.now()
    fields: dict[str, Any] = {
        "id": 7,
        "queue": "default",
        "worker": worker,
        "args": f'{{"word": "{word}"}}',
        "priority": 0,
        "attempt": attempt,
        "max_attempts": 3,
        "inserted_at": now,
        "scheduled_at": now,
        "attempted_at": now,
        "attempted_by": "me",
    }
    return Taken(**fields | more)


async def outcome(job: Taken, seen: Seen) -> Outcome:
    return await asyncio.create_task(execute({"act": act}, seen, job))


class TestExecute:
    async def test_gives_context_and_arguments_and_says_which_job(self, seen: Seen) -> None:
        done = await outcome(taken("fine"), seen)
        assert done.state == "completed"
        assert seen.words == [(7, 7)]

    @pytest.mark.parametrize("word", ["raise", "exit", "cancelled", "slow", "own timeout"])
    async def test_tries_again_what_failed(self, seen: Seen, word: str) -> None:
        failed = await outcome(taken(word), seen)
        assert failed.state == "retryable"
        assert failed.wait is not None
        assert 17 <= failed.wait <= 18.7
        assert failed.counts

    @pytest.mark.parametrize("word", ["raise", "slow"])
    async def test_gives_up_after_the_last_attempt(self, seen: Seen, word: str) -> None:
        assert (await outcome(taken(word, attempt=3), seen)).state == "discarded"

    async def test_keeps_the_trace(self, seen: Seen) -> None:
        failed = await outcome(taken("raise"), seen)
        assert failed.error is not None
        assert "test_executor.py" in failed.error
        assert "ValueError: no \\x00 luck" in failed.error

    async def test_tells_which_job_it_was_and_what_it_was_for(self, seen: Seen) -> None:
        origin = {"request_id": "r-1"}
        with written() as lines:
            await outcome(taken("raise", origin=origin), seen)
            await outcome(taken("raise", attempt=3), seen)
        first, last = lines.all
        assert (first["job_id"], first["worker"], first["queue"]) == (7, "act", "default")
        assert (first["attempt"], first["request_id"], first["level"]) == (1, "r-1", "warning")
        assert (last["attempt"], last.get("request_id"), last["level"]) == (3, None, "error")

    async def test_says_what_took_too_long(self, seen: Seen) -> None:
        assert "more than 0.05 s" in str((await outcome(taken("slow"), seen)).error)
        assert "theirs" in str((await outcome(taken("own timeout"), seen)).error)

    async def test_obeys_the_result(self, seen: Seen) -> None:
        snoozed = await outcome(taken("snooze"), seen)
        assert (snoozed.state, snoozed.wait, snoozed.counts) == ("scheduled", 30, False)
        cancelled = await outcome(taken("cancel"), seen)
        assert (cancelled.state, cancelled.error) == ("cancelled", "not needed")

    async def test_of_nothing_keeps_nothing_but_earlier_failures(self, seen: Seen) -> None:
        idle = await outcome(taken("nothing"), seen)
        assert (idle.state, idle.kept) == ("completed", False)
        assert (await outcome(taken("nothing", attempt=2), seen)).kept

    async def test_tries_again_what_it_cannot_read(self, seen: Seen) -> None:
        failed = await outcome(taken(args='{"word": 3}'), seen)
        assert failed.state == "retryable"
        assert "$.word" in str(failed.error)

    async def test_leaves_a_stranger_to_newer_nodes_for_a_day(self, seen: Seen) -> None:
        later = await outcome(taken(worker="tomorrow"), seen)
        assert (later.state, later.counts) == ("retryable", False)
        old: datetime = clock.now() - timedelta(days=2)
        given_up = await outcome(taken(worker="tomorrow", inserted_at=old), seen)
        assert given_up.state == "discarded"

    async def test_passes_on_that_it_is_cancelled_itself(self, seen: Seen) -> None:
        task = asyncio.create_task(execute({"act": act}, seen, taken("slow")))
        await holds(lambda: seen.words)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_survives_a_backoff_that_fails(
        self, seen: Seen, caplog: pytest.LogCaptureFixture
    ) -> None:
        @job(backoff=lambda _attempt, _most: 1 // 0)
        async def bad(seen: Seen, args: Word) -> None:
            raise ValueError

        with caplog.at_level(logging.ERROR):
            failed = await execute({"bad": bad}, seen, taken(worker="bad"))
        assert failed.state == "retryable"
        assert "a backoff failed" in caplog.text
