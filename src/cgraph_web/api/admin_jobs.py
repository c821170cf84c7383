"""Jobs and their queues, for administrators: what `cgraph jobs` does, over HTTP."""

from typing import Annotated

import msgspec

from cgraph_kit import jobs
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid, NotFound
from cgraph_kit.jobs import Failure, Job, QueueState, State, Which
from cgraph_kit.paging import Limit, Page, decode_cursor, forward_page
from cgraph_kit.validation import Input, Text
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many

MOST = 1_000
Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Name = Annotated[Text, msgspec.Meta(min_length=1, max_length=100)]


class JobNotFound(NotFound):
    code = "job_not_found"
    default = "there is no such job"


class ListJobs(Input, frozen=True):
    """Which jobs; what is left out may be anything."""

    limit: Limit = 50
    after: Text | None = None
    """A cursor of this list."""
    state: State | None = None
    queue: Name | None = None
    worker: Name | None = None
    tag: Name | None = None


class Chosen(Input, frozen=True):
    """Which jobs something is done to: at least one of these."""

    ids: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=MOST)] | None = None
    state: State | None = None
    queue: Name | None = None
    worker: Name | None = None
    tag: Name | None = None

    def __post_init__(self) -> None:
        if not any((self.ids, self.state, self.queue, self.worker, self.tag)):
            raise Invalid.field("ids", "is required, or one of state, queue, worker and tag")

    def which(self) -> Which:
        """As the jobs understand it."""
        states = (self.state,) if self.state else jobs.STATES
        ids = tuple(self.ids) if self.ids else None
        return Which(ids, states, self.queue, self.worker, self.tag)


class Affected(msgspec.Struct, frozen=True):
    """What was done."""

    count: int
    """How many jobs that concerned; those in no state for it are left alone."""


class QueueChange(Input, frozen=True):
    """What shall be different about a queue, on every node and until it is said otherwise."""

    paused: bool | msgspec.UnsetType = msgspec.UNSET
    concurrency: Annotated[int, msgspec.Meta(ge=1, le=1000)] | msgspec.UnsetType | None = (
        msgspec.UNSET
    )
    """Jobs at a time on each node; null: as each node is configured."""


class JobView(Job, frozen=True):
    """A job, with everything that went wrong with it."""

    errors: list[Failure]  # type: ignore[assignment]  # its row has them as JSON
    """Oldest first, each with its trace."""


def _view(job: Job) -> JobView:
    return msgspec.convert(job, JobView, from_attributes=True)


@action(admin=True)
async def index(db: Repo, query: Query[ListJobs]) -> Many[JobView]:
    """Jobs, the newest first."""
    before = decode_cursor(query.after, Id, "after") if query.after else None
    states = (query.state,) if query.state else jobs.STATES
    which = Which(None, states, query.queue, query.worker, query.tag)
    rows = await jobs.list_jobs(db, which, before=before, limit=query.limit + 1)
    page: Page[Job] = forward_page(rows, query.limit, lambda job: job.id)
    return many(page, _view)


@action(admin=True, errors=(JobNotFound,))
async def show(db: Repo, job_id: Id) -> Data[JobView]:
    """One job."""
    job = await jobs.find_job(db, job_id)
    if job is None:
        raise JobNotFound
    return Data(_view(job))


@action(admin=True, example={"ids": [1]})
async def cancel(db: Repo, chosen: Body[Chosen]) -> Data[Affected]:
    """Take back jobs that wait, and end those that are being done."""
    return Data(Affected(await jobs.cancel(db, chosen.which())))


@action(admin=True, example={"state": "discarded", "queue": "mail"})
async def retry(db: Repo, chosen: Body[Chosen]) -> Data[Affected]:
    """Do jobs now: what is finished once more, what waits without waiting."""
    return Data(Affected(await jobs.retry(db, chosen.which())))


@action(admin=True, example={"state": "cancelled"})
async def delete(db: Repo, chosen: Body[Chosen]) -> Data[Affected]:
    """Forget jobs that are not being done."""
    return Data(Affected(await jobs.delete(db, chosen.which())))


@action(admin=True)
async def queues(db: Repo) -> Data[list[QueueState]]:
    """Every queue: what waits in it, since when, and who serves it."""
    return Data(await jobs.queues(db))


@action(admin=True, example={"paused": True})
async def update_queue(db: Repo, queue: Name, change: Body[QueueChange]) -> Data[list[QueueState]]:
    """Pause, resume or scale a queue on every node; answers with all queues as they stand then."""
    if change.paused is not msgspec.UNSET:
        await (jobs.pause if change.paused else jobs.resume)(db, queue)
    if not isinstance(change.concurrency, msgspec.UnsetType):
        await jobs.scale(db, queue, change.concurrency)
    return Data(await jobs.queues(db))
