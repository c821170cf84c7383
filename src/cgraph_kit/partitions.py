"""Tables of which each day is a partition: days are made ahead, and dropped whole when they are old.

Such a table is `PARTITION BY RANGE` of a time and has a default partition, `<table>_default`, which catches what no day covers,
so that a write never fails for want of one.
"""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from . import clock
from .db import LockTimeout, Repo, Transaction

log = logging.getLogger(__name__)

LOCK_TIMEOUT = "500ms"


class Daily(NamedTuple):
    """A table partitioned by the day (UTC) of one of its columns."""

    table: str
    column: str


async def keep(db: Repo, daily: Daily, *, retention_days: int, ahead_days: int = 3) -> None:
    """Make the coming days' partitions and drop those older than the retention. Run daily; twice is harmless.

    Put off where somebody reads the table for long, as a backup does: whoever waits for a table's lock keeps all others
    waiting behind, and there are days enough in stock.
    """
    try:
        await _keep(db, daily, retention_days, ahead_days)
    except LockTimeout:
        log.info("the days of %s are put off: the table is in use", daily.table)


async def _keep(db: Repo, daily: Daily, retention_days: int, ahead_days: int) -> None:
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    oldest = today - timedelta(days=retention_days)
    default = f"{daily.table}_default"
    async with db.transaction() as tx:
        # One node at a time; the others find the work done.
        await tx.value("SELECT pg_advisory_xact_lock(hashtext($1))", f"{daily.table}_partitions")
        await tx.value(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        existing = await _names(tx, daily)
        for day in range(ahead_days + 1):
            start = today + timedelta(days=day)
            if _name(daily, start) not in existing:
                await _create(tx, daily, start)
        for name in existing:
            if name != default and name < _name(daily, oldest):
                await tx.value(f"DROP TABLE {name}")
        await tx.value(f"DELETE FROM {default} WHERE {daily.column} < $1", oldest)


async def _names(tx: Transaction, daily: Daily) -> set[str]:
    rows = await tx.values(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = $1::text::regclass",
        daily.table,
    )
    return set(rows)


def _name(daily: Daily, day: datetime) -> str:
    return f"{daily.table}_{day:%Y%m%d}"


async def _create(tx: Transaction, daily: Daily, start: datetime) -> None:
    """A day's partition; what the default one caught of that day moves into it."""
    table, column = daily
    name, end = _name(daily, start), start + timedelta(days=1)
    await tx.value(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
    await tx.value(
        f"WITH moved AS (DELETE FROM {table}_default WHERE {column} >= $1 AND {column} < $2 "
        f"RETURNING *) INSERT INTO {name} SELECT * FROM moved",
        start,
        end,
    )
    await tx.value(
        f"ALTER TABLE {table} ATTACH PARTITION {name} "
        f"FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
    )
