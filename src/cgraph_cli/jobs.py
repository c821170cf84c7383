"""`cgraph jobs`: list, show, retry, cancel, delete, drain, queues, pause, resume, scale."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.table import Table
from rich.text import Text

from cgraph import configuration
from cgraph.application import check_queues
from cgraph_kit import clock, jobs
from cgraph_kit.db import Database
from cgraph_kit.jobs import STATES, Job, State, Which

from .node import application
from .output import Failure, console, say
from .work import chosen_queues

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Many = Annotated[list[State] | None, Parameter(negative="")]

LONGEST = 60
"""Characters shown of a job's arguments in a list."""

command = App(
    name="jobs",
    help="""
    Look at what is done later, and give orders.

    Works beside `cgraph serve` and `cgraph work`, and without them. Orders are kept in the database; nodes hear of them
    within seconds, and at once where they share a Valkey.

    For example:

    - `cgraph jobs list --state discarded` shows what was given up
    - `cgraph jobs pause mail`
    """,
    help_format="markdown",
)


@Parameter(name="*")
@dataclass(frozen=True)
class Filter:
    """Which jobs."""

    state: Many = None
    """Only in this state; may be repeated."""
    queue: str | None = None
    """Only of this queue."""
    worker: str | None = None
    """Only those that call this function."""
    tag: str | None = None
    """Only with this tag."""

    def which(self, ids: tuple[int, ...] = ()) -> Which:
        states = tuple(self.state) if self.state else STATES
        return Which(ids or None, states, self.queue, self.worker, self.tag)


ALL = Filter()


@command.command(name="list")
async def list_(
    *, only: Filter = ALL, before: int | None = None, limit: int = 50, json: Flag = False
) -> None:
    """Jobs, the newest first.

    For example:

    - `cgraph jobs list --state retryable --state discarded`
    - `cgraph jobs list --worker cleanup_expired --json`

    Parameters
    ----------
    before
        Only jobs with a smaller id: the last one shown, for the next page.
    limit
        How many.
    json
        One JSON object a line.
    """
    async with application(configuration.read()) as app:
        found = await jobs.list_jobs(app.db, only.which(), before=before, limit=limit)
    if json:
        for job in found:
            say(msgspec.json.encode(job).decode())
        return
    table = Table(
        "id", "state", "queue", "job", "attempt", "due", "arguments", box=None, pad_edge=False
    )
    for job in found:
        table.add_row(*_row(job))
    console().print(table)


@command.command
async def show(id: int, /) -> None:
    """One job, with everything that went wrong.

    Parameters
    ----------
    id
        The job's number.
    """
    async with application(configuration.read()) as app:
        job = await jobs.find_job(app.db, id)
    if job is None:
        raise Failure(f"cgraph: there is no job {id}")
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in msgspec.structs.asdict(job).items():
        if name != "errors":
            table.add_row(name, Text(_value(value)))
    console().print(table)
    for failure in job.failures:
        say(
            f"\nattempt {failure.attempt}, {failure.at:%Y-%m-%d %H:%M:%S}\n{failure.error.rstrip()}"
        )


@command.command
async def retry(*ids: int, only: Filter = ALL) -> None:
    """Do jobs now: finished ones once more, waiting ones without waiting.

    For example:

    - `cgraph jobs retry 17 18`
    - `cgraph jobs retry --state discarded --queue mail`

    Parameters
    ----------
    ids
        The jobs' numbers; without any, all that the options name.
    """
    await _change(ids, only, jobs.retry, "will be done")


@command.command
async def cancel(*ids: int, only: Filter = ALL) -> None:
    """Take back what waits, and end what is being done.

    Parameters
    ----------
    ids
        The jobs' numbers; without any, all that the options name.
    """
    await _change(ids, only, jobs.cancel, "cancelled")


@command.command
async def delete(*ids: int, only: Filter = ALL) -> None:
    """Forget jobs, unless they are being done.

    Parameters
    ----------
    ids
        The jobs' numbers; without any, all that the options name.
    """
    await _change(ids, only, jobs.delete, "deleted")


@command.command
async def drain(queues: str | None = None, /) -> None:
    """Do everything that is available, here, and come back.

    What waits for its time, or to be tried again, is left.

    Parameters
    ----------
    queues
        Such as `mail,push=50`; all of CGRAPH_QUEUES if not given.
    """
    settings = configuration.read()
    async with application(settings, queues=chosen_queues(queues, settings)) as app:
        done = await app.jobs.drained()
    say(f"{done:,} runs.")


@command.command
async def queues() -> None:
    """Every queue: what waits, what is done, who does it, and what was ordered."""
    async with application(configuration.read()) as app:
        states = await jobs.queues(app.db)
    heads = ("queue", "available", "oldest", "executing", "scheduled", "at a time", "nodes")
    table = Table(*heads, box=None, pad_edge=False)
    for state in states:
        ordered = "paused" if state.paused else str(state.concurrency or "as configured")
        nodes = ", ".join(f"{name} ({count})" for name, count in state.nodes.items()) or "none"
        counts = (f"{state.available:,}", _age(state.oldest), f"{state.executing:,}")
        table.add_row(state.name, *counts, f"{state.scheduled:,}", ordered, nodes)
    console().print(table)


@command.command
async def pause(queue: str, /) -> None:
    """Begin no more jobs of a queue, on any node; those under way go on."""
    await _order(queue, jobs.pause)
    say(f"{queue} is paused.")


@command.command
async def resume(queue: str, /) -> None:
    """Go on with a queue that was paused."""
    await _order(queue, jobs.resume)
    say(f"{queue} goes on.")


@command.command
async def scale(queue: str, concurrency: int | None = None, /) -> None:
    """Do so many jobs of a queue at a time, on each node; without a number, as each is configured."""
    if concurrency is not None and concurrency < 1:
        raise Failure("cgraph: at least 1 at a time; `cgraph jobs pause` stops a queue")
    await _order(queue, lambda db, name: jobs.scale(db, name, concurrency))
    say(f"{queue}: {concurrency or 'as configured'} at a time on each node.")


async def _change(
    ids: tuple[int, ...],
    only: Filter,
    change: Callable[[Database, Which], Awaitable[int]],
    what: str,
) -> None:
    if not ids and only == ALL:
        raise Failure("cgraph: say which jobs: by number, or with an option")
    async with application(configuration.read()) as app:
        count = await change(app.db, only.which(ids))
    say(f"{count:,} {what}.")


async def _order(queue: str, order: Callable[[Database, str], Awaitable[None]]) -> None:
    """One that is no longer in this program may still be spoken of."""
    async with application(configuration.read()) as app:
        if queue not in {state.name for state in await jobs.queues(app.db)}:
            try:
                check_queues([queue])
            except ValueError as error:
                raise Failure(f"cgraph: {error}") from None
        await order(app.db, queue)


def _row(job: Job) -> tuple[str | Text, ...]:
    args = msgspec.json.encode(job.args).decode()
    shown = args if len(args) <= LONGEST else f"{args[:LONGEST]}…"
    attempt = f"{job.attempt}/{job.max_attempts}"
    due = f"{job.scheduled_at:%Y-%m-%d %H:%M:%S}"
    return str(job.id), job.state, job.queue, job.worker, attempt, due, Text(shown)


def _value(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _age(moment: datetime | None) -> str:
    if moment is None:
        return ""
    seconds = int((clock.now() - moment).total_seconds())
    return f"{max(0, seconds):,} s"
