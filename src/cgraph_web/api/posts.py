"""Posts: texts, links and polls, with what is said about them."""

from uuid import UUID

from cgraph import forums
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.forums import NewPost, Post
from cgraph_kit.db import Repo
from cgraph_web.action import Body, action
from cgraph_web.views.base import Data

WRITING = (
    forums.ForumNotFound,
    forums.BannedFromForum,
    forums.PostingRestricted,
    forums.ForumArchived,
)


@action(status=201, errors=(*WRITING, forums.PostNotFound))
async def create(db: Repo, actor: Actor, app: App, forum: str, *, new: Body[NewPost]) -> Data[Post]:
    """Post a text, a link (`url`) or a poll (`poll`); one's own vote comes with it.

    `@username` mentions somebody. `crosspost_of_id` points to a post elsewhere: what is not there is `post_not_found`.
    """
    name = forums.forum_name(forum)
    return Data(await forums.create_post(db, actor, name, new, limits=app.limits.forums))


@action(public=True, errors=(forums.PostNotFound,))
async def show(db: Repo, actor: Actor | None, post_id: UUID) -> Data[Post]:
    """One post, whole. Of one that was deleted or removed a stub is left while there are comments."""
    return Data(await forums.get_post(db, actor, post_id))
