"""Restoring where it counts."""

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from cgraph.backups import BackupError, Vault, make_backup, restore_backup
from cgraph.backups.manifest import manifest_key
from cgraph_kit import clock, streams
from cgraph_kit.db import Database
from cgraph_kit.dump import Applied, connected, is_empty

Elsewhere = Callable[[], Awaitable[Vault]]


async def ask(dsn: str, sql: str) -> object:
    async with connected(dsn) as connection:
        return await connection.fetchval(sql)


class TestRestoreBackup:
    async def test_an_empty_database_becomes_what_the_other_was(
        self, vault: Vault, own: Database, elsewhere: Elsewhere
    ) -> None:
        manifest = await make_backup(vault, own)
        await own.value("DELETE FROM streams")
        target = await elsewhere()
        restored = await restore_backup(target)
        assert restored.manifest.id == manifest.id
        assert await ask(target.dsn, "SELECT count(*) FROM streams") == 100

    async def test_the_event_log_comes_back_with_its_partitions(
        self, vault: Vault, own: Database, elsewhere: Elsewhere
    ) -> None:
        await streams.keep_partitions(own, retention_days=8)
        stream = uuid4()
        for when in (clock.now(), clock.now() - timedelta(days=1)):
            await own.value(
                "INSERT INTO events (stream_id, seq, type, payload, inserted_at) VALUES ($1, 1, 'a', '{}', $2)",
                stream,
                when,
            )
        await make_backup(vault, own)
        target = await elsewhere()
        await restore_backup(target)
        database = await Database.connect(target.dsn, pool_size=1)
        try:
            assert (
                await database.value("SELECT count(*) FROM events WHERE stream_id = $1", stream)
                == 2
            )
            await streams.keep_partitions(database, retention_days=8)
        finally:
            await database.close()

    async def test_what_is_not_empty_is_left_alone(self, vault: Vault, own: Database) -> None:
        await make_backup(vault, own)
        await own.close()
        with pytest.raises(BackupError, match=r"not empty.*--replace"):
            await restore_backup(vault)
        assert await ask(vault.dsn, "SELECT count(*) FROM streams") == 100

    async def test_replace_gives_up_what_was_there(self, vault: Vault, own: Database) -> None:
        await make_backup(vault, own)
        await own.value("INSERT INTO streams (id) VALUES (gen_random_uuid())")
        await own.value("CREATE TABLE later ()")
        await own.close()
        await restore_backup(vault, replace=True)
        assert await ask(vault.dsn, "SELECT count(*) FROM streams") == 100
        assert await ask(vault.dsn, "SELECT to_regclass('later') IS NULL") is True

    async def test_a_failed_replacement_leaves_what_was_there(
        self, vault: Vault, own: Database
    ) -> None:
        manifest = await make_backup(vault, own)
        await own.value("INSERT INTO streams (id) VALUES (gen_random_uuid())")
        await own.close()
        damaged = msgspec.structs.replace(manifest, sha256="0" * 64)
        await vault.storage.put(manifest_key(manifest.id), msgspec.json.encode(damaged))
        with pytest.raises(BackupError, match="SHA-256"):
            await restore_backup(vault, replace=True)
        assert await ask(vault.dsn, "SELECT count(*) FROM streams") == 101

    async def test_nobody_may_be_connected(self, vault: Vault, own: Database) -> None:
        await make_backup(vault, own)
        with pytest.raises(BackupError, match=r"\(cgraph\): stop every node"):
            await restore_backup(vault, replace=True)

    async def test_a_backup_of_a_newer_schema_is_refused(
        self, vault: Vault, own: Database, elsewhere: Elsewhere
    ) -> None:
        manifest = await make_backup(vault, own)
        later = [*manifest.facts.migrations, Applied(9999, "9999_later", "x")]
        facts = msgspec.structs.replace(manifest.facts, migrations=later)
        changed = msgspec.structs.replace(manifest, facts=facts)
        await vault.storage.put(manifest_key(manifest.id), msgspec.json.encode(changed))
        target = await elsewhere()
        with pytest.raises(BackupError, match="9999_later"):
            await restore_backup(target)
        assert await is_empty(target.dsn)

    async def test_it_gives_up_in_time(
        self, vault: Vault, own: Database, elsewhere: Elsewhere
    ) -> None:
        await make_backup(vault, own)
        target = await elsewhere()
        with pytest.raises(BackupError, match="too long"):
            await restore_backup(dataclasses.replace(target, timeout=0.01))
        assert await is_empty(target.dsn)
