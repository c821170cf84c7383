"""What is done every night: make one, try it, remove the old ones."""

import logging
from datetime import timedelta

from cgraph_kit import clock
from cgraph_kit.db import Repo

from . import history
from .errors import BackupError, Unverified
from .making import make_backup
from .manifest import Manifest, get_backup
from .retention import prune_backups
from .vault import Report, Vault, silent
from .verifying import verify_backup

log = logging.getLogger(__name__)

SAME_NIGHT = timedelta(hours=12)
"""What was made within it, and could not be tried, is tried by the next attempt, which makes no other."""


async def back_up(
    vault: Vault, db: Repo, *, again: bool = False, report: Report = silent
) -> Manifest:
    """Make a backup, restore it to see that it can be, and remove those beyond the ones to keep.

    Raises `Unverified` where it is no true copy: it is kept to be looked at until there is a newer one; and `BackupError`
    where it could not be made or tried. However often, no more are kept than are wanted, and the newest that was
    restored well always. `again`: a backup of this night that could not be tried is tried now, instead of another.
    """
    try:
        manifest = await _made(vault, db, report, again=again)
        if vault.where != "off":
            await _try(vault, db, manifest.id, report)
        await prune_backups(vault, db)
    finally:
        await history.observe(db)
    return manifest


async def _made(vault: Vault, db: Repo, report: Report, *, again: bool) -> Manifest:
    if again and (id := await history.find_untried(db, clock.now() - SAME_NIGHT)) is not None:
        return (await get_backup(vault.storage, id)).manifest
    manifest = await make_backup(vault, db, report=report)
    log.info("backup %s made: %d bytes in %.1f s", manifest.id, manifest.size, manifest.seconds)
    return manifest


async def _try(vault: Vault, db: Repo, id: str, report: Report) -> None:
    try:
        tried = await verify_backup(vault, db, id, report=report)
    except BackupError as error:
        if not isinstance(error, Unverified):
            await history.untried(db, id, str(error))
        await prune_backups(vault, db)
        raise
    log.info("backup %s restored well in %.1f s", id, tried.seconds)
