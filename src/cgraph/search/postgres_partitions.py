"""The quarters of a year that `search_documents` is cut into, made when there is something in them."""

import logging
from datetime import UTC, datetime

from cgraph_kit.db import LockTimeout, Repo, Transaction

log = logging.getLogger(__name__)

TABLE = "search_documents"
LOCK_TIMEOUT = "300ms"
MONTHS = 3
OLDEST, NEWEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Times for which there are quarters; the default partition keeps the rest."""


async def make_partitions(db: Repo) -> None:
    """Make those that are missing of what the default partition has caught, and move it there.

    Apart from whoever writes: it locks for a moment what every search reads. Put off where somebody reads for long; the
    default partition is searched like the others.
    """
    for start in await db.values(_CAUGHT, OLDEST, NEWEST):
        try:
            await _make(db, start)
        except LockTimeout:
            log.info("a partition of %s is put off: the table is in use", TABLE)


def _end(start: datetime) -> datetime:
    months = start.year * 12 + start.month - 1 + MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


async def _make(db: Repo, start: datetime) -> None:
    name = f"{TABLE}_{start:%Y}_{(start.month + 2) // MONTHS}"
    async with db.transaction() as tx:
        await tx.value(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        # One node at a time, and nobody writes.
        await tx.value("SELECT true FROM search_turn FOR UPDATE")
        if await tx.value("SELECT to_regclass($1) IS NULL", name):
            await _create(tx, name, start)


async def _create(tx: Transaction, name: str, start: datetime) -> None:
    end = _end(start)
    await tx.value(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING ALL)")
    # By what is common and what is not, plans differ.
    await tx.value(
        f"ALTER TABLE {name} ALTER terms SET STATISTICS 500, ALTER container_id SET STATISTICS 500"
    )
    await tx.value(
        f"WITH moved AS (DELETE FROM {TABLE}_default WHERE inserted_at >= $1 AND inserted_at < $2 "
        f"RETURNING *) INSERT INTO {name} SELECT * FROM moved",
        start,
        end,
    )
    await tx.value(
        f"ALTER TABLE {TABLE} ATTACH PARTITION {name} "
        f"FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
    )


_CAUGHT = f"""
SELECT DISTINCT date_trunc('quarter', inserted_at, 'UTC') FROM {TABLE}_default
WHERE inserted_at >= $1 AND inserted_at < $2 ORDER BY 1
"""
