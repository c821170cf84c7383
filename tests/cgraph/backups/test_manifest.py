"""Backups in a store where things have been changed."""

import pytest

from cgraph.backups import BackupError, Vault, get_backup, list_backups, make_backup, prune_backups
from cgraph.backups.manifest import manifest_key, verified_key
from cgraph_kit.db import Database

NEW = "99990101T000000Z-0000"
"""Newer than any."""


class TestListBackups:
    @pytest.mark.parametrize("damage", [b"", b"{}", b'{"id": '])
    async def test_one_that_is_damaged_hides_no_other(
        self, vault: Vault, own: Database, damage: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        made = await make_backup(vault, own)
        await vault.storage.put(manifest_key(NEW), damage)
        assert [each.id for each in await list_backups(vault.storage)] == [made.id]
        assert NEW in caplog.text
        assert await prune_backups(vault, own) == []
        assert await vault.storage.head(manifest_key(NEW)) is not None

    async def test_so_is_one_whose_trial_cannot_be_read(self, vault: Vault, own: Database) -> None:
        made = await make_backup(vault, own)
        await vault.storage.put(verified_key(made.id), b"?")
        assert await list_backups(vault.storage) == []
        with pytest.raises(BackupError, match="cannot be read"):
            await get_backup(vault.storage, made.id)


class TestGetBackup:
    async def test_no_older_one_stands_in_for_the_newest(self, vault: Vault, own: Database) -> None:
        await make_backup(vault, own)
        await vault.storage.put(manifest_key(NEW), b"{}")
        with pytest.raises(BackupError, match=f"{NEW} cannot be read"):
            await get_backup(vault.storage, None)

    async def test_is_the_one_that_was_asked_for(self, vault: Vault, own: Database) -> None:
        made = await make_backup(vault, own)
        await vault.storage.put(manifest_key(NEW), await vault.storage.get(manifest_key(made.id)))
        with pytest.raises(BackupError, match=f"is that of {made.id}"):
            await get_backup(vault.storage, NEW)
        assert [each.id for each in await list_backups(vault.storage)] == [made.id]
