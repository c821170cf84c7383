"""One's own sessions: where one is signed in."""

from uuid import UUID

from cgraph import accounts
from cgraph.accounts import Actor, RenameSession
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.views import sessions as views
from cgraph_web.views.base import Data, Many, many
from cgraph_web.views.sessions import EndedView, SessionView


@action()
async def index(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[SessionView]:
    """One's live sessions, newest first."""
    page = await accounts.list_sessions(db, actor, limit=query.limit, after=query.after)
    return many(page, lambda one: views.session(one, actor))


@action(errors=(accounts.SessionNotFound,))
async def rename(
    db: Repo, actor: Actor, session_id: UUID, new: Body[RenameSession]
) -> Data[SessionView]:
    """Call a device something."""
    return Data(views.session(await accounts.rename_session(db, actor, session_id, new), actor))


@action(status=204, errors=(accounts.SessionNotFound,))
async def revoke(db: Repo, actor: Actor, session_id: UUID) -> None:
    """End a session: its tokens are void and its sockets drop."""
    await accounts.revoke_session(db, actor, session_id)


@action()
async def revoke_others(db: Repo, actor: Actor) -> Data[EndedView]:
    """End every session but this one."""
    return Data(EndedView(await accounts.revoke_other_sessions(db, actor)))
