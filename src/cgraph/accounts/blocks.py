"""Whom a person does not want to hear from. The blocked are never told."""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import Page, decode_cursor, forward_page

from . import errors
from .events import Unblocked, UserBlocked, UserUnblocked, record
from .limits import DEFAULT_LIMITS, Limits
from .user import PERSON, Actor, Person


class Block(msgspec.Struct, frozen=True):
    """One entry of a block list."""

    id: UUID
    user_id: int
    username: str
    display_name: str | None
    avatar_url: str | None
    blocked_at: datetime


async def block_user(
    db: Repo, actor: Actor, user_id: UUID, *, limits: Limits = DEFAULT_LIMITS
) -> Block:
    """Block somebody; again changes nothing. Raises `UserNotFound`, `TooManyBlocks`, `Invalid` for oneself."""
    if user_id == actor.id:
        raise Invalid.field("user_id", "is yourself")
    async with db.transaction() as tx:
        # The stream's row is locked first, so parallel blocks of one person count one after the other.
        await tx.value("SELECT 1 FROM streams WHERE id = $1 FOR UPDATE", actor.id)
        person = await tx.first(Person, f"SELECT {PERSON} FROM users u WHERE u.id = $1", user_id)
        if person is None:
            raise errors.UserNotFound
        blocked = await tx.first(Block, _FIND, actor.id, user_id)
        if blocked is not None:
            return blocked
        if await tx.value(_COUNT, actor.id) >= limits.blocks:
            raise errors.TooManyBlocks
        await tx.value(
            "INSERT INTO user_blocks (blocker_id, blocked_id) VALUES ($1, $2)", actor.id, user_id
        )
        await record(tx, UserBlocked, actor.id, person)
        return await tx.one(Block, _FIND, actor.id, user_id)


async def unblock_user(db: Repo, actor: Actor, user_id: UUID) -> None:
    """Take a block back; where there is none, nothing happens."""
    async with db.transaction() as tx:
        gone = await tx.value(
            "DELETE FROM user_blocks WHERE blocker_id = $1 AND blocked_id = $2 RETURNING true",
            actor.id,
            user_id,
        )
        if gone:
            await record(tx, UserUnblocked, actor.id, Unblocked(user_id))


async def list_blocks(
    db: Repo, actor: Actor, *, limit: int = 50, after: str | None = None
) -> Page[Block]:
    """Whom the actor blocks, by name; `after` is a cursor of this list."""
    start = decode_cursor(after, str, "after") if after else ""
    rows = await db.all(Block, _LIST, actor.id, start, limit + 1)
    return forward_page(rows, limit, lambda row: row.username)


_BLOCK = f"{PERSON}, b.inserted_at FROM user_blocks b JOIN users u ON u.id = b.blocked_id"
_FIND = f"SELECT {_BLOCK} WHERE b.blocker_id = $1 AND b.blocked_id = $2"
_LIST = f"SELECT {_BLOCK} WHERE b.blocker_id = $1 AND u.username > $2 ORDER BY u.username LIMIT $3"
_COUNT = "SELECT count(*) FROM user_blocks WHERE blocker_id = $1"


async def can_contact(db: Repo, sender_id: UUID, other_id: UUID) -> bool:
    """Whether a person may write to another directly: who is active, and no block stands between them."""
    allowed: bool = await db.value(
        "SELECT EXISTS (SELECT FROM users WHERE id = $2 AND state = 'active') "
        "AND NOT EXISTS (SELECT FROM blocked_pairs WHERE user_id = $1 AND other_id = $2)",
        sender_id,
        other_id,
    )
    return allowed
