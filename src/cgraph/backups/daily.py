"""What is done every night: make one, try it, remove the old ones."""

import logging

from cgraph_kit.db import Repo

from .history import observe
from .making import make_backup
from .manifest import Manifest
from .retention import prune_backups
from .vault import Report, Vault, silent
from .verifying import verify_backup

log = logging.getLogger(__name__)


async def back_up(vault: Vault, db: Repo, *, report: Report = silent) -> Manifest:
    """Make a backup, restore it to see that it can be, and remove those beyond the ones to keep.

    Raises `BackupError`. One that could not be verified is kept, and nothing is removed then: whatever is wrong, the
    older ones may be all there is.
    """
    try:
        manifest = await make_backup(vault, db, report=report)
        log.info("backup %s made: %d bytes in %.1f s", manifest.id, manifest.size, manifest.seconds)
        if vault.where != "off":
            tried = await verify_backup(vault, db, manifest.id, report=report)
            log.info("backup %s restored well in %.1f s", manifest.id, tried.seconds)
        await prune_backups(vault, db)
    finally:
        await observe(db)
    return manifest
