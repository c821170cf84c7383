"""What moderators have to decide, of chat and forum, in one queue."""

from uuid import UUID

from cgraph import forums, groups, moderation
from cgraph.accounts import Actor, UserNotFound
from cgraph.application import App
from cgraph.moderation import (
    Case,
    ItemKind,
    NewDecision,
    Notice,
    Priority,
    State,
    WhichCases,
    WholeCase,
)
from cgraph_kit.db import Repo
from cgraph_kit.paging import Limit, WhichPage
from cgraph_kit.validation import Input, Text
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many

NOT_FOUND = (moderation.CaseNotFound,)
TAKEN = (*NOT_FOUND, moderation.CaseChanged, moderation.CaseClaimed)
IN_PLACE = (
    groups.MissingPermission,
    groups.Outranked,
    groups.AdministratorExempt,
    forums.NotModerator,
    forums.OutrankedInForum,
)
"""What the group or forum itself may have against it."""


class ListCases(Input, frozen=True):
    """Which cases; what is left out may be anything, but for the state."""

    limit: Limit = 50
    after: Text | None = None
    """A cursor of this list."""
    state: State = "pending"
    kind: ItemKind | None = None
    place_id: UUID | None = None
    """A group or a forum."""
    author_id: UUID | None = None
    """Whose things were reported."""
    priority: Priority | None = None
    """At least."""

    def which(self) -> WhichCases:
        """As the context takes it."""
        names = WhichCases.__struct_fields__
        return WhichCases(**{name: getattr(self, name) for name in names})


@action()
async def index(db: Repo, actor: Actor, query: Query[ListCases]) -> Many[Case]:
    """What one may decide, the most urgent first: as moderator of forums, in groups, or as administrator.

    Whoever may decide nothing finds an empty list, and nobody a case about themselves.
    """
    page = await moderation.list_cases(
        db, actor, query.which(), limit=query.limit, after=query.after
    )
    return many(page)


@action(errors=NOT_FOUND)
async def show(db: Repo, actor: Actor, case_id: UUID) -> Data[WholeCase]:
    """One case, with every report and decision."""
    return Data(await moderation.get_case(db, actor, case_id))


@action(errors=TAKEN)
async def claim(db: Repo, actor: Actor, app: App, case_id: UUID) -> Data[WholeCase]:
    """Take an open case for a while: until then nobody else can decide it. Again: for longer."""
    return Data(await moderation.claim_case(db, actor, case_id, limits=app.limits.moderation))


@action(errors=NOT_FOUND)
async def release(db: Repo, actor: Actor, case_id: UUID) -> Data[WholeCase]:
    """Give a case back that one has taken."""
    return Data(await moderation.release_case(db, actor, case_id))


@action(
    errors=(*TAKEN, *IN_PLACE, groups.MemberNotFound, UserNotFound),
    example={"version": 1, "decision": "reject"},
)
async def resolve(
    db: Repo, actor: Actor, app: App, case_id: UUID, new: Body[NewDecision]
) -> Data[WholeCase]:
    """Decide a case, and take measures.

    `version` is that of the case as one has seen it: should anybody have been faster, nothing is done (`case_changed`).
    Measures are taken as in the place itself, so that who may not ban there cannot ban here.
    """
    return Data(
        await moderation.decide_case(db, actor, case_id, new, grace=app.settings.push_delay_seconds)
    )


@action(
    errors=(moderation.DecisionNotFound, moderation.CannotUndo, moderation.CaseClaimed, *IN_PLACE)
)
async def undo(db: Repo, actor: Actor, action_id: UUID) -> Data[WholeCase]:
    """Take back the last decision about a case, with all it did; the case is open again."""
    return Data(await moderation.undo_decision(db, actor, action_id))


@action()
async def notices(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[Notice]:
    """What moderators have done about one's own things, the newest first."""
    return many(await moderation.list_notices(db, actor, limit=query.limit, after=query.after))
