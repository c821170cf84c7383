"""`cgraph migrate`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cgraph_kit.engines import PostgresServer

Run = Callable[..., Awaitable[Any]]


async def execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(sql)
    await connection.close()


class TestMigrate:
    async def test_a_database_that_is_up_to_date_stays(self, cgraph: Run) -> None:
        ran = await cgraph("migrate")
        assert (ran.code, ran.out) == (0, "The database is up to date.\n")
        assert (await cgraph("migrate", "--check")).code == 0

    async def test_an_empty_one_is_brought_up_to_date(
        self, cgraph: Run, server_dsn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        postgres = server_dsn.format(database="postgres")
        await execute(postgres, "CREATE DATABASE to_migrate TEMPLATE template0")
        try:
            monkeypatch.setenv("DATABASE_URL", server_dsn.format(database="to_migrate"))
            checked = await cgraph("migrate", "--check")
            migrated = await cgraph("migrate")
            again = await cgraph("migrate", "--check")
        finally:
            await execute(postgres, "DROP DATABASE to_migrate")
        assert checked.code == 1
        assert "0001_streams is to run" in checked.out
        assert "0001_streams" in migrated.out
        assert again.code == 0

    async def test_a_newer_one_is_refused(
        self, cgraph: Run, clones: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dsn = await clones.make()
        await execute(dsn, "INSERT INTO schema_migrations VALUES (9999, '9999_later', 'x')")
        monkeypatch.setenv("DATABASE_URL", dsn)
        ran = await cgraph("migrate")
        assert ran.code == 1
        assert "9999_later" in ran.err
        assert "Traceback" not in ran.err

    async def test_the_embedded_one_is_started_or_found_running(
        self, cgraph: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("DATABASE_URL")
        first = await cgraph("migrate")
        assert "0001_streams" in first.out
        server = PostgresServer(tmp_path / "data" / "postgres", settings={"fsync": "off"}).start()
        try:
            beside = await cgraph("migrate", "--check")
        finally:
            server.stop()
        assert (beside.code, beside.out) == (0, "The database is up to date.\n")
