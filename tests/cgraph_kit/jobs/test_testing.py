"""What tests of jobs are given."""

import pytest

from cgraph_kit.db import Transaction
from cgraph_kit.jobs import Cancel, Result, Snooze, job
from cgraph_kit.jobs.testing import (
    assert_enqueued,
    drain,
    inline,
    list_enqueued,
    refute_enqueued,
)
from support.later import Seen, Word


@job(max_attempts=2)
async def act(seen: Seen, args: Word) -> Result:
    """Does as it is told."""
    seen.words.append(args.word)
    if args.word == "raise":
        raise ValueError
    return {"snooze": Snooze(60), "cancel": Cancel("no")}.get(args.word)


@job(queue="other")
async def other(seen: Seen, args: Word) -> None:
    """Keeps the word."""
    seen.words.append(args.word)


class TestAssertEnqueued:
    async def test_finds_what_waits_by_some_of_its_arguments(self, db: Transaction) -> None:
        enqueued = await act.enqueue(db, word="x", schedule_in=60)
        assert (await assert_enqueued(db, act, word="x")).id == enqueued.id
        assert len(await list_enqueued(db, act)) == 1
        await refute_enqueued(db, act, word="y")
        await refute_enqueued(db, other)

    async def test_says_what_there_is_instead(self, db: Transaction) -> None:
        await act.enqueue(db, word="x")
        with pytest.raises(AssertionError, match=r"available \{'word': 'x'\}"):
            await assert_enqueued(db, act, word="y")
        with pytest.raises(AssertionError, match="waits"):
            await refute_enqueued(db, act)
        with pytest.raises(AssertionError, match="none"):
            await assert_enqueued(db, other)


class TestDrain:
    async def test_does_what_is_available(self, db: Transaction, seen: Seen) -> None:
        for word in ("fine", "raise", "cancel", "snooze"):
            await act.enqueue(db, word=word)
        await act.enqueue(db, word="later", schedule_in=60)
        await other.enqueue(db, word="there")
        assert await drain(db, seen, [act, other], queue="default") == {
            "completed": 1,
            "retryable": 1,
            "cancelled": 1,
            "scheduled": 1,
        }
        assert await drain(db, seen, [act, other]) == {"completed": 1}
        assert seen.words == ["fine", "raise", "cancel", "snooze", "there"]

    async def test_does_what_waits_when_asked_to(self, db: Transaction, seen: Seen) -> None:
        await act.enqueue(db, word="raise")
        await act.enqueue(db, word="later", schedule_in=3600)
        done = await drain(db, seen, [act], scheduled=True)
        assert done == {"completed": 1, "retryable": 1, "discarded": 1}

    async def test_notices_what_never_ends(self, db: Transaction, seen: Seen) -> None:
        await act.enqueue(db, word="snooze")
        with pytest.raises(AssertionError, match="no end"):
            await drain(db, seen, [act], scheduled=True)


class TestInline:
    async def test_does_it_at_once_and_raises_what_it_raises(
        self, db: Transaction, seen: Seen
    ) -> None:
        with inline(seen):
            assert (await act.enqueue(db, word="fine")).state == "completed"
            assert (await act.enqueue(db, word="snooze")).state == "scheduled"
            await act.enqueue_all(db, [Word("a"), Word("b")])
            with pytest.raises(ValueError):  # noqa: PT011
                await act.enqueue(db, word="raise")
        assert seen.words == ["fine", "snooze", "a", "b", "raise"]
        assert await db.value("SELECT count(*) FROM jobs") == 0
        await act.enqueue(db, word="x")
        await assert_enqueued(db, act, word="x")
