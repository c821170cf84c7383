"""Repo, transactions and the events that leave after the commit."""

import traceback
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import msgspec
import pytest

from cgraph_kit.db import Database, Transaction, UniqueViolation, columns
from cgraph_kit.errors import Unavailable


class Thing(msgspec.Struct, frozen=True):
    id: int
    name: str


@pytest.fixture
async def heard(database: Database) -> AsyncIterator[list[Any]]:
    """What the database's subscriber is told."""
    told: list[Any] = []

    def listen(events: Sequence[Any]) -> None:
        told.extend(events)

    before, database.subscriber = database.subscriber, listen
    yield told
    database.subscriber = before


class TestColumns:
    def test_are_the_fields_in_order(self) -> None:
        assert columns(Thing) == "id, name"
        assert columns(Thing, "t") == "t.id, t.name"


class TestReading:
    async def test_builds_rows_positionally(self, db: Transaction) -> None:
        sql = "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t (id, name) ORDER BY id"
        assert await db.all(Thing, sql) == [Thing(1, "a"), Thing(2, "b")]
        assert await db.first(Thing, sql) == Thing(1, "a")
        assert await db.value(sql) == 1
        assert await db.values(sql) == [1, 2]

    async def test_says_none_for_what_may_be_missing(self, db: Transaction) -> None:
        assert await db.first(Thing, "SELECT 1, 'a' WHERE false") is None

    async def test_fails_for_what_must_be_there(self, db: Transaction) -> None:
        with pytest.raises(LookupError, match="no Thing"):
            await db.one(Thing, "SELECT 1, 'a' WHERE false")

    async def test_reads_and_writes_json(self, db: Transaction) -> None:
        assert await db.value("SELECT $1::jsonb", {"a": [1, "ü"]}) == {"a": [1, "ü"]}


class TestPublish:
    async def test_waits_for_the_outermost_commit(
        self, database: Database, heard: list[Any]
    ) -> None:
        async with database.transaction() as tx:
            async with tx.transaction() as inner:
                inner.publish("one")
            assert heard == []
            tx.publish("two")
        assert heard == ["one", "two"]

    async def test_forgets_what_was_rolled_back(self, database: Database, heard: list[Any]) -> None:
        with pytest.raises(RuntimeError):
            async with database.transaction() as tx:
                tx.publish("never")
                raise RuntimeError
        assert heard == []

    async def test_forgets_what_a_savepoint_undid(
        self, database: Database, heard: list[Any]
    ) -> None:
        async with database.transaction() as tx:
            tx.publish("kept")
            with pytest.raises(RuntimeError):
                async with tx.savepoint():
                    tx.publish("undone")
                    raise RuntimeError
            assert await tx.value("SELECT 1") == 1
        assert heard == ["kept"]

    async def test_survives_a_failing_subscriber(self, database: Database) -> None:
        def fail(_events: Sequence[Any]) -> None:
            raise RuntimeError("nobody may see this")

        before, database.subscriber = database.subscriber, fail
        try:
            async with database.transaction() as tx:
                tx.publish("event")
        finally:
            database.subscriber = before


class TestOutage:
    async def test_is_told_as_unavailable(self, dsn: str) -> None:
        away = await Database.connect(dsn, pool_size=1)
        with pytest.raises(Unavailable):
            await away.value("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)")
        assert await away.value("SELECT 1") == 1
        await away.close()

    async def test_of_a_transaction_is_told_as_unavailable(self, dsn: str) -> None:
        away = await Database.connect(dsn, pool_size=1)
        with pytest.raises(Unavailable):
            async with away.transaction() as tx:
                await tx.value("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)")
        async with away.transaction() as tx:
            assert await tx.value("SELECT 1") == 1
        await away.close()

    async def test_is_not_what_cannot_be_sent(self, database: Database) -> None:
        with pytest.raises(asyncpg.DataError):
            await database.value("SELECT $1::int", "one")
        with pytest.raises(asyncpg.DataError):
            async with database.transaction() as tx:
                await tx.value("SELECT $1::int", "one")


class TestErrors:
    async def test_do_not_quote_what_people_wrote(self, database: Database) -> None:
        words = " ".join(("in", "confidence"))  # not as tracebacks show this test
        async with database.transaction() as tx:
            await tx.value("CREATE TEMP TABLE quoted (word text UNIQUE) ON COMMIT DROP")
            await tx.value("INSERT INTO quoted VALUES ($1)", words)
            with pytest.raises(UniqueViolation) as twice:
                async with tx.savepoint():
                    await tx.value("INSERT INTO quoted VALUES ($1)", words)
        with pytest.raises(asyncpg.DataError) as argument:
            await database.value("SELECT $1::int", words)
        with pytest.raises(asyncpg.DataError) as cast:
            await database.value("SELECT $1::text::int", words)
        for raised in (twice, argument, cast):
            text = "".join(traceback.format_exception(raised.value))
            assert words not in text
        assert str(argument.value) == "invalid input for query argument $1"
        assert str(cast.value) == "invalid input syntax for type integer"
        assert "quoted_word_key" in str(twice.value)


class TestSlow:
    async def test_tells_the_statement_and_not_its_arguments(
        self, dsn: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        database = await Database.connect(dsn, pool_size=1, slow=1e-9)
        try:
            await database.value("SELECT\n  length($1)", "in confidence")
        finally:
            await database.close()
        (record,) = [one for one in caplog.records if one.message == "slow statement"]
        assert record.__dict__["sql"] == "SELECT length($1)"
        assert "in confidence" not in str(record.__dict__)

    async def test_says_nothing_of_a_quick_one(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert await database.value("SELECT 1") == 1
        assert "slow statement" not in caplog.text
