"""What a person does with a post for themselves: save it, hide it, follow it, read it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.notifications import PreferenceChange, Scope
from cgraph_kit import clock, streams
from cgraph_kit.db import Repo
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page
from cgraph_kit.validation import Input

from .access import get_post_place
from .post import Post
from .viewing import list_posts_by_ids

Kept = Literal["saved", "hidden"]


class PostRead(Input, frozen=True):
    """How far one has read."""

    comment_count: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    """How many comments the client has shown; left out: as many as there are."""


class PostMarks(msgspec.Struct, frozen=True):
    """What the reader has done with a post."""

    post_id: UUID
    saved: bool
    hidden: bool
    followed: bool
    read_at: datetime | None
    new_comments: int | None
    """Since then; null: they have never read it."""


async def save_post(db: Repo, actor: Actor, post_id: UUID, *, saved: bool) -> PostMarks:
    """Keep a post among one's saved ones, or no longer; again: nothing happens. Raises `PostNotFound`."""
    return await _set(db, actor, post_id, "saved_at", on=saved)


async def hide_post(db: Repo, actor: Actor, post_id: UUID, *, hidden: bool) -> PostMarks:
    """Leave a post out of one's lists, or no longer. Raises `PostNotFound`."""
    return await _set(db, actor, post_id, "hidden_at", on=hidden)


async def follow_post(db: Repo, actor: Actor, post_id: UUID, *, followed: bool) -> PostMarks:
    """Hear of every comment on a post, or as its forum has it: a notification preference of the post.

    Raises `PostNotFound`.
    """
    change = PreferenceChange(level="all" if followed else None)
    async with db.transaction() as tx:
        marks = await _set(tx, actor, post_id, "followed_at", on=followed)
        await notifications.change_preference(tx, actor.id, Scope("post", post_id), change)
        return marks


async def read_post(db: Repo, actor: Actor, post_id: UUID, read: PostRead) -> PostMarks:
    """Note that one has read a post and so many of its comments; a later, smaller number changes nothing.

    Once all are read, so is what the inbox has of it.

    Raises `PostNotFound`.
    """
    async with db.transaction() as tx:
        await get_post_place(tx, actor, post_id)
        await tx.value(_READ, actor.id, post_id, clock.now(), read.comment_count)
        marks = await tx.one(PostMarks, _GET, actor.id, post_id)
    if not marks.new_comments:
        seq = await streams.last_seq(db, post_id)
        await notifications.read_place(db, actor.id, post_id, seq)
    return marks


async def list_kept(
    db: Repo, actor: Actor, kept: Kept, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[Post]:
    """What one has saved or hidden, the latest first; what one may no longer read is left out."""
    start = decode_cursor(after, tuple[datetime, UUID], "after") if after else (None, None)
    rows = await db.all(_Mark, _LIST[kept], actor.id, *start, limit + 1)
    page = forward_page(rows, limit, lambda row: (row.at, row.post_id))
    posts = await list_posts_by_ids(db, actor, [row.post_id for row in page.items])
    return Page(posts, after=page.after)


class _Mark(msgspec.Struct, frozen=True):
    at: datetime
    post_id: UUID


async def _set(db: Repo, actor: Actor, post_id: UUID, column: str, *, on: bool) -> PostMarks:
    async with db.transaction() as tx:
        await get_post_place(tx, actor, post_id)
        await tx.value(_SET.format(column=column), actor.id, post_id, clock.now() if on else None)
        return await tx.one(PostMarks, _GET, actor.id, post_id)


_SET = """
INSERT INTO post_marks AS k (user_id, post_id, {column}) VALUES ($1, $2, $3)
ON CONFLICT (user_id, post_id) DO UPDATE SET {column} = excluded.{column}
WHERE (k.{column} IS NULL) <> (excluded.{column} IS NULL)
"""
_READ = """
INSERT INTO post_marks AS k (user_id, post_id, read_at, read_comments)
SELECT $1, id, $3, least(coalesce($4, comment_count), comment_count) FROM posts WHERE id = $2
ON CONFLICT (user_id, post_id) DO UPDATE
SET read_at = excluded.read_at, read_comments = greatest(k.read_comments, excluded.read_comments)
"""
_GET = """
SELECT p.id, coalesce(k.saved_at IS NOT NULL, false), coalesce(k.hidden_at IS NOT NULL, false),
    coalesce(k.followed_at IS NOT NULL, false), k.read_at,
    CASE WHEN k.read_at IS NOT NULL THEN greatest(0, p.comment_count - k.read_comments) END
FROM posts p LEFT JOIN post_marks k ON k.post_id = p.id AND k.user_id = $1 WHERE p.id = $2
"""
_LIST: dict[Kept, str] = {
    kept: f"""
SELECT {kept}_at, post_id FROM post_marks
WHERE user_id = $1 AND {kept}_at IS NOT NULL AND ($2::timestamptz IS NULL OR ({kept}_at, post_id) < ($2, $3::uuid))
ORDER BY {kept}_at DESC, post_id DESC LIMIT $4
"""
    for kept in ("saved", "hidden")
}
