"""The event log."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from cgraph_kit import streams
from cgraph_kit.db import Database, Repo, Transaction
from cgraph_kit.ids import new_id


class TestSplice:
    def test_adds_seq_to_an_object(self) -> None:
        assert msgspec.json.decode(streams.splice(b'{"a":1}', 7)) == {"a": 1, "seq": 7}

    def test_adds_seq_to_an_empty_object(self) -> None:
        assert msgspec.json.decode(streams.splice(b"{}", 7)) == {"seq": 7}


class TestAppend:
    async def test_numbers_from_one_without_gaps(self, db: Transaction) -> None:
        stream = new_id()
        await streams.create(db, stream)
        assert [await streams.append(db, stream, "said", {"n": n}) for n in range(3)] == [1, 2, 3]

    async def test_gives_parallel_writers_different_numbers_in_commit_order(
        self, database: Database
    ) -> None:
        stream = new_id()
        async with database.transaction() as tx:
            await streams.create(tx, stream)
        committed: list[int] = []

        async def write() -> None:
            async with database.transaction() as tx:
                seq = await streams.append(tx, stream, "said", {})
            committed.append(seq)

        await asyncio.gather(*(write() for _ in range(20)))
        assert sorted(committed) == list(range(1, 21))

    async def test_frees_the_number_of_a_write_that_was_rolled_back(
        self, database: Database
    ) -> None:
        stream = new_id()
        async with database.transaction() as tx:
            await streams.create(tx, stream)
        with pytest.raises(RuntimeError):
            async with database.transaction() as tx:
                await streams.append(tx, stream, "said", {})
                raise RuntimeError
        async with database.transaction() as tx:
            assert await streams.append(tx, stream, "said", {}) == 1


class TestAppendMany:
    async def test_numbers_each_stream_in_order(self, db: Transaction) -> None:
        first, second = new_id(), new_id()
        await streams.create_many(db, [first, second])
        await streams.append(db, second, "said", {"n": 0})
        events = [
            streams.New(stream, "said", {"n": n})
            for n, stream in enumerate((first, second, first, new_id(), second), 1)
        ]
        assert await streams.append_many(db, events) == [1, 2, 2, None, 3]
        found = await streams.between(db, second, 0, 3)
        assert found is not None
        assert [msgspec.json.decode(event.payload)["n"] for event in found] == [0, 2, 5]

    async def test_of_nothing(self, db: Transaction) -> None:
        assert await streams.append_many(db, []) == []

    async def test_meets_others_without_a_deadlock(self, database: Database) -> None:
        ids = [new_id() for _ in range(6)]
        async with database.transaction() as tx:
            await streams.create_many(tx, ids)

        async def write(n: int) -> None:
            order = ids if n % 2 else ids[::-1]
            async with database.transaction() as tx:
                await streams.append_many(tx, [streams.New(id, "said", {}) for id in order])

        await asyncio.gather(*(write(n) for n in range(10)))
        assert set((await streams.last_seqs(database, ids)).values()) == {10}


class TestSince:
    async def stream(self, db: Transaction, events: int) -> object:
        stream = new_id()
        await streams.create(db, stream)
        for n in range(events):
            await streams.append(db, stream, "said", {"n": n})
        return stream

    async def test_gives_exactly_what_came_after(self, db: Transaction) -> None:
        stream = await self.stream(db, 5)
        missed = await streams.since(db, stream, 3, most=10)
        assert (missed.seq, missed.reason) == (5, None)
        assert [msgspec.json.decode(event.body()) for event in missed.events] == [
            {"n": 3, "seq": 4},
            {"n": 4, "seq": 5},
        ]

    async def test_is_empty_for_who_missed_nothing(self, db: Transaction) -> None:
        stream = await self.stream(db, 2)
        missed = await streams.since(db, stream, 2, most=10)
        assert (missed.events, missed.reason) == ([], None)

    @pytest.mark.parametrize(("since", "most", "reason"), [(9, 10, "ahead"), (0, 4, "too_many")])
    async def test_says_why_there_is_no_replay(
        self, db: Transaction, since: int, most: int, reason: str
    ) -> None:
        stream = await self.stream(db, 5)
        missed = await streams.since(db, stream, since, most=most)
        assert (missed.seq, missed.events, missed.reason) == (5, [], reason)

    async def test_is_expired_when_the_log_has_lost_a_part(self, db: Transaction) -> None:
        stream = await self.stream(db, 5)
        await db.value("DELETE FROM events WHERE stream_id = $1 AND seq = 2", stream)
        assert (await streams.since(db, stream, 1, most=10)).reason == "expired"
        assert (await streams.since(db, stream, 2, most=10)).reason is None


class TestKeepPartitions:
    async def test_makes_the_coming_days_and_drops_the_old(self, db: Transaction) -> None:
        stream = new_id()
        await streams.create(db, stream)
        await streams.append(db, stream, "said", {})
        await streams.keep_partitions(db, retention_days=8)
        today = datetime.now(UTC)
        names = await partitions(db)
        assert {f"events_{today + timedelta(days=day):%Y%m%d}" for day in range(4)} <= names
        old = f"events_{today - timedelta(days=9):%Y%m%d}"
        await db.value(
            f"CREATE TABLE {old} PARTITION OF events FOR VALUES FROM ('{today - timedelta(days=10)}') "
            f"TO ('{today - timedelta(days=9)}')"
        )
        await streams.keep_partitions(db, retention_days=8)
        assert old not in await partitions(db)

    async def test_moves_what_the_default_partition_caught(self, db: Transaction) -> None:
        stream = new_id()
        await streams.create(db, stream)
        await streams.append(db, stream, "said", {"n": 1})
        await streams.keep_partitions(db, retention_days=8)
        assert await db.value("SELECT count(*) FROM events_default") == 0
        assert len((await streams.since(db, stream, 0, most=5)).events) == 1

    async def test_is_put_off_while_somebody_reads_the_table_for_long(self, clones: Any) -> None:
        database = await Database.connect(await clones.make(), pool_size=3)
        try:
            async with database.transaction() as reader:
                await reader.value("LOCK TABLE events, events_default IN ACCESS SHARE MODE")
                await streams.keep_partitions(database, retention_days=8)
                assert await partitions(reader) == {"events_default"}
            await streams.keep_partitions(database, retention_days=8)
            assert len(await partitions(database)) == 5
        finally:
            await database.close()


async def partitions(db: Repo) -> set[str]:
    return set(
        await db.value(
            "SELECT array_agg(c.relname::text) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'events'::regclass"
        )
    )
