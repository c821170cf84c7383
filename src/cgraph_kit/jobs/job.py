"""A job: its row, its states, and the SQL they share."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from cgraph_kit.db import Repo, columns

State = Literal[
    "available", "scheduled", "executing", "retryable", "completed", "cancelled", "discarded"
]
PENDING: tuple[State, ...] = ("available", "scheduled", "retryable")
"""Waiting to be done."""
FINISHED: tuple[State, ...] = ("completed", "cancelled", "discarded")
"""Never to be done again, unless somebody says so."""
STATES: tuple[State, ...] = (*PENDING, "executing", *FINISHED)

IF_PENDING = (
    "(pending_key) WHERE pending_key IS NOT NULL"
    " AND state IN ('available', 'scheduled', 'retryable')"
)
"""What follows ON CONFLICT in a statement that inserts jobs of which one may wait per key; see `OnePending`."""


class Failure(msgspec.Struct, frozen=True):
    """One thing that went wrong with a job."""

    attempt: int
    at: datetime
    error: str


class Job(msgspec.Struct, frozen=True):
    """A row, whole."""

    id: int
    state: State
    queue: str
    worker: str
    args: dict[str, Any]
    priority: int
    attempt: int
    max_attempts: int
    inserted_at: datetime
    scheduled_at: datetime
    attempted_at: datetime | None
    attempted_by: str | None
    finished_at: datetime | None
    errors: list[dict[str, Any]]
    meta: dict[str, Any]
    tags: list[str]

    @property
    def failures(self) -> list[Failure]:
        """What went wrong so far, oldest first."""
        return msgspec.convert(self.errors, list[Failure])


COLUMNS = columns(Job)


class Enqueued(msgspec.Struct, frozen=True):
    """The job that now stands for what was asked."""

    id: int
    state: State
    scheduled_at: datetime
    conflict: bool = False
    """It was there before: nothing was inserted."""


class JobsEnqueued(msgspec.Struct, frozen=True):
    """There is something to do. Published with the insert, so that it is told once that is committed."""

    queue: str


async def find_job(db: Repo, id: int) -> Job | None:
    """A job by its id."""
    return await db.first(Job, f"SELECT {COLUMNS} FROM jobs WHERE id = $1", id)


class Which(msgspec.Struct, frozen=True):
    """Which jobs are meant: all that meet what is said."""

    ids: tuple[int, ...] | None = None
    states: tuple[State, ...] = STATES
    queue: str | None = None
    worker: str | None = None
    tag: str | None = None

    def args(self) -> tuple[Any, ...]:
        """What `where` takes as $1 to $5."""
        ids = None if self.ids is None else list(self.ids)
        return ids, list(self.states), self.queue, self.worker, self.tag

    @property
    def where(self) -> str:
        """The condition. Ids get one of their own: plans are made once for all arguments, and these want the key."""
        ids = "$1::bigint[] IS NULL" if self.ids is None else "id = ANY($1::bigint[])"
        return (
            f"{ids} AND state = ANY($2::text[]) AND ($3::text IS NULL OR queue = $3)"
            " AND ($4::text IS NULL OR worker = $4) AND ($5::text IS NULL OR $5 = ANY(tags))"
        )


EVERYTHING = Which()


async def list_jobs(
    db: Repo, which: Which = EVERYTHING, *, before: int | None = None, limit: int = 50
) -> list[Job]:
    """Jobs, the newest first; `before`: only those with a smaller id."""
    return await db.all(
        Job,
        f"SELECT {COLUMNS} FROM jobs WHERE {which.where} AND ($6::bigint IS NULL OR id < $6) "
        "ORDER BY id DESC LIMIT $7",
        *which.args(),
        before,
        limit,
    )
