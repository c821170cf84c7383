"""Backups: made of one moment of the database, tried by restoring them, kept for a while, restored when needed."""

from .daily import back_up
from .errors import BackupError, NoBackup, Unverified
from .history import Run, observe, observing, recent_runs
from .jobs import crontab, database_backup
from .making import make_backup
from .manifest import Backup, Manifest, Verification, get_backup, list_backups
from .restoring import Restored, restore_backup
from .retention import prune_backups
from .vault import Report, Vault, vault_of
from .verifying import verify_backup

__all__ = [
    "Backup",
    "BackupError",
    "Manifest",
    "NoBackup",
    "Report",
    "Restored",
    "Run",
    "Unverified",
    "Vault",
    "Verification",
    "back_up",
    "crontab",
    "database_backup",
    "get_backup",
    "list_backups",
    "make_backup",
    "observe",
    "observing",
    "prune_backups",
    "recent_runs",
    "restore_backup",
    "vault_of",
    "verify_backup",
]
