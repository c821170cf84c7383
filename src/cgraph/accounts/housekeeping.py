"""What accounts no longer need to keep."""

from datetime import timedelta

from cgraph_kit import clock
from cgraph_kit.db import Repo

from .limits import DEFAULT_LIMITS

ENDED_KEPT = timedelta(days=7)
"""How long a session that is over can still say why."""


async def forget_expired(db: Repo) -> None:
    """Drop ended sessions, lapsed tokens and names no longer held. Run daily; twice is harmless."""
    now = clock.now()
    await db.value(
        "DELETE FROM sessions WHERE expires_at < $1 OR revoked_at < $1", now - ENDED_KEPT
    )
    await db.value("DELETE FROM password_resets WHERE expires_at < $1", now)
    await db.value("DELETE FROM usernames WHERE held_until < $1", now)
    await db.value(
        "DELETE FROM username_history WHERE inserted_at < $1",
        now - timedelta(days=DEFAULT_LIMITS.username_change_days),
    )
