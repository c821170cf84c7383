"""Time, in one place so that tests can hold it still."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, in UTC and aware."""
    return datetime.now(UTC)
