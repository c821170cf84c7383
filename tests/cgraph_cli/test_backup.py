"""`cgraph backup` and `cgraph restore`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from support.buckets import buckets

Run = Callable[..., Awaitable[Any]]


@pytest.fixture
async def backed(cgraph: Run, clones: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, on a database of its own."""
    monkeypatch.setenv("DATABASE_URL", await clones.make())
    return cgraph


async def run(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


class TestNow:
    async def test_makes_one_and_tries_it(self, backed: Run, tmp_path: Path) -> None:
        ran = await backed("backup", "now")
        assert ran.code == 0, ran.err
        assert "well on" in ran.out
        assert str(tmp_path / "data" / "storage") in ran.out

    async def test_need_not_be_tried(self, backed: Run) -> None:
        assert "not tried" in (await backed("backup", "now", "--no-verify")).out

    async def test_says_what_is_missing(
        self, backed: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("CGRAPH_PG_BINDIR", str(tmp_path))
        ran = await backed("backup", "now")
        assert ran.code == 1
        assert "install postgresql-client-" in ran.err

    async def test_without_a_database_there_is_nothing_to_do(
        self, backed: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("DATABASE_URL")
        ran = await backed("backup", "now")
        assert ran.code == 1
        assert "there is no database in" in ran.err
        assert not (tmp_path / "data" / "postgres").exists()

    async def test_being_killed_leaves_no_backup(
        self, backed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tools = tmp_path / "tools"
        tools.mkdir()
        for name in ("pg_dump", "pg_restore"):
            (tools / name).write_text(
                '#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 99.1" && exit\n'
                "echo PGDMP; exec sleep 60\n"
            )
            (tools / name).chmod(0o755)
        command = [sys.executable, "-m", "cgraph_cli.main", "backup", "now"]
        environment = os.environ | {"CGRAPH_PG_BINDIR": str(tools)}
        process = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: ASYNC220
        try:
            await begun(os.environ["DATABASE_URL"])
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        ran = await backed("backup", "list")
        assert "There is no backup yet" in ran.out
        assert (await backed("backup", "now")).code == 0
        results = await run(
            os.environ["DATABASE_URL"], "SELECT array_agg(result ORDER BY started_at) FROM backups"
        )
        assert results == ["interrupted", "made"]


async def begun(dsn: str) -> None:
    """When the diary says that one is running."""
    for _ in range(300):
        if await run(dsn, "SELECT count(*) FROM backups WHERE result = 'running'"):
            return
        await run(dsn, "SELECT pg_sleep(0.1)")
    raise AssertionError("no backup has begun")


class TestList:
    async def test_names_each_and_what_a_loss_would_cost(self, backed: Run) -> None:
        await backed("backup", "now", "--no-verify")
        assert "None was ever restored well" in (await backed("backup", "list")).out
        await backed("backup", "verify")
        ran = await backed("backup", "list")
        assert "well on" in ran.out
        assert "A loss now would cost" in ran.out
        assert "(RTO: as measured then)" in ran.out

    async def test_needs_no_database(self, backed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        await backed("backup", "now", "--no-verify")
        monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")
        ran = await backed("backup", "list")
        assert ran.code == 0
        assert "not tried" in ran.out
        assert "cannot use the database" in ran.err

    async def test_tells_of_failures_since(self, backed: Run) -> None:
        await run(
            os.environ["DATABASE_URL"],
            "INSERT INTO backups (id, location, started_at, finished_at, result, error)"
            " VALUES ('20990101T000000Z-aaaa', '', now(), now(), 'failed', 'the disk is full')",
        )
        ran = await backed("backup", "list")
        assert "20990101T000000Z-aaaa failed: the disk is full" in ran.err

    async def test_as_json_is_one_line_for_each(self, backed: Run) -> None:
        assert (await backed("backup", "list", "--json")).out == ""
        await backed("backup", "now", "--no-verify")
        await backed("backup", "now")
        lines = (await backed("backup", "list", "--json")).out.splitlines()
        tried = [json.loads(line)["verification"] for line in lines]
        assert len(tried) == 2
        assert [one["passed"] for one in tried if one] == [True]


class TestVerify:
    async def test_one_by_its_name(self, backed: Run) -> None:
        name = (await backed("backup", "now", "--no-verify")).out.split(":")[0]
        ran = await backed("backup", "verify", name)
        assert ran.code == 0
        assert "It is a true copy." in ran.out

    async def test_one_that_was_changed(self, backed: Run, tmp_path: Path) -> None:
        await backed("backup", "now", "--no-verify")
        [dump] = (tmp_path / "data" / "storage").rglob("database.dump")
        dump.write_bytes(dump.read_bytes()[:-1] + b"?")
        ran = await backed("backup", "verify")
        assert ran.code == 1
        assert "SHA-256" in ran.err
        assert "FAILED on" in (await backed("backup", "list")).out


class TestRestore:
    @pytest.fixture
    async def lost(self, backed: Run, clones: Any, monkeypatch: pytest.MonkeyPatch) -> str:
        """The address of an empty database, now the one that is set; a backup is in the store."""
        dsn = os.environ["DATABASE_URL"]
        await run(dsn, "INSERT INTO streams (id) VALUES (gen_random_uuid()) RETURNING 1")
        await backed("backup", "now", "--no-verify")
        empty = str(await clones.make())
        await run(empty, "DROP SCHEMA public CASCADE")
        await run(empty, "CREATE SCHEMA public")
        monkeypatch.setenv("DATABASE_URL", empty)
        return empty

    async def test_into_an_empty_database(self, lost: str, cgraph: Run) -> None:
        ran = await cgraph("restore")
        assert ran.code == 0, ran.err
        assert "the same as were backed up" in ran.out
        assert await run(lost, "SELECT count(*) FROM streams") == 1

    async def test_what_is_not_empty_is_asked_for_by_name(self, lost: str, cgraph: Run) -> None:
        await cgraph("restore")
        await run(lost, "DELETE FROM streams")
        refused = await cgraph("restore")
        assert refused.code == 1
        assert "--replace" in refused.err
        unasked = await cgraph("restore", "--replace")
        assert unasked.code == 2
        assert "--yes" in unasked.err
        assert (await cgraph("restore", "--replace", "--yes")).code == 0
        assert await run(lost, "SELECT count(*) FROM streams") == 1

    async def test_from_a_bucket_with_its_keys(
        self, lost: str, cgraph: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with buckets() as server:
            for name, value in (
                ("ENDPOINT", server.options.endpoint),
                ("ACCESS_KEY", server.options.access_key),
                ("SECRET_KEY", server.options.secret_key),
            ):
                monkeypatch.setenv(f"CGRAPH_S3_{name}", str(value))
            place = f"s3://{server.make()}/nightly"
            with monkeypatch.context() as there:
                there.setenv("CGRAPH_STORAGE_URL", place)
                assert (await cgraph("backup", "now", "--no-verify")).code == 0
            await run(lost, "DROP SCHEMA IF EXISTS public CASCADE")
            await run(lost, "CREATE SCHEMA public")
            ran = await cgraph("restore", "--from", place)
        assert ran.code == 0, ran.err

    async def test_a_store_that_is_empty(self, lost: str, cgraph: Run, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        ran = await cgraph("restore", "--from", tmp_path / "empty")
        assert ran.code == 1
        assert "there is no backup in" in ran.err

    async def test_a_directory_that_is_not_there(
        self, lost: str, cgraph: Run, tmp_path: Path
    ) -> None:
        ran = await cgraph("restore", "--from", tmp_path / "nothing")
        assert ran.code == 2
        assert f"there is no directory {tmp_path / 'nothing'}" in ran.err
