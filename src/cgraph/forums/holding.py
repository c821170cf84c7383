"""Holding what moderators act on: the forum first, then the post, as everybody takes them."""

from collections.abc import Collection
from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Unavailable

from .access import PostAccess, hold_forum, hold_post
from .comment_access import CommentAccess, hold_comment
from .errors import CommentNotFound, ForumNotFound, PostNotFound


async def hold_moderated_post(tx: Transaction, actor: Actor, post_id: UUID) -> PostAccess:
    """A post of a forum the actor moderates; nobody else changes either before this transaction ends.

    Raises `PostNotFound`, `NotModerator`.
    """
    forum_id = await tx.value("SELECT forum_id FROM posts WHERE id = $1", post_id)
    if forum_id is None:
        raise PostNotFound
    try:
        access = await hold_forum(tx, actor, forum_id)
    except ForumNotFound:
        raise PostNotFound from None
    post = await hold_post(tx, actor, post_id)
    if post.forum.forum_id != access.forum_id:
        raise Unavailable("the post is being moved")
    post.forum.demand_moderator()
    return post


async def hold_forums(tx: Transaction, ids: Collection[UUID]) -> None:
    """Nobody else changes these forums or counts anything in them before this transaction ends; before anything else is held."""
    await tx.values(
        "SELECT 1 FROM forums WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", list(ids)
    )


async def hold_moderated_comment(tx: Transaction, actor: Actor, comment_id: UUID) -> CommentAccess:
    """The same of a comment. Raises `CommentNotFound`, `NotModerator`."""
    post_id = await tx.value("SELECT post_id FROM comments WHERE id = $1", comment_id)
    if post_id is None:
        raise CommentNotFound
    try:
        await hold_moderated_post(tx, actor, post_id)
    except PostNotFound:
        raise CommentNotFound from None
    comment = await hold_comment(tx, actor, comment_id)
    if comment.post.id != post_id:
        raise Unavailable("the comment is being moved")
    return comment
