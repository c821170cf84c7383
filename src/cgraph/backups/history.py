"""The diary of backups in the database, and the metrics read from it.

A database that is older than this table has no diary yet: backups of it are made all the same, which is when they are
needed most.
"""

from contextlib import AbstractAsyncContextManager
from datetime import datetime

import msgspec

from cgraph_kit import clock, telemetry
from cgraph_kit.db import Repo, columns
from cgraph_kit.watching import watching

from .manifest import Manifest, Verification

EVERY = 300.0
"""Seconds between two looks at the diary."""

_MADE_AT = telemetry.gauge(
    "backup_newest_timestamp_seconds", "When the newest backup was made, in Unix time; 0: never."
)
_VERIFIED_AT = telemetry.gauge(
    "backup_newest_verified_timestamp_seconds",
    "When the newest backup that was restored well was made; now less this is what a loss would cost (RPO).",
)
_RESTORE_SECONDS = telemetry.gauge(
    "backup_restore_seconds", "How long restoring the newest verified backup took (RTO)."
)
_SECONDS = telemetry.gauge("backup_seconds", "How long making the newest backup took.")
_SIZE = telemetry.gauge("backup_size_bytes", "Size of the newest backup.")
_FAILING = telemetry.gauge("backup_failing", "1 where the last backup, or trying it, failed.")


class Run(msgspec.Struct, frozen=True):
    """One line of the diary."""

    id: str
    started_at: datetime
    result: str
    error: str | None
    seconds: float | None
    size: int | None
    verified_at: datetime | None
    verification: str | None
    verification_error: str | None
    restore_seconds: float | None

    @property
    def failed(self) -> bool:
        return self.result in {"failed", "interrupted"} or self.verification_error is not None


async def begin(db: Repo, id: str, location: str) -> None:
    """Write that it has begun. Who had begun before and not ended was killed: the caller holds the lock."""
    if not await _is_kept(db):
        return
    async with db.transaction() as tx:
        await tx.value(
            "UPDATE backups SET result = 'interrupted', finished_at = now() WHERE result = 'running'"
        )
        await tx.value(
            "INSERT INTO backups (id, location, started_at) VALUES ($1, $2, $3)",
            id,
            location,
            clock.now(),
        )


async def made(db: Repo, manifest: Manifest) -> None:
    """Write that it is there."""
    if await _is_kept(db):
        await db.value(
            "UPDATE backups SET result = 'made', finished_at = now(), size = $2, sha256 = $3, seconds = $4 "
            "WHERE id = $1",
            manifest.id,
            manifest.size,
            manifest.sha256,
            manifest.seconds,
        )


async def failed(db: Repo, id: str, error: str) -> None:
    """Write why it is not."""
    if await _is_kept(db):
        await db.value(
            "UPDATE backups SET result = 'failed', finished_at = now(), error = $2 WHERE id = $1",
            id,
            error,
        )


async def tried(db: Repo, id: str, verification: Verification) -> None:
    """Write how restoring it went."""
    if await _is_kept(db):
        await db.value(
            "UPDATE backups SET verified_at = $2, verification = $3, verification_error = $4, restore_seconds = $5 "
            "WHERE id = $1",
            id,
            verification.at,
            "passed" if verification.passed else "failed",
            "; ".join(verification.problems) or None,
            verification.seconds,
        )


async def untried(db: Repo, id: str, error: str) -> None:
    """Write why it could not even be tried."""
    if await _is_kept(db):
        await db.value("UPDATE backups SET verification_error = $2 WHERE id = $1", id, error)


async def find_untried(db: Repo, since: datetime) -> str | None:
    """The newest backup, if it was made since then and trying it did not come about."""
    if not await _is_kept(db):
        return None
    id: str | None = await db.value(_UNTRIED, since)
    return id


_UNTRIED = """
SELECT id FROM (SELECT * FROM backups ORDER BY started_at DESC LIMIT 1) newest
WHERE result = 'made' AND started_at > $1 AND verification IS NULL AND verification_error IS NOT NULL
    AND deleted_at IS NULL
"""


async def deleted(db: Repo, ids: list[str]) -> None:
    """Write that they were removed from the store."""
    if await _is_kept(db):
        await db.value("UPDATE backups SET deleted_at = now() WHERE id = ANY($1)", ids)


async def recent_runs(db: Repo, *, limit: int = 20) -> list[Run]:
    """The last lines, newest first."""
    if not await _is_kept(db):
        return []
    return await db.all(
        Run, f"SELECT {columns(Run)} FROM backups ORDER BY started_at DESC LIMIT $1", limit
    )


async def observe(db: Repo) -> None:
    """Set the metrics of this process from the diary."""
    runs = await recent_runs(db, limit=100)
    _FAILING.set(bool(runs and runs[0].failed))
    if (newest := next((run for run in runs if run.result == "made"), None)) is not None:
        _MADE_AT.set(newest.started_at.timestamp())
        _SECONDS.set(newest.seconds or 0)
        _SIZE.set(newest.size or 0)
    if (verified := next((run for run in runs if run.verification == "passed"), None)) is not None:
        _VERIFIED_AT.set(verified.started_at.timestamp())
        _RESTORE_SECONDS.set(verified.restore_seconds or 0)


def observing(db: Repo) -> AbstractAsyncContextManager[None]:
    """Keep the metrics up to date on a node, whichever node makes the backups."""
    return watching(lambda: observe(db), every=EVERY)


async def _is_kept(db: Repo) -> bool:
    return bool(await db.value("SELECT to_regclass('backups') IS NOT NULL"))
