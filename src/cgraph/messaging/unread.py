"""What a person has not read, exactly."""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import telemetry
from cgraph_kit.db import Repo

from .counting import (
    ARCHIVED,
    FIRST_UNREAD,
    HIDDEN,
    JOINED,
    MENTIONS,
    MUTED,
    RECOUNT,
    RECOUNT_MENTIONS,
    UNREAD,
)
from .errors import ConversationNotFound
from .events import CountersDrifted

DRIFT = telemetry.counter(
    "unread_drift_total", "Conversations whose unread counters were found wrong. Stays 0."
)


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

    @property
    def drifted(self) -> bool:
        """Whether the two disagree. Never, if all is well."""
        return (self.unread, self.mentions) != (self.recounted_unread, self.recounted_mentions)


async def get_unread(db: Repo, actor: Actor, conversation_id: UUID) -> Unread:
    """The counters of one conversation. Raises `ConversationNotFound`."""
    unread = await db.first(Unread, _GET, actor.id, conversation_id)
    if unread is None:
        raise ConversationNotFound
    return unread


class UnreadAndTold(Unread, frozen=True):
    """The counters of one conversation, and whether the reader was told of what they have read."""

    told: bool


async def get_unread_and_told(db: Repo, actor: Actor, conversation_id: UUID) -> tuple[Unread, bool]:
    """The counters, and whether notifications of what is read wait to be read. Raises `ConversationNotFound`."""
    found = await db.first(UnreadAndTold, _GET_TOLD, actor.id, conversation_id)
    if found is None:
        raise ConversationNotFound
    values = {name: getattr(found, name) for name in Unread.__struct_fields__}
    return Unread(**values), found.told


async def was_told(db: Repo, actor: Actor, place_id: UUID) -> bool:
    """Whether notifications of what is said in a place wait to be read."""
    found: bool = await db.value(_TOLD, actor.id, place_id)
    return found


async def list_unread(db: Repo, actor: Actor) -> list[Unread]:
    """The counters of every conversation in which something is unread."""
    return await db.all(Unread, _LIST, actor.id)


async def count_unread(
    db: Repo, conversation_id: UUID, user_ids: Collection[UUID]
) -> list[UnreadOf]:
    """The counters of one conversation for some of its people; who is not in it is left out. For telling them."""
    return await db.all(UnreadOf, _COUNT, conversation_id, list(user_ids))


async def list_participant_ids(db: Repo, conversation_id: UUID) -> list[UUID]:
    """Who is in a conversation. For telling them."""
    return await db.values(_PEOPLE, conversation_id)


async def verify_unread(
    db: Repo, actor: Actor, conversation_ids: Sequence[UUID] | None = None
) -> list[Verified]:
    """Count everything (None), or these conversations, anew, one by one, and report both.

    A difference is counted, and published as `CountersDrifted`.
    """
    rows = await db.all(Verified, _VERIFY, actor.id, conversation_ids)
    drifted = [row.conversation_id for row in rows if row.drifted]
    if drifted:
        DRIFT.inc(len(drifted))
        db.publish(CountersDrifted(actor.id, drifted))
    return rows


def _counting(columns: str, where: str, joins: str = "") -> str:
    """Over the participants that fit."""
    return f"""
WITH p AS MATERIALIZED (SELECT * FROM participants WHERE {where} AND left_seq IS NULL AND NOT gated), {HIDDEN}
SELECT {columns} FROM p {JOINED} {joins}
"""


_COLUMNS = f"""
p.conversation_id, {UNREAD}, {MENTIONS}, p.read_seq, s.last_seq, p.marked_unread,
    {MUTED}, {ARCHIVED}, f.seq, f.id
"""
_GET = _counting(_COLUMNS, "user_id = $1 AND conversation_id = $2", FIRST_UNREAD)
_GET_TOLD = _counting(
    f"{_COLUMNS}, EXISTS (SELECT FROM told_scopes t WHERE t.user_id = $1 AND t.scope_id = $2)",
    "user_id = $1 AND conversation_id = $2",
    FIRST_UNREAD,
)
_LIST = f"""
{_counting(_COLUMNS, "user_id = $1", FIRST_UNREAD)} WHERE s.last_seq > p.read_seq ORDER BY s.active_at DESC
"""
_COUNT = _counting(
    f"{_COLUMNS}, p.user_id", "conversation_id = $1 AND user_id = ANY($2)", FIRST_UNREAD
)
_VERIFY = _counting(
    f"p.conversation_id, {UNREAD}, {MENTIONS}, {RECOUNT}, {RECOUNT_MENTIONS}",
    "user_id = $1 AND ($2::uuid[] IS NULL OR conversation_id = ANY($2))",
)
_TOLD = "SELECT EXISTS (SELECT FROM told_scopes t WHERE t.user_id = $1 AND t.scope_id = $2)"
_PEOPLE = """
SELECT user_id FROM participants WHERE conversation_id = $1 AND left_seq IS NULL AND NOT gated
"""
