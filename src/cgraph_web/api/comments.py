"""What is said about posts."""

from uuid import UUID

from cgraph import files, forums
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.forums import (
    Comment,
    CommentEdit,
    CommentPage,
    CommentRevision,
    NewComment,
    WhichComments,
)
from cgraph_kit.db import Repo
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data

CHANGING = (
    forums.BannedFromForum,
    forums.ForumArchived,
    forums.PostArchived,
    forums.PostLocked,
    forums.CommentNotFound,
    forums.PostingTooFast,
)


@action(public=True, errors=(forums.PostNotFound, forums.CommentNotFound))
async def index(
    db: Repo, actor: Actor | None, post_id: UUID, query: Query[WhichComments]
) -> Data[CommentPage]:
    """Comments of a post as a tree, in the order in which they are to be shown.

    A comment whose answers are not all here has `more`: how many are left, exactly, and the cursor with which they come.
    Paging on by every cursor shows each comment once. `focus` shows one comment, what is below it, and as many of those
    above it as `context` says; `comment_not_found` is said of the focus.
    """
    return Data(await forums.list_comments(db, actor, post_id, query))


@action(
    status=201,
    errors=(
        *CHANGING,
        forums.PostNotFound,
        forums.PostingRestricted,
        forums.CommentLocked,
        forums.SaidBefore,
        forums.TooManyLinks,
        *files.ATTACHING,
    ),
)
async def create(
    db: Repo, actor: Actor, app: App, post_id: UUID, new: Body[NewComment]
) -> Data[Comment]:
    """Comment on a post, or answer a comment (`parent_id`); one's own vote comes with it.

    What answers a comment at depth 50 stands beside it, and says so in `reply_to_id`.
    """
    return Data(await forums.create_comment(db, actor, post_id, new, limits=app.limits.forums))


@action(public=True, errors=(forums.CommentNotFound, forums.PostMoved))
async def show(db: Repo, actor: Actor | None, comment_id: UUID) -> Data[Comment]:
    """One comment by itself."""
    return Data(await forums.get_comment(db, actor, comment_id))


@action(errors=(*CHANGING, forums.NotCommentAuthor, *files.ATTACHING))
async def update(
    db: Repo, actor: Actor, app: App, comment_id: UUID, edit: Body[CommentEdit]
) -> Data[Comment]:
    """Change what one has said. After the first minutes what it said before stays readable.

    `attachments` are all files that shall come with it; left out, they stay.
    """
    return Data(await forums.edit_comment(db, actor, comment_id, edit, limits=app.limits.forums))


@action(status=204, errors=(forums.CommentNotFound, forums.NotCommentAuthor))
async def remove(db: Repo, actor: Actor, comment_id: UUID) -> None:
    """Take back what one has said. With answers below it a stub stays."""
    await forums.delete_comment(db, actor, comment_id)


@action(public=True, errors=(forums.CommentNotFound,))
async def revisions(db: Repo, actor: Actor | None, comment_id: UUID) -> Data[list[CommentRevision]]:
    """Everything a comment has said, the present text last."""
    return Data(await forums.list_comment_revisions(db, actor, comment_id))
