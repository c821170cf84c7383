"""Telling moderators of something, and hearing what became of it."""

from cgraph import forums, groups, messaging, moderation
from cgraph.accounts import Actor, UserNotFound
from cgraph.application import App
from cgraph.moderation import NewReport, Report
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many


@action(
    status=201,
    errors=(
        messaging.ConversationNotFound,
        groups.ChannelNotFound,
        messaging.MessageNotFound,
        forums.PostNotFound,
        forums.CommentNotFound,
        UserNotFound,
    ),
    example={"kind": "user", "id": "01923e5c-8f6a-7c31-9d2e-0b6f4a1c7d10", "reason": "spam"},
)
async def create(db: Repo, actor: Actor, app: App, new: Body[NewReport]) -> Data[Report]:
    """Report a message, post, comment or person one can see.

    What it says now, and what is said around it, is kept for the moderators, whatever becomes of it. One's own report of
    the same thing comes back while it is not decided.
    """
    return Data(await moderation.report_item(db, actor, new, limits=app.limits.moderation))


@action()
async def index(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[Report]:
    """What one has reported, the newest first, and what became of it."""
    page = await moderation.list_own_reports(db, actor, limit=query.limit, after=query.after)
    return many(page)
