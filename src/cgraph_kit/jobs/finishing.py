"""Writing what has become of jobs, many in one statement."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from cgraph_kit.db import Repo, UniqueViolation
from cgraph_kit.errors import Unavailable

from .job import FINISHED, PENDING
from .loops import PATIENCE
from .taken import Outcome

log = logging.getLogger(__name__)

MOST = 500
"""Outcomes in one statement."""
AGAIN = 0.5
"""Seconds between two tries while the database is away."""
LONGEST_WAIT = 10 * 365 * 86_400.0

KEPT_KEY = f"""
CASE WHEN j.pending_key IS NULL THEN NULL
     WHEN $1 OR EXISTS (SELECT FROM jobs o WHERE o.pending_key = j.pending_key AND o.state IN {PENDING})
     THEN NULL ELSE j.pending_key END
"""
"""The pending key of a job that goes back to wait: its own, unless another has taken its place meanwhile.

$1: never keep it, the way out where others come at the same moment and the unique index refuses the statement.
"""

# $9 is 'executing': written as a constant it would let the plan go by the index of what is executing, node by node,
# and look through all of it for every job.
_FINISH = f"""
UPDATE jobs j SET
    state = o.state,
    attempt = j.attempt - CASE WHEN o.counts THEN 0 ELSE 1 END,
    scheduled_at = CASE WHEN o.wait IS NULL THEN j.scheduled_at ELSE now() + make_interval(secs => o.wait) END,
    finished_at = CASE WHEN o.state IN {FINISHED} THEN now() END,
    errors = CASE WHEN o.error IS NULL THEN j.errors ELSE j.errors || jsonb_build_array(
        jsonb_build_object('attempt', j.attempt, 'at', now(), 'error', o.error)) END,
    pending_key = CASE WHEN o.state IN {FINISHED} THEN j.pending_key ELSE {KEPT_KEY} END
FROM unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::float8[], $7::boolean[], $8::text[])
     AS o (id, node, attempted_at, state, wait, counts, error)
WHERE j.id = o.id AND j.state = $9 AND j.attempted_by = o.node AND j.attempted_at = o.attempted_at
RETURNING j.id
"""


_FORGET = """
DELETE FROM jobs j USING unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS o (id, node, attempted_at)
WHERE j.id = o.id AND j.state = $4 AND j.attempted_by = o.node AND j.attempted_at = o.attempted_at
RETURNING j.id
"""


async def finish(db: Repo, outcomes: Sequence[Outcome]) -> set[int]:
    """Write them; the ids of those whose run still counted. The others belong to somebody else by now."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.job.id)
    kept = [outcome for outcome in ordered if outcome.kept]
    idle = [outcome for outcome in ordered if not outcome.kept]
    written = await _write(db, kept) if kept else []
    if idle:
        written += await db.values(_FORGET, *_columns(idle)[:3], "executing")
    return set(written)


async def _write(db: Repo, outcomes: Sequence[Outcome]) -> list[int]:
    try:
        return await db.values(_FINISH, False, *_columns(outcomes))
    except UniqueViolation:
        return await db.values(_FINISH, True, *_columns(outcomes))


def _columns(outcomes: Sequence[Outcome]) -> tuple[object, ...]:
    return (
        [outcome.job.id for outcome in outcomes],
        [outcome.job.attempted_by for outcome in outcomes],
        [outcome.job.attempted_at for outcome in outcomes],
        [outcome.state for outcome in outcomes],
        [_bounded(outcome.wait) for outcome in outcomes],
        [outcome.counts for outcome in outcomes],
        [outcome.error for outcome in outcomes],
        "executing",
    )


def _bounded(wait: float | None) -> float | None:
    if wait is None:
        return None
    return wait if 0 <= wait <= LONGEST_WAIT else min(max(0.0, wait), LONGEST_WAIT)


class Finisher:
    """Gathers outcomes while a statement is under way; goes on trying while the database is away."""

    def __init__(self, db: Repo, finished: Callable[[Sequence[Outcome], set[int]], None]) -> None:
        self._db = db
        self._finished = finished
        self._waiting: list[Outcome] = []
        self._written: list[Outcome] = []
        """Under way."""
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def add(self, outcome: Outcome) -> None:
        """To be written with whatever else comes in this tick."""
        self._waiting.append(outcome)
        self._some.set()
        self._none.clear()

    @property
    def unwritten(self) -> list[int]:
        """Ids of jobs that are over here, but not yet there."""
        return [outcome.job.id for outcome in (*self._waiting, *self._written)]

    async def drained(self) -> None:
        """Return once everything is written."""
        await self._none.wait()

    async def run(self) -> None:
        """Write what comes, for ever."""
        while True:
            await self._some.wait()
            self._written, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            if not self._waiting:
                self._some.clear()
            await self._write(self._written)
            self._written = []
            if not self._waiting:
                self._none.set()

    async def _write(self, outcomes: Sequence[Outcome]) -> None:
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    written = await finish(self._db, outcomes)
            except (Unavailable, TimeoutError):
                await asyncio.sleep(AGAIN)
            except Exception as error:
                await self._write_each(outcomes, error)
                return
            else:
                self._finished(outcomes, written)
                return

    async def _write_each(self, outcomes: Sequence[Outcome], error: Exception) -> None:
        """The statement was refused: each alone, so that only the bad one suffers."""
        if len(outcomes) > 1:
            for outcome in outcomes:
                await self._write([outcome])
            return
        (outcome,) = outcomes
        log.error("the outcome of job %d was refused: %s", outcome.job.id, error)
        if outcome.error is not None or outcome.wait is not None:
            await self._write([Outcome(outcome.job, "discarded")])
