"""Inserting jobs: one statement for any number of them, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from cgraph_kit.db import Repo, Transaction
from cgraph_kit.logging import about
from cgraph_kit.tracing import traceparent

from .job import IF_PENDING, Enqueued, JobsEnqueued, State
from .text import as_json
from .unique import OnePending, Unique, lock_of, pending_key, unique_key

Key = TypeVar("Key", str, bytes)


class Declared(msgspec.Struct, frozen=True):
    """What a declaration says of its jobs."""

    worker: str
    queue: str
    max_attempts: int
    priority: int
    unique: Unique | OnePending | None
    tags: tuple[str, ...]


class Options(msgspec.Struct, frozen=True):
    """What a caller says of these jobs."""

    schedule_in: float | None
    scheduled_at: datetime | None
    priority: int | None
    tags: tuple[str, ...]
    meta: dict[str, Any]


class _Row(msgspec.Struct, frozen=True):
    id: int
    state: State
    scheduled_at: datetime
    unique_key: bytes | None
    pending_key: str | None
    inserted: bool


_INSERT = """
INSERT INTO jobs (worker, queue, max_attempts, priority, tags, meta, args, unique_key, pending_key, state, scheduled_at)
SELECT $1, $2, $3, $4, $5, $6::text::jsonb, i.args::jsonb, i.unique_key, i.pending_key,
       CASE WHEN w.due > now() THEN 'scheduled' ELSE 'available' END, w.due
FROM unnest($7::text[], $8::bytea[], $9::text[]) AS i (args, unique_key, pending_key),
     (SELECT coalesce($10::timestamptz, now() + make_interval(secs => $11))) AS w (due)
"""
_RETURNING = "\nRETURNING id, state, scheduled_at, unique_key, pending_key, xmax = 0"
# The row is written anew so that it is locked: it cannot begin before this transaction is committed, and so cannot
# miss what was written in it.
_OR_LOCK = f"""
ON CONFLICT {IF_PENDING} DO UPDATE SET scheduled_at =
    CASE WHEN jobs.state = 'scheduled' THEN least(jobs.scheduled_at, excluded.scheduled_at) ELSE jobs.scheduled_at END
"""

_LOCK = """
SELECT count(pg_advisory_xact_lock(key)) FROM (SELECT DISTINCT key FROM unnest($1::bigint[]) AS k (key) ORDER BY key) k
"""
_SAME = """
SELECT id, state, scheduled_at, unique_key, pending_key, false FROM jobs
WHERE unique_key = ANY($1::bytea[]) AND state = ANY($2::text[])
  AND ($3::float8 IS NULL OR inserted_at > now() - make_interval(secs => $3))
ORDER BY id FOR KEY SHARE
"""
"""Those that are there, kept from beginning before this transaction is committed."""


async def insert(
    db: Repo, declared: Declared, jobs: Sequence[msgspec.Struct], options: Options
) -> list[Enqueued]:
    """Insert them as declared; the answer is in their order. Raises `ValueError` for what cannot be stored."""
    if options.schedule_in is not None and options.scheduled_at is not None:
        raise ValueError("schedule_in and scheduled_at exclude each other")
    if not jobs:
        return []
    enqueued = await _insert(db, declared, jobs, options)
    # Those that were there, too: they are locked until the commit, and have been passed over meanwhile.
    if any(one.state == "available" for one in enqueued):
        db.publish(JobsEnqueued(declared.queue))
    return enqueued


async def _insert(
    db: Repo, declared: Declared, jobs: Sequence[msgspec.Struct], options: Options
) -> list[Enqueued]:
    match declared.unique:
        case Unique() as unique:
            async with db.transaction() as tx:
                return await _insert_unique(tx, declared, unique, jobs, options)
        case OnePending(keys=keys):
            return await _insert_pending(db, declared, keys, jobs, options)
    rows = await _write(db, "", declared, options, [as_json(job) for job in jobs])
    return [Enqueued(row.id, row.state, row.scheduled_at) for row in rows]


async def _insert_pending(
    db: Repo,
    declared: Declared,
    names: Sequence[str],
    jobs: Sequence[msgspec.Struct],
    options: Options,
) -> list[Enqueued]:
    keys = [pending_key(declared.worker, [getattr(job, name) for name in names]) for job in jobs]
    # In the order of their keys, as every statement meets them: two cannot deadlock.
    first = dict(sorted(_firsts(keys, jobs).items()))
    rows = await _write(
        db,
        _OR_LOCK,
        declared,
        options,
        [as_json(job) for job in first.values()],
        pending_keys=list(first),
    )
    return _answers(keys, {row.pending_key: row for row in rows})


async def _insert_unique(
    tx: Transaction,
    declared: Declared,
    unique: Unique,
    jobs: Sequence[msgspec.Struct],
    options: Options,
) -> list[Enqueued]:
    keys = [_unique_key(declared, unique, job) for job in jobs]
    await tx.value(_LOCK, [lock_of(key) for key in keys])
    same = await tx.all(_Row, _SAME, keys, list(unique.states), unique.period)
    known = {row.unique_key: row for row in reversed(same)}  # the oldest counts
    new = {key: job for key, job in _firsts(keys, jobs).items() if key not in known}
    if new:
        rows = await _write(
            tx,
            "",
            declared,
            options,
            [as_json(job) for job in new.values()],
            unique_keys=list(new),
        )
        known |= {row.unique_key: row for row in rows}
    return _answers(keys, known)


def _meta(options: Options) -> dict[str, Any]:
    """With what this is enqueued for, so that the job's log lines and trace lead back to it."""
    known = (("request_id", about.get().get("request_id")), ("traceparent", traceparent()))
    origin = {name: value for name, value in known if value}
    return {**options.meta, "origin": origin} if origin else options.meta


def _firsts(keys: Sequence[Key], jobs: Sequence[msgspec.Struct]) -> dict[Key, msgspec.Struct]:
    """Each key's first job."""
    firsts: dict[Key, msgspec.Struct] = {}
    for key, job in zip(keys, jobs, strict=True):
        firsts.setdefault(key, job)
    return firsts


def _unique_key(declared: Declared, unique: Unique, job: msgspec.Struct) -> bytes:
    names = unique.keys or job.__struct_fields__
    args = {name: getattr(job, name) for name in names}
    return unique_key(declared.worker, declared.queue, args)


def _answers(keys: Sequence[Any], rows: dict[Any, _Row]) -> list[Enqueued]:
    """One per key, in order; the second of a key has met the first."""
    answers, seen = [], set()
    for key in keys:
        row = rows[key]
        conflict = not row.inserted or key in seen
        answers.append(Enqueued(row.id, row.state, row.scheduled_at, conflict))
        seen.add(key)
    return answers


async def _write(
    db: Repo,
    on_conflict: str,
    declared: Declared,
    options: Options,
    args: list[str],
    *,
    unique_keys: list[bytes] | None = None,
    pending_keys: list[str] | None = None,
) -> list[_Row]:
    priority = declared.priority if options.priority is None else options.priority
    return await db.all(
        _Row,
        _INSERT + on_conflict + _RETURNING,
        declared.worker,
        declared.queue,
        declared.max_attempts,
        priority,
        [*declared.tags, *options.tags],
        as_json(_meta(options)),
        args,
        unique_keys or [],
        pending_keys or [],
        options.scheduled_at,
        options.schedule_in or 0.0,
    )
