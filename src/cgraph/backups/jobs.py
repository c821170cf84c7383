"""The nightly backup."""

from typing import TYPE_CHECKING

import msgspec

from cgraph.settings import Settings
from cgraph_kit.jobs import Cron, Unique, job

from .daily import back_up
from .vault import vault_of

if TYPE_CHECKING:
    from cgraph.application import App


class DatabaseBackup(msgspec.Struct, frozen=True):
    """Of the whole database."""


@job(queue="backups", max_attempts=3, unique=Unique(period=3600), timeout=None)
async def database_backup(app: "App", _args: DatabaseBackup) -> None:
    """Make a backup, try it by restoring it, and remove the old ones. It ends by its own time-outs.

    Twice is harmless: it makes one backup more, and two at once exclude each other.
    """
    await back_up(vault_of(app.settings, app.direct, app.storage), app.db)


def crontab(settings: Settings) -> list[Cron]:
    """When it is made: daily at the operator's time, or never."""
    if settings.backup_at == "off":
        return []
    hour, minute = settings.backup_at.split(":")
    return [Cron(f"{int(minute)} {int(hour)} * * *", database_backup)]
