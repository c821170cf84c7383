"""How long backups are kept."""

from collections.abc import Sequence
from datetime import timedelta

from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.storage import Storage

from . import history
from .manifest import FOLDER, Backup, dump_key, list_backups, manifest_key, verified_key
from .vault import Vault, failing

UNFINISHED = timedelta(hours=24)
"""A dump without a manifest may be one that is being made, for so long."""


async def prune_backups(vault: Vault, db: Repo) -> list[str]:
    """Remove the backups beyond those to keep, those that are no true copies, and what killed makers left.

    The ids of what is gone. The newest that was restored well is kept, however old. Twice is harmless.
    """
    with failing():
        ids = [each.id for each in superfluous(await list_backups(vault.storage), vault.keep)]
        for id in ids:
            # The manifest first: without it nobody takes for a backup what is only half there.
            await vault.storage.delete(manifest_key(id))
            await vault.storage.delete(verified_key(id), dump_key(id))
        await _sweep(vault.storage)
    if ids:
        await history.deleted(db, ids)
    return ids


def superfluous(backups: Sequence[Backup], keep: int) -> list[Backup]:
    """Which of them, given newest first, are to go.

    One that failed to be restored is worth nothing but to be looked at, while nothing newer is there.
    """
    verified = next((each for each in backups if each.is_verified), None)
    failed = [each for each in backups if each.has_failed]
    sound = [each for each in backups if not each.has_failed]
    gone = [each for each in sound[keep:] if each is not verified]
    return [each for each in backups if each in gone or (each in failed and each is not backups[0])]


async def _sweep(storage: Storage) -> None:
    objects = [stored async for stored in storage.list(FOLDER)]
    whole = {each.key.rpartition("/")[0] for each in objects if each.key.endswith("/manifest.json")}
    before = clock.now() - UNFINISHED
    left = [
        each.key
        for each in objects
        if each.key.rpartition("/")[0] not in whole and each.modified < before
    ]
    await storage.delete(*left)
    await storage.sweep(older_than=UNFINISHED.total_seconds())
