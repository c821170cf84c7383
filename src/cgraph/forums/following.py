"""What a client has missed of a forum or a post, and who may listen: the event logs, read by those who may."""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock, streams
from cgraph_kit.db import Repo

from .access import get_forum, get_post_place
from .comment_events import CommentCreated, CommentUpdated
from .events import (
    CommentsMoved,
    ForumDeleted,
    ForumUpdated,
    ModeratorsUpdated,
    PostCreated,
    PostListed,
    PostUpdated,
)
from .limits import DEFAULT_LIMITS, Limits

DurableForumEvent = ForumUpdated | ForumDeleted | ModeratorsUpdated | PostCreated | PostListed
DurablePostEvent = PostUpdated | CommentCreated | CommentUpdated | CommentsMoved


class Counts(msgspec.Struct, frozen=True):
    """What a post has, now. Payload of `post_counted`."""

    id: UUID
    upvotes: int
    downvotes: int
    score: int
    comment_count: int


class CommentCounts(msgspec.Struct, frozen=True):
    """What a comment has, now. Payload of `comment_counted`."""

    id: UUID
    upvotes: int
    downvotes: int
    score: int


class PostCounts(Counts, frozen=True):
    """The same, and where it is."""

    forum_id: UUID


class CountedComment(CommentCounts, frozen=True):
    """The same, and where it is."""

    post_id: UUID


async def read_forum_since(
    db: Repo, actor: Actor, forum_id: UUID, since: int | None, *, limits: Limits = DEFAULT_LIMITS
) -> streams.Missed:
    """Every event of a forum after a number (None: only where it stands), or the reason to reload. Raises `ForumNotFound`."""
    await get_forum(db, actor, forum_id)
    missed = await _missed(db, forum_id, since, limits)
    # Somebody may have been shown out while the log was read.
    await get_forum(db, actor, forum_id)
    return missed


async def read_post_since(
    db: Repo, actor: Actor, post_id: UUID, since: int | None, *, limits: Limits = DEFAULT_LIMITS
) -> streams.Missed:
    """The same of a post and what is said about it. Raises `PostNotFound`."""
    await get_post_place(db, actor, post_id)
    missed = await _missed(db, post_id, since, limits)
    await get_post_place(db, actor, post_id)
    return missed


async def find_shut_out(db: Repo, forum_id: UUID, user_ids: Collection[UUID]) -> list[UUID]:
    """Those of these people who may not read a forum now."""
    return await db.values(_SHUT_OUT, list(user_ids), forum_id, clock.now())


async def list_ids_in_forum(db: Repo, forum_id: UUID, post_ids: Collection[UUID]) -> list[UUID]:
    """Those of these posts that are in a forum."""
    sql = "SELECT id FROM posts WHERE forum_id = $1 AND id = ANY($2)"
    return await db.values(sql, forum_id, list(post_ids))


async def list_forum_ids(db: Repo, post_ids: Collection[UUID]) -> list[UUID]:
    """The forums these posts are in, each once."""
    sql = "SELECT DISTINCT forum_id FROM posts WHERE id = ANY($1)"
    return await db.values(sql, list(post_ids))


async def count_posts(db: Repo, post_ids: Sequence[UUID]) -> list[PostCounts]:
    """What these posts have; gone ones are left out."""
    return await db.all(PostCounts, _COUNTS, list(post_ids))


async def count_comments(db: Repo, comment_ids: Sequence[UUID]) -> list[CountedComment]:
    """What these comments have; gone ones are left out."""
    return await db.all(CountedComment, _COMMENT_COUNTS, list(comment_ids))


async def _missed(db: Repo, stream_id: UUID, since: int | None, limits: Limits) -> streams.Missed:
    if since is None:
        return streams.Missed(await streams.last_seq(db, stream_id))
    return await streams.since(db, stream_id, since, most=limits.resume_max)


_SHUT_OUT = """
SELECT w.id FROM unnest($1::uuid[]) AS w (id)
WHERE NOT EXISTS (
    SELECT FROM forums f WHERE f.id = $2 AND f.deleted_at IS NULL AND (
        f.visibility <> 'private'
        OR EXISTS (SELECT FROM forum_moderators m WHERE m.forum_id = $2 AND m.user_id = w.id)
        OR EXISTS (SELECT FROM administrators a WHERE a.user_id = w.id)
        OR EXISTS (SELECT FROM forum_subscriptions s
                WHERE s.forum_id = $2 AND s.user_id = w.id AND s.state = 'active')
            AND NOT EXISTS (SELECT FROM forum_bans b
                WHERE b.forum_id = $2 AND b.user_id = w.id AND (b.expires_at IS NULL OR b.expires_at > $3))
    )
)
"""
_LIVE = "deleted_at IS NULL AND removed_at IS NULL"
_COUNTS = """
SELECT p.id, r.upvotes, r.downvotes, r.score, p.comment_count, p.forum_id
FROM posts p JOIN post_ranks r ON r.id = p.id WHERE p.id = ANY($1) AND r.shown
"""
_COMMENT_COUNTS = f"""
SELECT id, upvotes, downvotes, score, post_id FROM comments WHERE id = ANY($1) AND {_LIVE}
"""
