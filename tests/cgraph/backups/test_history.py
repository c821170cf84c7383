"""The metrics of backups."""

import dataclasses
from pathlib import Path

import pytest

from cgraph.backups import BackupError, Vault, back_up, observe
from cgraph_kit import telemetry
from cgraph_kit.db import Database


def reading(name: str) -> float:
    value = telemetry.registry.get_sample_value(name)
    assert value is not None
    return value


class TestObserve:
    async def test_a_good_backup_is_seen(self, vault: Vault, own: Database) -> None:
        made = await back_up(vault, own)
        assert (
            abs(reading("backup_newest_verified_timestamp_seconds") - made.made_at.timestamp()) < 60
        )
        assert reading("backup_restore_seconds") > 0
        assert reading("backup_size_bytes") == made.size
        assert reading("backup_failing") == 0

    async def test_a_failed_one_is_seen_by_every_node(
        self, vault: Vault, own: Database, broken_tools: Path
    ) -> None:
        with pytest.raises(BackupError):
            await back_up(dataclasses.replace(vault, bindir=broken_tools), own)
        await observe(own)
        assert reading("backup_failing") == 1
