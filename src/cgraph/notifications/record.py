"""The record of what was decided and what was pushed: tables of days, dropped whole."""

from cgraph_kit import partitions
from cgraph_kit.db import Repo
from cgraph_kit.partitions import Daily

KEPT_DAYS = 30

DAILY = (
    Daily("notification_outcomes", "happened_at"),
    Daily("notification_deliveries", "happened_at"),
)


async def keep_record(db: Repo) -> None:
    """Make the coming days of the record and drop what is older than 30. Run daily; twice is harmless."""
    for daily in DAILY:
        await partitions.keep(db, daily, retention_days=KEPT_DAYS)
