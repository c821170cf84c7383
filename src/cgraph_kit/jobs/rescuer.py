"""Taking up again what a dead node was doing."""

import logging
from typing import Any

import msgspec

from cgraph_kit.db import Repo, UniqueViolation

from .finishing import KEPT_KEY
from .heart import Pulse

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds."""
MOST = 500
CRASHES = 3
"""Nodes that may have died while they did a job; after that it is taken for the reason."""

_BURY = "DELETE FROM job_nodes WHERE seen_at < now() - make_interval(secs => $1) RETURNING name"

# `attempted_at`: a node that was taken for dead has begun nothing lately, while one that has just come might not be
# in this statement's snapshot yet.
_LOST = """
SELECT id FROM jobs
WHERE state = 'executing' AND attempted_at < now() - make_interval(secs => $2)
  AND NOT EXISTS (SELECT FROM job_nodes n WHERE n.name = attempted_by)
ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
"""
_RESCUE = f"""
UPDATE jobs j SET
    state = w.state,
    scheduled_at = CASE WHEN w.state = 'retryable' THEN now() + make_interval(secs => 15 + 2.0 ^ least(j.attempt, 20))
                        ELSE j.scheduled_at END,
    finished_at = CASE WHEN w.state = 'discarded' THEN now() END,
    errors = j.errors || jsonb_build_array(jsonb_build_object(
        'attempt', j.attempt, 'at', now(), 'error', format('the node %s died', j.attempted_by))),
    meta = j.meta || jsonb_build_object('crashes', w.crashes),
    pending_key = CASE WHEN w.state = 'discarded' THEN j.pending_key ELSE {KEPT_KEY} END
FROM (
    SELECT l.id, c.crashes, CASE WHEN l.attempt >= l.max_attempts OR c.crashes >= $4 THEN 'discarded'
                                 WHEN c.crashes > 1 THEN 'retryable' ELSE 'available' END AS state
    FROM jobs l, LATERAL (SELECT coalesce((l.meta ->> 'crashes')::int, 0) + 1) AS c (crashes)
    WHERE l.id = ANY (ARRAY({_LOST}))
) w
WHERE j.id = w.id
RETURNING j.id, j.queue, j.worker, j.state
"""
_STRAYS = f"""
UPDATE jobs j SET state = 'available', attempt = j.attempt - 1, pending_key = {KEPT_KEY}
WHERE j.id = ANY (ARRAY(
    SELECT id FROM jobs
    WHERE state = 'executing' AND attempted_by = $2 AND attempted_at < now() - make_interval(secs => $3)
      AND id <> ALL ($4::bigint[])
    FOR UPDATE SKIP LOCKED))
RETURNING j.id, j.queue, j.worker, j.state
"""


class Rescued(msgspec.Struct, frozen=True):
    """A job that was taken up again, or given up."""

    id: int
    queue: str
    worker: str
    state: str


class _Name(msgspec.Struct, frozen=True):
    name: str


async def rescue(db: Repo, pulse: Pulse) -> list[Rescued]:
    """What dead nodes were doing is available again; the run counts.

    After a second crash a job waits, so that it does not meet its neighbours again, and after a third it is discarded.
    """
    for node in await db.all(_Name, _BURY, pulse.dead):
        log.warning("the node %s is dead: what it was doing is taken up again", node.name)
    return await _moved(db, _RESCUE, pulse.dead / 2, MOST, CRASHES)


async def release_strays(db: Repo, node: str, known: list[int], older: float) -> list[Rescued]:
    """Give back what this node has taken without knowing: the answer to its statement got lost. No run counts."""
    return await _moved(db, _STRAYS, node, older, known)


async def _moved(db: Repo, sql: str, *args: Any) -> list[Rescued]:
    try:
        return await db.all(Rescued, sql, False, *args)
    except UniqueViolation:
        return await db.all(Rescued, sql, True, *args)
