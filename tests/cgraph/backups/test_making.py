"""Making a backup."""

import asyncio
import dataclasses
import hashlib
from pathlib import Path

import pytest

from cgraph.backups import BackupError, Vault, list_backups, make_backup, recent_runs, verify_backup
from cgraph.backups.manifest import dump_key
from cgraph_kit.db import Database
from cgraph_kit.dump import alone


async def stored(vault: Vault) -> set[str]:
    return {each.key.rpartition("/")[2] async for each in vault.storage.list("backups")}


class TestMakeBackup:
    async def test_stores_what_it_says(self, vault: Vault, own: Database) -> None:
        manifest = await make_backup(vault, own)
        content = await vault.storage.get(dump_key(manifest.id))
        assert manifest.size == len(content)
        assert manifest.sha256 == hashlib.sha256(content).hexdigest()
        assert manifest.facts.rows["public.streams"] == 100
        assert manifest.facts.migrations[0].name == "0001_streams"
        assert [each.manifest for each in await list_backups(vault.storage)] == [manifest]

    async def test_writes_the_diary(self, vault: Vault, own: Database) -> None:
        manifest = await make_backup(vault, own)
        [run] = await recent_runs(own)
        assert (run.id, run.result, run.size) == (manifest.id, "made", manifest.size)
        assert not run.failed

    async def test_reports_how_far_it_is(self, vault: Vault, own: Database) -> None:
        told: list[str] = []
        await make_backup(vault, own, report=lambda _done, _total, note: told.append(note))
        assert "counting public.streams" in told
        assert "MB dumped" in told[-1]

    async def test_is_one_moment_however_much_is_written(self, vault: Vault, own: Database) -> None:
        async def write() -> None:
            while True:
                await own.value("INSERT INTO streams (id) VALUES (gen_random_uuid())")

        writers = [asyncio.create_task(write()) for _ in range(3)]
        try:
            manifest = await make_backup(vault, own)
        finally:
            for writer in writers:
                writer.cancel()
            await asyncio.gather(*writers, return_exceptions=True)
        assert manifest.facts.rows["public.streams"] < await own.value(
            "SELECT count(*) FROM streams"
        )
        assert (await verify_backup(vault, own)).passed

    async def test_a_failure_leaves_nothing_but_its_reason(
        self, vault: Vault, own: Database, broken_tools: Path
    ) -> None:
        with pytest.raises(BackupError, match="the disk is full"):
            await make_backup(dataclasses.replace(vault, bindir=broken_tools), own)
        assert await stored(vault) == set()
        [run] = await recent_runs(own)
        assert run.result == "failed"
        assert "the disk is full" in str(run.error)

    async def test_giving_up_leaves_nothing_either(self, vault: Vault, own: Database) -> None:
        with pytest.raises(BackupError, match="CGRAPH_BACKUP_TIMEOUT_MINUTES"):
            await make_backup(dataclasses.replace(vault, timeout=0.05), own)
        assert await stored(vault) == set()
        assert [run.error for run in await recent_runs(own)] in (
            [],
            ["stopped, or it took too long"],
        )

    async def test_one_at_a_time(self, vault: Vault, own: Database) -> None:
        async with alone(vault.dsn):
            with pytest.raises(BackupError, match="another backup"):
                await make_backup(vault, own)

    async def test_a_killed_one_is_known_afterwards(self, vault: Vault, own: Database) -> None:
        await own.value("INSERT INTO backups (id, location, started_at) VALUES ('1', '', now())")
        await make_backup(vault, own)
        assert {run.result for run in await recent_runs(own)} == {"interrupted", "made"}

    async def test_a_database_that_is_older_than_the_diary(
        self, vault: Vault, own: Database
    ) -> None:
        await own.value("DROP TABLE backups")
        manifest = await make_backup(vault, own)
        assert (await verify_backup(vault, own, manifest.id)).passed
        assert await recent_runs(own) == []

    async def test_tools_that_are_too_old_are_named(
        self, vault: Vault, own: Database, broken_tools: Path
    ) -> None:
        for name in ("pg_dump", "pg_restore"):
            script = (broken_tools / name).read_text()
            (broken_tools / name).write_text(script.replace("99.1", "15.3"))
        with pytest.raises(BackupError, match=r"pg_dump is 15.3 .* install postgresql-client-"):
            await make_backup(dataclasses.replace(vault, bindir=broken_tools), own)
