"""The migration runner, on a database of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from cgraph_kit import migrate
from cgraph_kit.migrate import Migration, MigrationError


@pytest.fixture
async def empty(server_dsn: str, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a database without a table."""
    name = f"migrate_{tmp_path.name.lower()}"[:60]
    admin = await asyncpg.connect(server_dsn.format(database="postgres"))
    await admin.execute(f'CREATE DATABASE "{name}"')
    yield server_dsn.format(database=name)
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


A = Migration(1, "0001_a", "CREATE TABLE a (id int)")
B = Migration(2, "0002_b", "CREATE TABLE b (id int); INSERT INTO b VALUES (1)")


class TestLoad:
    def test_reads_the_files_in_order(self, tmp_path: Path) -> None:
        (tmp_path / "0002_b.sql").write_text("two")
        (tmp_path / "0001_a.sql").write_text("one")
        (tmp_path / "README").write_text("not one of them")
        assert [(m.version, m.name, m.sql) for m in migrate.load(tmp_path)] == [
            (1, "0001_a", "one"),
            (2, "0002_b", "two"),
        ]

    @pytest.mark.parametrize("names", [["0002_b.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"]])
    def test_refuses_gaps_repeats_and_strange_names(self, tmp_path: Path, names: list[str]) -> None:
        for name in names:
            (tmp_path / name).write_text("SELECT 1")
        with pytest.raises(MigrationError):
            migrate.load(tmp_path)


class TestMigrate:
    async def test_runs_each_once(self, empty: str) -> None:
        told: list[str] = []
        assert await migrate.migrate(empty, [A], report=lambda m: told.append(m.name)) == [A]
        assert await migrate.migrate(empty, [A, B], report=lambda m: told.append(m.name)) == [B]
        assert await migrate.migrate(empty, [A, B]) == []
        assert told == ["0001_a", "0002_b"]

    async def test_lets_several_nodes_start_at_once(self, empty: str) -> None:
        ran = await asyncio.gather(*(migrate.migrate(empty, [A, B]) for _ in range(4)))
        assert sorted(ran, key=len) == [[], [], [], [A, B]]

    async def test_leaves_nothing_of_one_that_fails(self, empty: str) -> None:
        bad = Migration(2, "0002_bad", "CREATE TABLE b (id int); SELECT 1/0")
        with pytest.raises(MigrationError, match="0002_bad: division by zero"):
            await migrate.migrate(empty, [A, bad])
        assert await migrate.migrate(empty, [A, B]) == [B]

    async def test_refuses_edited_history(self, empty: str) -> None:
        await migrate.migrate(empty, [A])
        edited = Migration(1, "0001_a", "CREATE TABLE a (id bigint)")
        with pytest.raises(MigrationError, match="was changed after it ran"):
            await migrate.migrate(empty, [edited])

    async def test_refuses_a_schema_newer_than_it_knows(self, empty: str) -> None:
        await migrate.migrate(empty, [A, B])
        with pytest.raises(MigrationError, match="0002_b, which this version does not know"):
            await migrate.migrate(empty, [A])

    async def test_runs_what_cannot_be_in_a_transaction(self, empty: str) -> None:
        index = Migration(
            2, "0002_index", "-- no transaction\nCREATE INDEX CONCURRENTLY a_id ON a (id);\n"
        )
        assert await migrate.migrate(empty, [A, index]) == [A, index]
        connection = await asyncpg.connect(empty)
        assert await connection.fetchval("SELECT to_regclass('a_id') IS NOT NULL")
        await connection.close()
