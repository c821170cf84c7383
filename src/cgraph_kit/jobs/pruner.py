"""Forgetting what is long over."""

import msgspec

from cgraph_kit.db import Repo

EVERY = 30.0
"""Seconds."""
MOST = 5_000
"""Rows in one statement."""


class Ages(msgspec.Struct, frozen=True):
    """Seconds for which jobs are kept after their end."""

    completed: float = 86_400.0
    cancelled: float = 7 * 86_400.0
    discarded: float = 30 * 86_400.0


# The state is written out: plans are made once for all arguments, and only so is the index of finished jobs found.
_PRUNE = """
WITH pruned AS (
    DELETE FROM jobs WHERE id = ANY (ARRAY(
        SELECT id FROM jobs WHERE state = '{state}' AND finished_at < now() - make_interval(secs => $1)
        ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING 1
)
SELECT count(*) FROM pruned
"""


async def prune(db: Repo, ages: Ages) -> dict[str, int]:
    """Drop some of what is old enough; how many of each state. `MOST` of one: there may be more."""
    return {
        state: await db.value(_PRUNE.format(state=state), age, MOST)
        for state, age in msgspec.structs.asdict(ages).items()
    }
