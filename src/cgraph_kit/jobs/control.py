"""What operators do with jobs and queues: stored for all nodes, and told to them once it is committed."""

from datetime import datetime

import msgspec

from cgraph_kit.db import Repo

from .job import FINISHED, PENDING, JobsEnqueued, State, Which


class JobsCancelled(msgspec.Struct, frozen=True):
    """These were being done, and are to be ended wherever that is."""

    ids: list[int]


class QueuesOrdered(msgspec.Struct, frozen=True):
    """A queue was paused, resumed or scaled."""


class QueueState(msgspec.Struct, frozen=True):
    """A queue as it stands, over all nodes."""

    name: str
    available: int
    executing: int
    scheduled: int
    """Those that wait to be tried again too."""
    oldest: datetime | None
    """Since when the first of the available could have begun."""
    paused: bool
    concurrency: int | None
    """As ordered, on each node; None: as configured there."""
    nodes: dict[str, int]
    """Who serves it, and how many at a time is configured there."""


class _Moved(msgspec.Struct, frozen=True):
    id: int
    queue: str
    was: State


_MOVE = """
WITH meant AS MATERIALIZED (
    SELECT id, state AS was FROM jobs WHERE {which} ORDER BY id FOR UPDATE
)
UPDATE jobs j SET {set} FROM meant m WHERE j.id = m.id RETURNING j.id, j.queue, m.was
"""
_CANCELLED = "state = 'cancelled', finished_at = now()"
# It begins a life of its own: whoever waits under its pending key by now goes on waiting.
_AGAIN = (
    "state = 'available', scheduled_at = now(), finished_at = NULL, pending_key = NULL, "
    "max_attempts = greatest(j.max_attempts, j.attempt + 1), meta = j.meta - 'crashes'"
)
_DELETE = """
WITH deleted AS (DELETE FROM jobs WHERE id = ANY (ARRAY(
    SELECT id FROM jobs WHERE {which} ORDER BY id FOR UPDATE)) RETURNING 1)
SELECT count(*) FROM deleted
"""
_ORDER = """
INSERT INTO job_queues AS q (name, paused, concurrency) VALUES ($1, coalesce($2, false), $3)
ON CONFLICT (name) DO UPDATE SET
    paused = coalesce($2, q.paused), concurrency = CASE WHEN $4 THEN $3 ELSE q.concurrency END
"""
_QUEUES = """
WITH unfinished AS (
    SELECT queue, state, scheduled_at FROM jobs WHERE state = 'available'
    UNION ALL SELECT queue, state, scheduled_at FROM jobs WHERE state = 'executing'
    UNION ALL SELECT queue, state, scheduled_at FROM jobs WHERE state IN ('scheduled', 'retryable')
), counted AS (
    SELECT queue,
           count(*) FILTER (WHERE state = 'available') AS available,
           count(*) FILTER (WHERE state = 'executing') AS executing,
           count(*) FILTER (WHERE state IN ('scheduled', 'retryable')) AS scheduled,
           min(scheduled_at) FILTER (WHERE state = 'available') AS oldest
    FROM unfinished GROUP BY queue
), served AS (
    SELECT s.queue, jsonb_object_agg(n.name, s.concurrency::int) AS nodes
    FROM job_nodes n, jsonb_each_text(n.queues) AS s (queue, concurrency) GROUP BY s.queue
)
SELECT name, coalesce(available, 0), coalesce(executing, 0), coalesce(scheduled, 0), oldest,
       coalesce(q.paused, false), q.concurrency, coalesce(s.nodes, '{}')
FROM (SELECT queue AS name FROM counted UNION SELECT queue FROM served UNION SELECT name FROM job_queues) names
LEFT JOIN counted c ON c.queue = name LEFT JOIN served s ON s.queue = name LEFT JOIN job_queues q USING (name)
ORDER BY name
"""


async def cancel(db: Repo, which: Which) -> int:
    """Take back what waits, and end what is being done. Returns how many."""
    moved = await _move(db, _CANCELLED, which, (*PENDING, "executing"))
    if running := [job.id for job in moved if job.was == "executing"]:
        db.publish(JobsCancelled(running))
    return len(moved)


async def retry(db: Repo, which: Which) -> int:
    """Do them now: what is finished once more, what waits without waiting. Returns how many."""
    moved = await _move(db, _AGAIN, which, ("scheduled", "retryable", *FINISHED))
    db.publish(*(JobsEnqueued(queue) for queue in sorted({job.queue for job in moved})))
    return len(moved)


async def delete(db: Repo, which: Which) -> int:
    """Forget them, unless they are being done. Returns how many."""
    states = _both(which.states, (*PENDING, *FINISHED))
    meant = msgspec.structs.replace(which, states=states)
    count: int = await db.value(_DELETE.format(which=meant.where), *meant.args())
    return count


async def pause(db: Repo, queue: str) -> None:
    """Begin nothing more in this queue, on any node; what is under way goes on."""
    await _order(db, queue, True, None, False)


async def resume(db: Repo, queue: str) -> None:
    """Go on."""
    await _order(db, queue, False, None, False)


async def scale(db: Repo, queue: str, concurrency: int | None) -> None:
    """So many at a time on each node; None: as each is configured."""
    await _order(db, queue, None, concurrency, True)


async def queues(db: Repo) -> list[QueueState]:
    """Every queue that is served, spoken of, or has something to do."""
    return await db.all(QueueState, _QUEUES)


async def _move(db: Repo, set: str, which: Which, states: tuple[State, ...]) -> list[_Moved]:
    meant = msgspec.structs.replace(which, states=_both(which.states, states))
    return await db.all(_Moved, _MOVE.format(which=meant.where, set=set), *meant.args())


def _both(asked: tuple[State, ...], possible: tuple[State, ...]) -> tuple[State, ...]:
    return tuple(state for state in asked if state in possible)


async def _order(
    db: Repo, queue: str, paused: bool | None, concurrency: int | None, scaled: bool
) -> None:
    await db.value(_ORDER, queue, paused, concurrency, scaled)
    db.publish(QueuesOrdered())
