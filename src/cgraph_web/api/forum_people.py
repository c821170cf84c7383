"""The people of a forum: its moderators in order, its subscribers, and those who wait to be let in."""

from uuid import UUID

from cgraph import accounts, forums
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.forums import (
    ForumRef,
    Moderator,
    ModeratorOrder,
    SetSubscription,
    State,
    Subscriber,
    Subscription,
    forum_name,
)
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many

MODERATING = (forums.ForumNotFound, forums.NotModerator)


class ListSubscribers(WhichPage, frozen=True):
    """Which page, and of whom."""

    state: State = "active"
    """`pending`: those who wait to be let in."""


@action(public=True, errors=(forums.ForumNotFound,))
async def moderators(db: Repo, actor: Actor | None, forum: ForumRef) -> Data[list[Moderator]]:
    """Who looks after a forum. Earlier ones outrank later ones; the creator is the first."""
    return Data(await forums.list_moderators(db, actor, forum_name(forum)))


@action(errors=(*MODERATING, accounts.UserNotFound, forums.TooManyModerators))
async def add_moderator(
    db: Repo, actor: Actor, app: App, forum: ForumRef, user_id: UUID
) -> Data[list[Moderator]]:
    """Make somebody a moderator, below all others; who is one stays where they are."""
    name, limits = forum_name(forum), app.limits.forums
    return Data(await forums.add_moderator(db, actor, name, user_id, limits=limits))


@action(errors=(*MODERATING, forums.ModeratorNotFound, forums.OutrankedInForum))
async def remove_moderator(
    db: Repo, actor: Actor, forum: ForumRef, user_id: UUID
) -> Data[list[Moderator]]:
    """Somebody below oneself is a moderator no longer, or oneself. The creator hands the forum over first."""
    return Data(await forums.remove_moderator(db, actor, forum_name(forum), user_id))


@action(errors=(*MODERATING, forums.OutrankedInForum))
async def order_moderators(
    db: Repo, actor: Actor, forum: ForumRef, order: Body[ModeratorOrder]
) -> Data[list[Moderator]]:
    """Put the moderators into another order; only those below oneself move."""
    return Data(await forums.reorder_moderators(db, actor, forum_name(forum), order))


@action(errors=(forums.ForumNotFound, forums.BannedFromForum))
async def subscribe(
    db: Repo, actor: Actor, forum: ForumRef, new: Body[SetSubscription]
) -> Data[Subscription]:
    """Subscribe, or hear more or less of a forum from now on.

    Whoever knows the name of a private forum may ask to be let in: `state` is `pending` then, and nothing else is told.
    """
    return Data(await forums.subscribe(db, actor, forum_name(forum), new))


@action(status=204, errors=(forums.ForumNotFound,))
async def unsubscribe(db: Repo, actor: Actor, forum: ForumRef) -> None:
    """Take one's subscription back, or the request to be let in."""
    await forums.unsubscribe(db, actor, forum_name(forum))


@action(errors=MODERATING)
async def subscribers(
    db: Repo, actor: Actor, forum: ForumRef, query: Query[ListSubscribers]
) -> Many[Subscriber]:
    """Who has subscribed, or waits to be let in, the first first; for moderators."""
    page = await forums.list_subscribers(
        db, actor, forum_name(forum), state=query.state, limit=query.limit, after=query.after
    )
    return many(page)


@action(errors=(*MODERATING, accounts.UserNotFound, forums.BannedFromForum))
async def accept_subscriber(
    db: Repo, actor: Actor, forum: ForumRef, user_id: UUID
) -> Data[Subscriber]:
    """Let somebody in, as a moderator, whether they have asked or not."""
    return Data(await forums.accept_subscriber(db, actor, forum_name(forum), user_id))


@action(status=204, errors=(*MODERATING, forums.SubscriberNotFound, forums.OutrankedInForum))
async def remove_subscriber(db: Repo, actor: Actor, forum: ForumRef, user_id: UUID) -> None:
    """Refuse a request, or show a subscriber out, as a moderator."""
    await forums.remove_subscriber(db, actor, forum_name(forum), user_id)
