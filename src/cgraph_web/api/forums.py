"""Forums: places for posts, one in the other. `{forum}` is a forum's id or its slug."""

from cgraph import accounts, files, forums
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.files import Picture
from cgraph.forums import (
    DeleteForum,
    Forum,
    ForumChange,
    ForumDirectory,
    ForumRef,
    ForumSummary,
    Moderator,
    NewForum,
    TransferForum,
    forum_name,
)
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_web.action import Body, Query, action
from cgraph_web.exchange import Exchange
from cgraph_web.views.base import Data, Many, many

from .origin import origin_of


@action(public=True)
async def index(db: Repo, actor: Actor | None, query: Query[ForumDirectory]) -> Many[ForumSummary]:
    """Public forums, the most subscribed first; or those one has subscribed to, moderates, or waits for."""
    return many(await forums.list_forums(db, actor, query))


@action(status=201, errors=(forums.SlugTaken, forums.TooManyForums, forums.ForumArchived))
async def create(db: Repo, actor: Actor, app: App, new: Body[NewForum]) -> Data[Forum]:
    """Make a forum, which one moderates and is subscribed to.

    Its slug stays its own for ever. `forum_archived` is said of the parent.
    """
    return Data(await forums.create_forum(db, actor, new, limits=app.limits.forums))


@action(public=True, errors=(forums.ForumNotFound,))
async def show(db: Repo, actor: Actor | None, forum: ForumRef) -> Data[Forum]:
    """One forum. Private ones are there only for those moderators let in."""
    return Data(await forums.read_forum(db, actor, forum_name(forum)))


@action(public=True, errors=(forums.ForumNotFound,))
async def children(db: Repo, actor: Actor | None, forum: ForumRef) -> Data[list[ForumSummary]]:
    """The forums right below one, by slug."""
    return Data(await forums.list_children(db, actor, forum_name(forum)))


@action(errors=(forums.ForumNotFound, forums.NotModerator, forums.NotCreator, forums.ForumArchived))
async def update(
    db: Repo, actor: Actor, app: App, forum: ForumRef, change: Body[ForumChange]
) -> Data[Forum]:
    """Change a forum, as one of its moderators. Who may read it, and whether it is archived, its creator alone decides."""
    return Data(
        await forums.update_forum(db, actor, forum_name(forum), change, limits=app.limits.forums)
    )


@action(
    errors=(forums.ForumNotFound, forums.NotModerator, files.FileNotFound, files.FileNotReady),
    example={"file_id": "01933e5c-7a10-7c3e-9d52-5b0a4f6e2c11"},
)
async def set_icon(db: Repo, actor: Actor, forum: ForumRef, picture: Body[Picture]) -> Data[Forum]:
    """Show the forum by an image that was uploaded, as one of its moderators. The one before it is gone.

    `icon_url` is then a path below this server's address, which anybody may read.
    """
    return Data(await forums.set_forum_icon(db, actor, forum_name(forum), picture))


@action(status=204, errors=(forums.ForumNotFound, forums.NotModerator))
async def remove_icon(db: Repo, actor: Actor, forum: ForumRef) -> None:
    """Show the forum by no picture, as one of its moderators; again: nothing happens."""
    await forums.remove_forum_icon(db, actor, forum_name(forum))


# Neither of the two takes an Idempotency-Key: what is kept of a named request would be a fast hash of a password.
@action(
    status=204,
    idempotency="none",
    errors=(
        forums.ForumNotFound,
        forums.NotCreator,
        forums.ForumHasChildren,
        accounts.WrongPassword,
        accounts.TooManyAttempts,
        Unavailable,
    ),
)
async def delete(
    db: Repo,
    actor: Actor,
    app: App,
    exchange: Exchange,
    *,
    forum: ForumRef,
    confirmation: Body[DeleteForum],
) -> None:
    """Delete a forum with everything in it, as its creator, who gives their password once more."""
    name, origin = forum_name(forum), origin_of(exchange)
    await forums.delete_forum(db, app.auth, actor, name, confirmation, origin=origin)


@action(
    idempotency="none",
    errors=(
        forums.ForumNotFound,
        forums.NotCreator,
        forums.ModeratorNotFound,
        accounts.WrongPassword,
        accounts.TooManyAttempts,
        Unavailable,
    ),
)
async def transfer(
    db: Repo,
    actor: Actor,
    app: App,
    exchange: Exchange,
    *,
    forum: ForumRef,
    to: Body[TransferForum],
) -> Data[list[Moderator]]:
    """Hand a forum over to one of its moderators, as its creator, who gives their password once more and becomes the second."""
    name, origin = forum_name(forum), origin_of(exchange)
    return Data(await forums.transfer_forum(db, app.auth, actor, name, to, origin=origin))
