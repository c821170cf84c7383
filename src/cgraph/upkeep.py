"""What is forgotten by the clock: what has expired in every context, and the log's old days."""

import logging
from typing import TYPE_CHECKING

import msgspec

from cgraph_kit import idempotency, streams
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_kit.jobs import Nothing, OnePending, Unique, job

from . import accounts, forums, moderation, notifications
from .settings import Settings

if TYPE_CHECKING:
    from .application import App

log = logging.getLogger(__name__)


class CleanupExpired(msgspec.Struct, frozen=True):
    """Everything that has expired."""


@job(queue="maintenance", max_attempts=3, unique=Unique(period=600), timeout=900)
async def cleanup_expired(app: "App", _args: CleanupExpired) -> None:
    """Drop expired sessions, tokens and named writes; make the log's coming days and drop its old ones.

    Twice is harmless: the second time there is nothing left to do.
    """
    await tidy(app.db, app.settings)


class UpdatePresence(msgspec.Struct, frozen=True):
    """The record of who is connected."""


@job(queue="maintenance", max_attempts=1, timeout=60, unique=OnePending())
async def update_presence(app: "App", _args: UpdatePresence) -> Nothing | None:
    """Take people off the record whose node has died, and keep when they were last seen.

    Twice is harmless: the second time there is nothing left to do.
    """
    return None if await accounts.forget_stale(app.db) else Nothing()


async def begin(db: Repo, settings: Settings) -> None:
    """Do it before anybody is served. What takes too long for that is left to the job."""
    try:
        await tidy(db, settings)
    except Unavailable as error:
        log.warning("what has expired is not all forgotten yet: %s", error)


async def tidy(db: Repo, settings: Settings) -> None:
    """Do it now. Any number of nodes may do it at once."""
    await streams.keep_partitions(db, retention_days=settings.event_retention_days)
    await notifications.keep_record(db)
    await notifications.forget_old(
        db, days=settings.inbox_days, unread_days=settings.inbox_unread_days
    )
    await notifications.forget_devices(db, days=settings.push_device_days)
    await idempotency.forget(db, hours=settings.idempotency_hours)
    await moderation.forget_evidence(db, days=settings.report_evidence_days)
    await accounts.forget_expired(db)
    await forums.forget_drafts(db)
