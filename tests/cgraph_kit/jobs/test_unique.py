"""Jobs of which there may be one."""

import asyncio

import msgspec

from cgraph_kit.db import Database, Transaction
from cgraph_kit.jobs import IF_PENDING, JobsEnqueued, OnePending, Unique, find_job, job, pending_key
from cgraph_kit.jobs.queue import take
from support.later import Nodes, Seen, becomes


class Note(msgspec.Struct, frozen=True):
    place: int
    text: str = ""


@job(unique=Unique(period=60, keys=("place",)))
async def note(seen: Seen, args: Note) -> None:
    """One a minute and place."""


@job(unique=Unique(period=None))
async def ever(seen: Seen, args: Note) -> None:
    """One, as long as it is kept."""


@job(unique=Unique(period=None, states=("available", "scheduled")))
async def waiting(seen: Seen, args: Note) -> None:
    """One that waits."""


@job(unique=OnePending(("place",)), queue="pending")
async def tell(seen: Seen, args: Note) -> None:
    """One that waits, by index."""


class TestUnique:
    async def test_is_one_row_however_many_ask_at_once(self, base: Database) -> None:
        async def ask(n: int) -> int:
            async with base.transaction() as tx:
                enqueued = await note.enqueue(tx, place=1, text=str(n))
                await tx.value("CREATE TEMPORARY TABLE IF NOT EXISTS alive (n int) ON COMMIT DROP")
            return -enqueued.id if enqueued.conflict else enqueued.id

        answers = await asyncio.gather(*(ask(n) for n in range(20)))
        assert await base.value("SELECT count(*) FROM jobs") == 1
        assert len({abs(id) for id in answers}) == 1
        assert sum(id > 0 for id in answers) == 1

    async def test_goes_in_when_the_first_is_rolled_back(self, base: Database) -> None:
        class Undone(Exception):
            pass

        holds, go = asyncio.Event(), asyncio.Event()

        async def first() -> None:
            async with base.transaction() as tx:
                await note.enqueue(tx, place=1)
                holds.set()
                await go.wait()
                raise Undone

        one = asyncio.create_task(first())
        await holds.wait()
        two = asyncio.create_task(note.enqueue(base, place=1))
        go.set()
        assert not (await two).conflict
        assert isinstance((await asyncio.gather(one, return_exceptions=True))[0], Undone)
        assert await base.value("SELECT count(*) FROM jobs") == 1

    async def test_counts_only_the_arguments_named(self, db: Transaction) -> None:
        first = await note.enqueue(db, place=1, text="a")
        assert (await note.enqueue(db, place=1, text="b")).id == first.id
        assert not (await note.enqueue(db, place=2, text="a")).conflict
        assert not (await ever.enqueue(db, place=1, text="a")).conflict
        assert not (await ever.enqueue(db, place=1, text="b")).conflict

    async def test_ends_with_its_period(self, db: Transaction) -> None:
        first = await note.enqueue(db, place=1)
        await db.value("UPDATE jobs SET inserted_at = now() - interval '61 seconds'")
        assert not (await note.enqueue(db, place=1)).conflict
        kept = await ever.enqueue(db, place=1)
        await db.value("UPDATE jobs SET inserted_at = now() - interval '1 year'")
        assert (await ever.enqueue(db, place=1)).id == kept.id
        assert first.id != kept.id

    async def test_counts_only_its_states(self, db: Transaction) -> None:
        first = await ever.enqueue(db, place=1)
        again = await waiting.enqueue(db, place=1)
        await db.value("UPDATE jobs SET state = 'completed'")
        assert (await ever.enqueue(db, place=1)).id == first.id
        assert (await waiting.enqueue(db, place=1)).id != again.id
        await db.value("UPDATE jobs SET state = 'discarded'")
        assert (await ever.enqueue(db, place=1)).id != first.id

    async def test_holds_within_a_batch(self, db: Transaction) -> None:
        there = await note.enqueue(db, place=3)
        enqueued = await note.enqueue_all(
            db, [Note(1, "a"), Note(2), Note(1, "b"), Note(3), Note(2)]
        )
        assert [one.conflict for one in enqueued] == [False, False, True, True, True]
        assert enqueued[0].id == enqueued[2].id
        assert enqueued[3].id == there.id
        stored = await find_job(db, enqueued[0].id)
        assert stored is not None
        assert stored.args["text"] == "a"

    async def test_keeps_the_other_from_beginning_before_this_commit(self, base: Database) -> None:
        """It must see what is written in this transaction."""
        first = await note.enqueue(base, place=1)
        async with base.transaction() as tx:
            assert (await note.enqueue(tx, place=1)).id == first.id
            assert await take(base, "me", "default", 10) == []
        assert [job.id for job in await take(base, "me", "default", 10)] == [first.id]


class TestOnePending:
    async def test_is_one_row_however_many_ask_at_once(self, base: Database) -> None:
        answers = await asyncio.gather(*(tell.enqueue(base, place=n % 2) for n in range(40)))
        assert await base.value("SELECT count(*) FROM jobs") == 2
        assert sum(not one.conflict for one in answers) == 2

    async def test_is_looked_for_again_after_the_commit(self, db: Transaction) -> None:
        """It was locked, and so passed over, while this transaction was open."""
        await tell.enqueue(db, place=1)
        db.events.clear()
        assert (await tell.enqueue(db, place=1)).conflict
        assert db.events == [JobsEnqueued("pending")]

    async def test_is_done_at_the_earliest_time_that_was_asked_for(self, base: Database) -> None:
        first = await tell.enqueue(base, place=1, schedule_in=600)
        sooner = await tell.enqueue(base, place=1, schedule_in=60)
        later = await tell.enqueue(base, place=1, schedule_in=1200)
        assert sooner.id == later.id == first.id
        assert first.scheduled_at > sooner.scheduled_at == later.scheduled_at

    async def test_begins_anew_once_the_other_has_begun(self, base: Database) -> None:
        first = await tell.enqueue(base, place=1)
        await take(base, "me", "pending", 1)
        second = await tell.enqueue(base, place=1)
        assert not second.conflict
        assert second.id != first.id

    async def test_keeps_the_other_from_beginning_before_this_commit(self, base: Database) -> None:
        first = await tell.enqueue(base, place=1)
        async with base.transaction() as tx:
            assert (await tell.enqueue(tx, place=1)).conflict
            assert await take(base, "me", "pending", 10) == []
        assert [job.id for job in await take(base, "me", "pending", 10)] == [first.id]

    async def test_goes_back_beside_one_that_has_come_meanwhile(
        self, base: Database, nodes: Nodes, seen: Seen
    ) -> None:
        @job(unique=OnePending(("place",)), backoff=lambda _attempt, _most: 0)
        async def fragile(seen: Seen, args: Note) -> None:
            seen.words.append(args.text)
            if args.text == "first" and len(seen.words) == 1:
                assert not (await fragile.enqueue(base, place=1, text="second")).conflict
                raise ValueError("once more")

        async with nodes(fragile, queues={"default": 1}):
            first = await fragile.enqueue(base, place=1, text="first")
            done = await becomes(base, first.id, "completed")
            await becomes(base, first.id + 1, "completed")
        assert done.attempt == 2
        assert sorted(seen.words) == ["first", "first", "second"]

    async def test_can_be_written_in_somebody_elses_statement(self, base: Database) -> None:
        sql = f"""
        INSERT INTO jobs (worker, queue, max_attempts, args, pending_key, state, scheduled_at)
        SELECT 'tell', 'pending', 3, jsonb_build_object('place', place), 'tell:' || place,
               'scheduled', now() + interval '5 seconds'
        FROM unnest($1::int[]) AS p (place) ORDER BY place
        ON CONFLICT {IF_PENDING} DO UPDATE SET scheduled_at = jobs.scheduled_at
        """
        await asyncio.gather(*(base.value(sql, [1, 2, 3]) for _ in range(8)))
        assert await base.value("SELECT count(*) FROM jobs") == 3
        assert (await tell.enqueue(base, place=2)).conflict

    async def test_names_its_key_as_sql_would(self) -> None:
        assert pending_key("tell", [1, "x"]) == "tell:1:x"
        assert len(pending_key("tell", ["x" * 10_000])) < 100
