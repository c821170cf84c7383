"""Why one was told of something, or was not."""

from uuid import UUID

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.notifications import Instant, Traced, WhichTraces
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Query, action
from cgraph_web.views.base import Many, many


class ListOutcomes(WhichPage, frozen=True):
    """Which decisions."""

    event_id: UUID | None = None
    message_id: UUID | None = None
    """What was said, edited or reacted to."""
    state: notifications.AnyState | None = None
    since: Instant | None = None
    until: Instant | None = None

    @property
    def which(self) -> WhichTraces:
        return WhichTraces(self.event_id, self.message_id, self.state, self.since, self.until)


class ListOutcomesOf(ListOutcomes, frozen=True, kw_only=True):
    """Whose decisions, and which."""

    user_id: UUID


@action()
async def index(db: Repo, actor: Actor, query: Query[ListOutcomes]) -> Many[Traced]:
    """What became of everything that concerned oneself in the last 30 days, the newest first.

    For each event there is one outcome: `sent`, `held` or `suppressed`, the rule that decided it, what was decided for each
    way, and each push with what the provider said.
    """
    page = await notifications.list_traces(
        db, actor.id, query.which, limit=query.limit, after=query.after
    )
    return many(page)


@action(admin=True)
async def of_user(db: Repo, query: Query[ListOutcomesOf]) -> Many[Traced]:
    """The same of anybody, for administrators."""
    page = await notifications.list_traces(
        db, query.user_id, query.which, limit=query.limit, after=query.after
    )
    return many(page)
