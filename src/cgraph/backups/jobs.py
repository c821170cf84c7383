"""The nightly backup."""

from typing import TYPE_CHECKING

import msgspec

from cgraph.settings import Settings
from cgraph_kit.jobs import Cancel, Cron, Unique, job

from .daily import back_up
from .errors import Unverified
from .vault import vault_of

if TYPE_CHECKING:
    from cgraph.application import App


class DatabaseBackup(msgspec.Struct, frozen=True):
    """Of the whole database."""


@job(queue="backups", max_attempts=3, unique=Unique(period=3600), timeout=None)
async def database_backup(app: "App", _args: DatabaseBackup) -> Cancel | None:
    """Make a backup, try it by restoring it, and remove the old ones. It ends by its own time-outs.

    Twice is harmless: it makes one backup more, and two at once exclude each other. One that is no true copy is not made
    again in the same night: the operator is told, and the next one would be the same.
    """
    try:
        await back_up(vault_of(app.settings, app.direct, app.storage), app.db, again=True)
    except Unverified as error:
        return Cancel(str(error))
    return None


def crontab(settings: Settings) -> list[Cron]:
    """When it is made: daily at the operator's time, or never."""
    if settings.backup_at == "off":
        return []
    hour, minute = settings.backup_at.split(":")
    return [Cron(f"{int(minute)} {int(hour)} * * *", database_backup)]
