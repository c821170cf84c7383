"""What somebody's files count together. A file counts as what it was declared to be until it is known what is kept of it."""

from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction

from .errors import QuotaExceeded, TooManyWaiting
from .limits import DEFAULT_LIMITS, Limits

WHILE = 5.0
"""Seconds after which it makes sense to try again."""


class Usage(msgspec.Struct, frozen=True):
    """How much room somebody's files take."""

    used: int
    """In bytes, uploads under way included as they were declared."""
    quota: int
    files: int
    """How many there are, those that were refused not counted."""


async def get_usage(db: Repo, actor: Actor, *, limits: Limits = DEFAULT_LIMITS) -> Usage:
    """The actor's own."""
    row = await db.one(_Used, _USED, actor.id)
    return Usage(row.bytes, limits.file_quota, row.files)


async def charge(tx: Transaction, user_id: UUID, bytes: int, *, quota: int) -> None:
    """Count so many more. Two at once wait for each other. Raises `QuotaExceeded`."""
    if await tx.value(_CHARGE, user_id, bytes, quota) is None:
        raise await _exceeded(tx, user_id, quota)


async def recharge(tx: Transaction, file_id: UUID, bytes: int, *, quota: int | None = None) -> None:
    """A file, whose row is held, counts as so many from now on.

    Raises `QuotaExceeded` where a `quota` is given, it counts more than before, and there is no room for that.
    """
    if not await tx.value(_RECHARGE, file_id, bytes, quota):
        user_id = await tx.value("SELECT user_id FROM files WHERE id = $1", file_id)
        raise await _exceeded(tx, user_id, quota or 0)


async def demand_turn(tx: Transaction, user_id: UUID, *, most: int) -> int:
    """How many of somebody's files wait to be looked at. Raises `TooManyWaiting` for so many. The caller has charged them something."""
    waiting: int = await tx.value(_WAITING, user_id)
    if waiting >= most:
        raise TooManyWaiting(retry_after=WHILE, limit=most)
    return waiting


async def _exceeded(tx: Transaction, user_id: UUID, quota: int) -> QuotaExceeded:
    used = await tx.value("SELECT bytes FROM file_usage WHERE user_id = $1", user_id)
    return QuotaExceeded(used=used or 0, quota=quota)


class _Used(msgspec.Struct, frozen=True):
    bytes: int
    files: int


_USED = """
SELECT coalesce((SELECT bytes FROM file_usage WHERE user_id = $1), 0),
       (SELECT count(*) FROM files WHERE user_id = $1 AND state <> 'refused')
"""
_CHARGE = """
INSERT INTO file_usage AS u (user_id, bytes) SELECT $1, $2::bigint WHERE $2::bigint <= $3::bigint
ON CONFLICT (user_id) DO UPDATE SET bytes = u.bytes + $2::bigint WHERE u.bytes + $2::bigint <= $3::bigint RETURNING bytes
"""
_RECHARGE = """
WITH before AS (
    SELECT user_id, charged FROM files WHERE id = $1
), changed AS (
    UPDATE files SET charged = $2::bigint WHERE id = $1
), counted AS (
    UPDATE file_usage u SET bytes = u.bytes + $2::bigint - b.charged FROM before b
    WHERE u.user_id = b.user_id
      AND ($3::bigint IS NULL OR $2::bigint <= b.charged OR u.bytes + $2::bigint - b.charged <= $3::bigint)
    RETURNING 1
)
SELECT b.user_id IS NULL OR EXISTS (SELECT FROM counted) FROM before b
"""
_WAITING = "SELECT count(*) FROM files WHERE user_id = $1 AND state = 'processing'"
