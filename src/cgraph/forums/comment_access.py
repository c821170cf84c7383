"""A comment and its reader: what everything done to one begins with."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction

from .access import PostAccess, get_post_place, hold_post
from .errors import CommentNotFound, PostNotFound


class CommentAccess(msgspec.Struct, frozen=True):
    """A comment, as far as rules ask, and a person's place in its forum."""

    post: PostAccess
    id: UUID
    parent_id: UUID | None
    reply_to_id: UUID | None
    """What it answers where that is as deep as comments go."""
    ancestor_ids: list[UUID]
    """From the top down, without itself."""
    depth: int
    author_id: UUID | None
    content: str
    mentions: list[UUID]
    child_count: int
    deleted: bool
    removed: bool
    locked: bool
    """It, or one above it."""
    inserted_at: datetime
    edited_at: datetime | None
    attachments: list[dict[str, Any]] | None
    previews_off: bool

    @property
    def authored(self) -> bool:
        """Whether they wrote it."""
        user_id = self.post.forum.user_id
        return user_id is not None and user_id == self.author_id

    @property
    def there(self) -> bool:
        """Whether it is more than a stub."""
        return not (self.deleted or self.removed)


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    post_id: UUID
    parent_id: UUID | None
    reply_to_id: UUID | None
    path: str
    depth: int
    author_id: UUID | None
    content: str
    mentions: list[UUID]
    child_count: int
    deleted: bool
    removed: bool
    locked: bool
    inserted_at: datetime
    edited_at: datetime | None
    attachments: list[dict[str, Any]] | None
    previews_off: bool


async def get_comment_place(db: Repo, actor: Actor | None, comment_id: UUID) -> CommentAccess:
    """A comment and the person's place in its forum. Stubs are found too, and what is on a post that is only one.

    Raises `CommentNotFound`, also for who may not read the forum, and for what its author deleted and nothing hangs below.
    """
    return await _get(db, actor, comment_id, hold=False)


async def hold_comment(tx: Transaction, actor: Actor, comment_id: UUID) -> CommentAccess:
    """As `get_comment_place`; nobody else changes its post, or any comment there but by votes, before this transaction ends.

    Whoever holds the forum too does that first.
    """
    return await _get(tx, actor, comment_id, hold=True)


async def _get(db: Repo, actor: Actor | None, comment_id: UUID, *, hold: bool) -> CommentAccess:
    post_id = await db.value("SELECT post_id FROM comments WHERE id = $1", comment_id)
    if post_id is None:
        raise CommentNotFound
    try:
        if hold and actor is not None and isinstance(db, Transaction):
            post = await hold_post(db, actor, post_id)
        else:
            post = await get_post_place(db, actor, post_id)
    except PostNotFound:
        raise CommentNotFound from None
    row = await db.first(_Row, _COMMENT, comment_id)
    if row is None or row.post_id != post_id or (row.deleted and not row.child_count):
        raise CommentNotFound
    ancestors = [UUID(hex=label) for label in row.path.split(".")[:-1]]
    return CommentAccess(
        post,
        row.id,
        row.parent_id,
        row.reply_to_id,
        ancestors,
        row.depth,
        row.author_id,
        row.content,
        row.mentions,
        row.child_count,
        row.deleted,
        row.removed,
        row.locked,
        row.inserted_at,
        row.edited_at,
        row.attachments,
        row.previews_off,
    )


_COMMENT = """
SELECT c.id, c.post_id, c.parent_id, c.reply_to_id, c.path::text, c.depth, c.author_id, c.content, c.mentions, c.child_count,
    c.deleted_at IS NOT NULL, c.removed_at IS NOT NULL, EXISTS (
        SELECT FROM comments a
        WHERE a.id = ANY (string_to_array(c.path::text, '.')::uuid[]) AND a.locked_at IS NOT NULL
    ), c.inserted_at, c.edited_at, c.attachments, c.previews_off
FROM comments c WHERE c.id = $1
"""
