from datetime import timedelta

import pytest

from cgraph import notifications
from cgraph_kit import clock
from cgraph_kit.db import Transaction

TABLES = ("notification_outcomes", "notification_deliveries")


async def days(db: Transaction, table: str) -> set[str]:
    """The partitions of a table, without its name."""
    names = await db.value(
        "SELECT array_agg(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = $1::text::regclass",
        table,
    )
    return {name.removeprefix(f"{table}_") for name in names}


class TestKeepRecord:
    @pytest.mark.parametrize("table", TABLES)
    async def test_has_the_coming_days_and_not_the_31st_before(
        self, db: Transaction, table: str
    ) -> None:
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        old, kept = today - timedelta(days=31), today - timedelta(days=30)
        for day in (old, kept):
            await db.value(
                f"CREATE TABLE {table}_{day:%Y%m%d} PARTITION OF {table} "
                f"FOR VALUES FROM ('{day.isoformat()}') TO ('{(day + timedelta(days=1)).isoformat()}')"
            )
        for _ in range(2):
            await notifications.keep_record(db)
        found = await days(db, table)
        coming = {f"{today + timedelta(days=ahead):%Y%m%d}" for ahead in range(4)}
        assert {*coming, "default", f"{kept:%Y%m%d}"} <= found
        assert f"{old:%Y%m%d}" not in found

    async def test_moves_what_came_before_its_day_was_made(self, db: Transaction) -> None:
        await db.value(
            "INSERT INTO notification_outcomes (user_id, event_id, happened_at, kind, state, rule, channels, facts) "
            "VALUES (gen_random_uuid(), gen_random_uuid(), now(), 'dm', 'sent', 'default', '{}', '{}')"
        )
        await notifications.keep_record(db)
        assert await db.value("SELECT count(*) FROM notification_outcomes_default") == 0
        assert await db.value("SELECT count(*) FROM notification_outcomes") == 1
