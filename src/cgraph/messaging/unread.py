"""What a person has not read, exactly."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .counting import ARCHIVED, FIRST_UNREAD, MENTIONS, RECOUNT, RECOUNT_MENTIONS, UNREAD
from .errors import ConversationNotFound
from .events import CountersDrifted


class Unread(msgspec.Struct, frozen=True):
    """The counters of one conversation."""

    conversation_id: UUID
    unread: int
    mentions: int
    """Unread messages that mention the reader."""
    read_seq: int
    last_seq: int
    marked_unread: bool
    """The reader has put the marker back."""
    muted: bool
    archived: bool
    first_unread_seq: int | None
    first_unread_id: UUID | None


class UnreadOf(Unread, frozen=True):
    """The counters of one conversation, and whose they are."""

    user_id: UUID


class Verified(msgspec.Struct, frozen=True):
    """The counters of one conversation, counted in two ways."""

    conversation_id: UUID
    unread: int
    mentions: int
    recounted_unread: int
    """One by one."""
    recounted_mentions: int


async def get_unread(db: Repo, actor: Actor, conversation_id: UUID) -> Unread:
    """The counters of one conversation. Raises `ConversationNotFound`."""
    unread = await db.first(
        Unread, f"{_UNREAD} AND p.conversation_id = $2", actor.id, conversation_id
    )
    if unread is None:
        raise ConversationNotFound
    return unread


async def list_unread(db: Repo, actor: Actor) -> list[Unread]:
    """The counters of every conversation in which something is unread."""
    return await db.all(
        Unread, f"{_UNREAD} AND s.last_seq > p.read_seq ORDER BY s.active_at DESC", actor.id
    )


async def count_unread(
    db: Repo, conversation_id: UUID, user_ids: Collection[UUID]
) -> list[UnreadOf]:
    """The counters of one conversation for some of its people; who is not in it is left out. For telling them."""
    return await db.all(UnreadOf, _COUNT, conversation_id, list(user_ids))


async def list_participant_ids(db: Repo, conversation_id: UUID) -> list[UUID]:
    """Who is in a conversation. For telling them."""
    ids: list[UUID] | None = await db.value(_PEOPLE, conversation_id)
    return ids or []


async def verify_unread(db: Repo, actor: Actor) -> list[Verified]:
    """Count everything anew, one by one, and report both; a difference is published as `CountersDrifted`."""
    rows = await db.all(Verified, _VERIFY, actor.id)
    drifted = [
        row.conversation_id
        for row in rows
        if (row.unread, row.mentions) != (row.recounted_unread, row.recounted_mentions)
    ]
    if drifted:
        db.publish(CountersDrifted(actor.id, drifted))
    return rows


_FROM = """
FROM participants p
JOIN conversations c ON c.id = p.conversation_id
JOIN streams s ON s.id = p.conversation_id
"""
_MINE = "WHERE p.user_id = $1 AND p.left_seq IS NULL"
_COUNTERS = f"""
p.conversation_id, {UNREAD} AS unread, {MENTIONS}, p.read_seq, s.last_seq, p.marked_unread,
coalesce(p.muted_until > now(), false), {ARCHIVED}, f.seq, f.id
"""
_COUNTED = f"{_FROM} LEFT JOIN LATERAL ({FIRST_UNREAD}) f ON s.counted > p.read_nth"
_UNREAD = f"SELECT {_COUNTERS} {_COUNTED} {_MINE}"
_COUNT = f"""
SELECT {_COUNTERS}, p.user_id {_COUNTED}
WHERE p.conversation_id = $1 AND p.user_id = ANY($2) AND p.left_seq IS NULL
"""
_PEOPLE = """
SELECT array_agg(user_id) FROM participants WHERE conversation_id = $1 AND left_seq IS NULL
"""
_VERIFY = f"""
SELECT p.conversation_id, {UNREAD}, {MENTIONS}, {RECOUNT}, {RECOUNT_MENTIONS} {_FROM} {_MINE}
"""
