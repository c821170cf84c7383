"""What those who decide about reports of a forum's posts and comments need to know of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .access import get_post_place
from .comment_access import get_comment_place
from .errors import CommentNotFound, PostNotFound


class Quote(msgspec.Struct, frozen=True):
    """A post or comment, and what it says."""

    id: UUID
    author_id: UUID | None
    title: str | None
    content: str
    url: str | None
    inserted_at: datetime
    edited_at: datetime | None
    attachments: list[dict[str, Any]] | None


class Quoted(msgspec.Struct, frozen=True):
    """The same with what it answers, the post first, and the forum."""

    forum_id: UUID
    post_id: UUID
    quote: Quote
    above: list[Quote]


async def list_moderated_ids(db: Repo, user_id: UUID) -> list[UUID]:
    """The forums a person moderates, in no order."""
    return await db.values("SELECT forum_id FROM forum_moderators WHERE user_id = $1", user_id)


async def quote_post(db: Repo, actor: Actor, post_id: UUID) -> Quoted:
    """A post as it stands. Raises `PostNotFound`, also for what is only a stub."""
    post = await get_post_place(db, actor, post_id)
    quote = await db.first(Quote, _POST, post_id)
    if not post.there or quote is None:
        raise PostNotFound
    return Quoted(post.forum.forum_id, post_id, quote, [])


async def quote_comment(db: Repo, actor: Actor, comment_id: UUID, *, above: int) -> Quoted:
    """A comment as it stands, with so many of those it answers. Raises `CommentNotFound`, also for a stub."""
    comment = await get_comment_place(db, actor, comment_id)
    if not (comment.there and comment.post.there):
        raise CommentNotFound
    ids = comment.ancestor_ids[-above:] if above else []
    post = await db.first(Quote, _POST, comment.post.id)
    rows = await db.all(Quote, _COMMENTS, [*ids, comment_id])
    if post is None or not rows:
        raise CommentNotFound
    return Quoted(comment.post.forum.forum_id, comment.post.id, rows[-1], [post, *rows[:-1]])


async def find_forum_of_post(db: Repo, post_id: UUID) -> UUID | None:
    """Where a post is now; nobody's rights are asked."""
    found: UUID | None = await db.value("SELECT forum_id FROM posts WHERE id = $1", post_id)
    return found


async def find_moved_post(db: Repo, act_id: UUID) -> UUID | None:
    """The post an act of a log has moved to another forum; None: it did something else, or there is none."""
    sql = "SELECT target_id FROM forum_log WHERE id = $1 AND action = 'post_moved'"
    found: UUID | None = await db.value(sql, act_id)
    return found


async def find_said_about(db: Repo, post_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Those of these that are the post itself, or comments on it."""
    sql = "SELECT id FROM comments WHERE id = ANY($1) AND post_id = $2"
    return {post_id, *await db.values(sql, list(ids), post_id)}


async def is_removed_by(db: Repo, comment_id: UUID, act_id: UUID) -> bool:
    """Whether a comment is away by this act and no other."""
    sql = "SELECT true FROM comments WHERE id = $1 AND removal_id = $2"
    return bool(await db.value(sql, comment_id, act_id))


_POST = """
SELECT id, author_id, title, content, url, inserted_at, edited_at, attachments FROM posts WHERE id = $1
"""
# Of those above only what everybody can read.
_COMMENTS = """
SELECT id, author_id, NULL, CASE WHEN removed_at IS NULL THEN content ELSE '' END, NULL, inserted_at, edited_at,
    CASE WHEN removed_at IS NULL THEN attachments END
FROM comments WHERE id = ANY($1::uuid[]) ORDER BY depth
"""
