"""What moderators change about a post or comment, read and written whole; forums and posts count along."""

from datetime import datetime
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

import msgspec

from cgraph_kit.db import Transaction, columns


class PostState(msgspec.Struct, frozen=True):
    """Of a post."""

    table: ClassVar[str] = "posts"
    removed_at: datetime | None
    removed_by: UUID | None
    removal_id: UUID | None
    locked_at: datetime | None
    archived_at: datetime | None
    pinned_at: datetime | None
    pinned_until: datetime | None
    distinguished: bool


class CommentState(msgspec.Struct, frozen=True):
    """Of a comment."""

    table: ClassVar[str] = "comments"
    removed_at: datetime | None
    removed_by: UUID | None
    removal_id: UUID | None
    locked_at: datetime | None
    distinguished: bool


ItemState: TypeAlias = PostState | CommentState


async def read_state(tx: Transaction, kind: type[ItemState], id: UUID) -> ItemState:
    """What it is now; the caller holds it."""
    return await tx.one(kind, f"SELECT {columns(kind)} FROM {kind.table} WHERE id = $1", id)


async def write_state(tx: Transaction, id: UUID, before: ItemState, after: ItemState) -> None:
    """Make it so. The caller holds the forum, and the post."""
    names = after.__struct_fields__
    sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(names, 2))
    values = (getattr(after, name) for name in names)
    await tx.value(f"UPDATE {after.table} SET {sets} WHERE id = $1", id, *values)
    shown = (after.removed_at is None) - (before.removed_at is None)
    if shown:
        await tx.value(_COUNT[after.table], id, shown)


def state_facts(state: ItemState) -> dict[str, Any]:
    """By name, as the log keeps it."""
    facts: dict[str, Any] = msgspec.to_builtins(state)
    return facts


# What its author has deleted is not counted, whatever moderators do about it.
_COUNT = {
    "posts": """
UPDATE forums f SET post_count = post_count + $2 FROM posts p WHERE p.id = $1 AND p.deleted_at IS NULL AND f.id = p.forum_id
""",
    "comments": """
WITH one AS (SELECT post_id, forum_id FROM comments WHERE id = $1 AND deleted_at IS NULL),
post AS (UPDATE posts p SET comment_count = comment_count + $2 FROM one WHERE p.id = one.post_id)
UPDATE forums f SET comment_count = comment_count + $2 FROM one WHERE f.id = one.forum_id
""",
}
