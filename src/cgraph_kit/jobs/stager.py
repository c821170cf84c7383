"""What is due becomes available: scheduled jobs, and those that wait to be tried again."""

import msgspec

from cgraph_kit.db import Repo

EVERY = 1.0
"""Seconds."""
MOST = 5_000

_STAGE = """
WITH staged AS (
    UPDATE jobs SET state = 'available' WHERE id = ANY (ARRAY(
        SELECT id FROM jobs WHERE state IN ('scheduled', 'retryable') AND scheduled_at <= now()
        ORDER BY scheduled_at LIMIT $1 FOR UPDATE SKIP LOCKED))
    RETURNING queue
)
SELECT queue, count(*) FROM staged GROUP BY queue
"""


class Staged(msgspec.Struct, frozen=True):
    """What became available in a queue."""

    queue: str
    count: int


async def stage(db: Repo) -> list[Staged]:
    """Make them available; any number of nodes may do so at once."""
    return await db.all(Staged, _STAGE, MOST)
