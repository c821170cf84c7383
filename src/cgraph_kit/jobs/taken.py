"""A job this node has taken, and what has become of it."""

from contextvars import ContextVar
from datetime import datetime

import msgspec

from .job import State


class Taken(msgspec.Struct, frozen=True):
    """A job that is being done. `attempted_by` and `attempted_at` prove that this run is the one that counts."""

    id: int
    queue: str
    worker: str
    args: str
    """JSON, as it was stored."""
    priority: int
    attempt: int
    max_attempts: int
    inserted_at: datetime
    scheduled_at: datetime
    attempted_at: datetime
    attempted_by: str
    origin: dict[str, str] | None = None
    """What had it enqueued: `request_id` and `traceparent`, where there are such."""

    @property
    def last(self) -> bool:
        """Whether this is the last attempt."""
        return self.attempt >= self.max_attempts


class Outcome(msgspec.Struct, frozen=True):
    """What is to be written about a run that is over."""

    job: Taken
    state: State
    wait: float | None = None
    """Seconds until it may begin again."""
    counts: bool = True
    """Whether the run counts as an attempt."""
    error: str | None = None
    kept: bool = True
    """Whether there is anything to be read of it later."""


def given_back(job: Taken) -> Outcome:
    """It goes back to wait, as if it had not begun."""
    return Outcome(job, "available", counts=False)


_current: ContextVar[Taken] = ContextVar("job")


def current() -> Taken:
    """The job that is being done here: its id, which attempt it is. Raises `LookupError` where none is."""
    return _current.get()


def enter(job: Taken) -> None:
    """From here on this task does that job."""
    _current.set(job)
