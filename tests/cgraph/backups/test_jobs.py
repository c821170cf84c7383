"""The nightly backup."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cgraph.application import App
from cgraph.backups import crontab, database_backup, list_backups
from cgraph.settings import Settings
from cgraph_kit.db import Database
from cgraph_kit.jobs.testing import drain
from cgraph_kit.storage import LocalStorage


class TestDatabaseBackup:
    async def test_makes_one_and_tries_it(
        self, app: App, own: Database, own_dsn: str, tmp_path: Path
    ) -> None:
        storage = LocalStorage(tmp_path / "storage")
        changed = dataclasses.replace(app, db=own, direct=own_dsn, storage=storage)
        await database_backup.enqueue(own)
        await database_backup.enqueue(own)  # asked for twice within the hour, made once
        assert await drain(own, changed, [database_backup]) == {"completed": 1}
        [backup] = await list_backups(storage)
        assert backup.is_verified


class TestCrontab:
    @pytest.mark.parametrize(("at", "hour", "minute"), [("02:00", 2, 0), ("23:05", 23, 5)])
    def test_daily_at_that_time(self, at: str, hour: int, minute: int) -> None:
        [cron] = crontab(Settings(backup_at=at))
        assert cron.worker is database_backup
        following = cron.after(datetime(2026, 3, 1, tzinfo=UTC))
        assert following == datetime(2026, 3, 1, hour, minute, tzinfo=UTC)

    def test_off_is_never(self) -> None:
        assert crontab(Settings(backup_at="off")) == []

    @pytest.mark.parametrize("at", ["2:00", "24:00", "02:60", "", "night"])
    def test_what_is_no_time_is_refused(self, at: str) -> None:
        with pytest.raises(ValueError, match="backup_at"):
            Settings(backup_at=at)
