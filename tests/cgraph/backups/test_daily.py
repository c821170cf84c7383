"""The nights on which something is wrong."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cgraph.application import App
from cgraph.backups import (
    BackupError,
    Unverified,
    Vault,
    back_up,
    database_backup,
    list_backups,
    recent_runs,
)
from cgraph_kit.db import Database
from cgraph_kit.jobs.testing import drain
from cgraph_kit.storage import LocalStorage, StorageError


class Spoiling(LocalStorage):
    """What is read is not what was written."""

    async def stream(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        async for piece in super().stream(key, start=start, end=end):
            yield piece[:-1] + bytes([piece[-1] ^ 1])


class Away(LocalStorage):
    """It can be written to, and dumps cannot be read."""

    async def stream(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        raise StorageError("the store is away")
        yield b""


class TestBackUp:
    async def test_that_is_no_true_copy_leaves_the_good_ones_and_itself(
        self, vault: Vault, own: Database, tmp_path: Path
    ) -> None:
        good = await back_up(vault, own)
        spoiling = dataclasses.replace(vault, storage=Spoiling(tmp_path / "storage"))
        for _ in range(3):
            with pytest.raises(Unverified):
                await back_up(spoiling, own)
        newest, last = await list_backups(vault.storage)
        assert newest.has_failed
        assert (last.id, last.is_verified) == (good.id, True)

    async def test_that_cannot_be_tried_leaves_the_good_one_and_no_more_than_are_kept(
        self, vault: Vault, own: Database, tmp_path: Path
    ) -> None:
        good = await back_up(vault, own)
        away = dataclasses.replace(vault, storage=Away(tmp_path / "storage"))
        for _ in range(vault.keep + 2):
            with pytest.raises(BackupError, match="the store is away"):
                await back_up(away, own)
        found = await list_backups(vault.storage)
        assert [each.is_verified for each in found] == [*[False] * vault.keep, True]
        assert found[-1].id == good.id
        (run, *_) = await recent_runs(own)
        assert (run.failed, run.verification_error) == (True, "the store is away")

    async def test_again_tries_the_one_that_could_not_be_tried(
        self, vault: Vault, own: Database, tmp_path: Path
    ) -> None:
        away = dataclasses.replace(vault, storage=Away(tmp_path / "storage"))
        with pytest.raises(BackupError):
            await back_up(away, own, again=True)
        made = await back_up(vault, own, again=True)
        (only,) = await list_backups(vault.storage)
        assert (only.id, only.is_verified) == (made.id, True)
        (run,) = await recent_runs(own)
        assert not run.failed
        assert (await back_up(vault, own, again=True)).id != made.id


class TestDatabaseBackup:
    async def test_makes_one_in_a_night_however_it_fails(
        self, app: App, own: Database, own_dsn: str, tmp_path: Path
    ) -> None:
        for kind, outcome in ((Away, "discarded"), (Spoiling, "cancelled")):
            storage = kind(tmp_path / kind.__name__)
            changed = dataclasses.replace(app, db=own, direct=own_dsn, storage=storage)
            await own.value("DELETE FROM jobs")
            await own.value("DELETE FROM backups")
            await database_backup.enqueue(own)
            done = await drain(own, changed, [database_backup], scheduled=True)
            assert outcome in done
            assert len(await list_backups(storage)) == 1
