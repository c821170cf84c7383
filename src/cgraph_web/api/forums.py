"""Forums: places for posts, one in the other. `{forum}` is a forum's id or its slug."""

from cgraph import forums
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.forums import Forum, ForumChange, NewForum
from cgraph_kit.db import Repo
from cgraph_web.action import Body, action
from cgraph_web.views.base import Data


@action(
    status=201,
    errors=(forums.SlugTaken, forums.TooManyForums, forums.ForumArchived),
)
async def create(db: Repo, actor: Actor, app: App, new: Body[NewForum]) -> Data[Forum]:
    """Make a forum, which one moderates and is subscribed to.

    Its slug stays its own for ever. `ForumArchived` is said of the parent.
    """
    return Data(await forums.create_forum(db, actor, new, limits=app.limits.forums))


@action(public=True, errors=(forums.ForumNotFound,))
async def show(db: Repo, actor: Actor | None, forum: str) -> Data[Forum]:
    """One forum. Private ones are there only for those moderators let in."""
    return Data(await forums.read_forum(db, actor, forums.forum_name(forum)))


@action(
    errors=(
        forums.ForumNotFound,
        forums.NotModerator,
        forums.NotCreator,
        forums.ForumArchived,
    )
)
async def update(
    db: Repo, actor: Actor, app: App, forum: str, change: Body[ForumChange]
) -> Data[Forum]:
    """Change a forum, as one of its moderators. Who may read it, and whether it is archived, its creator alone decides."""
    return Data(
        await forums.update_forum(
            db, actor, forums.forum_name(forum), change, limits=app.limits.forums
        )
    )
