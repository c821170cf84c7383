"""Trying a backup."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from cgraph import migrations
from cgraph.backups import (
    BackupError,
    Manifest,
    NoBackup,
    Unverified,
    Vault,
    get_backup,
    make_backup,
    recent_runs,
    restore_backup,
    verify_backup,
)
from cgraph.backups.manifest import dump_key, manifest_key
from cgraph_kit import migrate
from cgraph_kit.db import Database
from cgraph_kit.dump import connected


async def databases(db: Database) -> int:
    """Those that were made to try backups of this one in."""
    count: int = await db.value(
        "SELECT count(*) FROM pg_database AS s, pg_database AS own "
        "WHERE own.datname = current_database() AND s.datname = 'scratch_' || own.oid"
    )
    return count


async def rewrite(vault: Vault, manifest: Manifest, **changes: object) -> None:
    changed = msgspec.structs.replace(manifest, **changes)
    await vault.storage.put(manifest_key(manifest.id), msgspec.json.encode(changed))


class TestVerifyBackup:
    async def test_a_true_copy_passes_and_is_known_to_have(
        self, vault: Vault, own: Database
    ) -> None:
        manifest = await make_backup(vault, own)
        verification = await verify_backup(vault, own)
        assert verification.passed
        assert verification.seconds > 0
        assert (await get_backup(vault.storage, manifest.id)).is_verified
        [run] = await recent_runs(own)
        assert (run.verification, run.restore_seconds) == ("passed", verification.seconds)
        assert await databases(own) == 0

    async def test_on_a_server_that_is_thrown_away(
        self, vault: Vault, own: Database, tmp_path: Path
    ) -> None:
        await make_backup(vault, own)
        verification = await verify_backup(dataclasses.replace(vault, where="embedded"), own)
        assert verification.passed
        assert not vault.work_dir.exists()

    async def test_auto_takes_the_server_where_it_may(self, vault: Vault, own: Database) -> None:
        await make_backup(vault, own)
        assert (await verify_backup(dataclasses.replace(vault, where="auto"), own)).passed
        assert not vault.work_dir.exists()

    async def test_changed_bytes_do_not_pass(self, vault: Vault, own: Database) -> None:
        manifest = await make_backup(vault, own)
        content = bytearray(await vault.storage.get(dump_key(manifest.id)))
        content[-1] ^= 1
        await vault.storage.put(dump_key(manifest.id), bytes(content))
        with pytest.raises(Unverified, match="SHA-256"):
            await verify_backup(vault, own)
        [run] = await recent_runs(own)
        assert run.failed
        assert "SHA-256" in str(run.verification_error)
        assert not (await get_backup(vault.storage, None)).is_verified
        assert await databases(own) == 0

    async def test_fewer_rows_do_not_pass(self, vault: Vault, own: Database) -> None:
        manifest = await make_backup(vault, own)
        rows = manifest.facts.rows | {"public.streams": 101}
        await rewrite(vault, manifest, facts=msgspec.structs.replace(manifest.facts, rows=rows))
        with pytest.raises(Unverified, match=r"public.streams has 100 rows, not 101"):
            await verify_backup(vault, own)

    async def test_a_dump_that_is_gone(self, vault: Vault, own: Database) -> None:
        manifest = await make_backup(vault, own)
        await vault.storage.delete(dump_key(manifest.id))
        with pytest.raises(BackupError, match=r"has no backups/.*database.dump"):
            await verify_backup(vault, own)

    async def test_none_at_all(self, vault: Vault, own: Database) -> None:
        with pytest.raises(NoBackup, match="there is no backup in"):
            await verify_backup(vault, own)

    @pytest.mark.parametrize("id", ["20200101T000000Z-0000", "../x"])
    async def test_one_nobody_made(self, vault: Vault, own: Database, id: str) -> None:
        with pytest.raises(NoBackup, match="cgraph backup list"):
            await verify_backup(vault, own, id)

    async def test_switched_off_says_so(self, vault: Vault, own: Database) -> None:
        await make_backup(vault, own)
        with pytest.raises(BackupError, match="CGRAPH_BACKUP_VERIFY"):
            await verify_backup(dataclasses.replace(vault, where="off"), own)

    async def test_one_of_a_newer_program(self, vault: Vault, own: Database) -> None:
        manifest = await make_backup(vault, own)
        await rewrite(vault, manifest, format=2, version="9.0")
        with pytest.raises(BackupError, match=r"newer CGraph \(9.0\)"):
            await verify_backup(vault, own)


class TestOrdinaryUser:
    """Somebody who owns the database and is nothing else."""

    @pytest.fixture
    async def ordinary(self, vault: Vault, server_dsn: str, tmp_path: Path) -> AsyncIterator[Vault]:
        """The same, for a database of such a user, who may not create others."""
        name = f"ordinary_{uuid4().hex[:8]}"
        await administer(
            server_dsn, f"CREATE ROLE {name} LOGIN", f"CREATE DATABASE {name} OWNER {name}"
        )
        dsn = server_dsn.format(database=name).replace("//postgres@", f"//{name}@")
        await migrate.migrate(dsn, migrations.load())
        yield dataclasses.replace(vault, dsn=dsn, where="auto")
        await administer(server_dsn, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}")

    async def test_backs_up_and_tries_it_on_a_server_that_is_thrown_away(
        self, ordinary: Vault
    ) -> None:
        database = await Database.connect(ordinary.dsn, pool_size=1)
        try:
            await make_backup(ordinary, database)
            assert (await verify_backup(ordinary, database)).passed
        finally:
            await database.close()

    async def test_restores_into_an_empty_database(self, ordinary: Vault) -> None:
        database = await Database.connect(ordinary.dsn, pool_size=1)
        manifest = await make_backup(ordinary, database)
        for statement in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
            await database.value(statement)
        await database.close()
        assert (await restore_backup(ordinary)).manifest.id == manifest.id

    async def test_may_not_replace_and_is_told(self, ordinary: Vault) -> None:
        database = await Database.connect(ordinary.dsn, pool_size=1)
        await make_backup(ordinary, database)
        await database.close()
        with pytest.raises(BackupError, match="permission denied to create database"):
            await restore_backup(ordinary, replace=True)


async def administer(server_dsn: str, *statements: str) -> None:
    async with connected(server_dsn.format(database="postgres")) as connection:
        for statement in statements:
            await connection.execute(statement)
