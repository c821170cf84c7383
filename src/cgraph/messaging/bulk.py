"""Conversations another system knew, taken over many at a time; what was said in them is `histories`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from cgraph_kit.db import Transaction

from .policy import Kind


class ImportedConversation(msgspec.Struct, frozen=True):
    """A conversation to be made, under an id of the caller's choice."""

    id: UUID
    kind: Kind
    participants: Sequence[UUID]
    """Existing accounts: two for a direct one, one for a self one. They see everything."""
    inserted_at: datetime
    name: str | None = None
    owner_id: UUID | None = None

    @property
    def pair(self) -> tuple[UUID | None, UUID | None]:
        """Both people of a direct conversation, the owner twice of a self one."""
        if self.kind == "group":
            return (None, None)
        low, *_, high = sorted([*self.participants, *self.participants])
        return (low, high)

    @property
    def peers(self) -> list[UUID | None]:
        """By participant: the other one of a direct conversation."""
        if self.kind == "direct":
            return list(reversed(list(self.participants)))
        return [None] * len(self.participants)


class ImportedPlace(msgspec.Struct, frozen=True):
    """The conversation behind a channel or thread, under that one's id."""

    id: UUID
    kind: Literal["channel", "thread"]
    inserted_at: datetime


class ImportedMark(msgspec.Struct, frozen=True):
    """How far somebody has read."""

    conversation_id: UUID
    user_id: UUID
    seq: int
    """Of a message, or 0."""


async def import_conversation(tx: Transaction, new: ImportedConversation) -> UUID:
    """Make a conversation of these people; a direct or self one that is there already is kept. Returns its id.

    Nobody is told: whoever is looking finds it when their list is read again.
    """
    group = new.kind == "group"
    made = await tx.value(
        _CREATE,
        new.id,
        new.kind,
        *new.pair,
        new.name if group else None,
        new.owner_id if group else None,
        new.inserted_at,
    )
    if made is None:
        id: UUID = await tx.value(_FIND_PAIR, *new.pair)
        return id
    await _take_in(tx, [new])
    return new.id


async def import_conversations(tx: Transaction, many: Sequence[ImportedConversation]) -> None:
    """Make conversations that are known not to be there, pairs included: otherwise `UniqueViolation`."""
    await _begin(tx, [(new.id, new.inserted_at) for new in many])
    await tx.copy_rows("conversations", _CONVERSATION, [_row(new) for new in many])
    await _take_in(tx, many)


async def import_places(tx: Transaction, places: Sequence[ImportedPlace]) -> None:
    """Make the conversations of channels and threads; nobody has looked into them yet."""
    await _begin(tx, [(place.id, place.inserted_at) for place in places])
    await tx.copy_rows(
        "conversations",
        ("id", "kind", "inserted_at"),
        [(place.id, place.kind, place.inserted_at) for place in places],
    )


async def import_participants(
    tx: Transaction, conversation_id: UUID, user_ids: Sequence[UUID], at: datetime
) -> None:
    """Bring people into a group as if they had always been there: they see everything, and nothing of it is unread.

    Who is, or was, in it stays as they are.
    """
    await tx.value(_JOIN, conversation_id, list(user_ids), at)


async def import_marks(tx: Transaction, marks: Sequence[ImportedMark]) -> None:
    """Put read marks where they were, forwards or back. Who has no place in the conversation is left out."""
    await tx.value(
        _MARK,
        [mark.conversation_id for mark in marks],
        [mark.user_id for mark in marks],
        [mark.seq for mark in marks],
    )


def _row(new: ImportedConversation) -> tuple[object, ...]:
    group = new.kind == "group"
    name, owner = (new.name, new.owner_id) if group else (None, None)
    return (new.id, new.kind, *new.pair, name, owner, new.inserted_at)


async def _begin(tx: Transaction, places: Sequence[tuple[UUID, datetime]]) -> None:
    await tx.copy_rows("streams", ("id", "active_at"), places)


async def _take_in(tx: Transaction, many: Sequence[ImportedConversation]) -> None:
    rows = [
        (new.id, user_id, peer_id, new.inserted_at)
        for new in many
        for user_id, peer_id in zip(new.participants, new.peers, strict=True)
    ]
    await tx.copy_rows("participants", _PARTICIPANT, rows)


_CONVERSATION = ("id", "kind", "pair_low", "pair_high", "name", "owner_id", "inserted_at")
_PARTICIPANT = ("conversation_id", "user_id", "peer_id", "inserted_at")
_CREATE = """
WITH made AS (
    INSERT INTO conversations (id, kind, pair_low, pair_high, name, owner_id, inserted_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (pair_low, pair_high) WHERE kind <> 'group' DO NOTHING RETURNING id
)
INSERT INTO streams (id, active_at) SELECT id, $7 FROM made RETURNING id
"""
_FIND_PAIR = (
    "SELECT id FROM conversations WHERE pair_low = $1 AND pair_high = $2 AND kind <> 'group'"
)
_JOIN = """
INSERT INTO participants (conversation_id, user_id, read_seq, read_nth, shown_read_seq, delivered_seq, inserted_at)
SELECT s.id, unnest($2::uuid[]), s.last_seq, s.counted, s.last_seq, s.last_seq, $3 FROM streams s WHERE s.id = $1
ON CONFLICT DO NOTHING
"""
_MARK = """
UPDATE participants p SET
    read_seq = v.seq, shown_read_seq = v.seq,
    read_nth = coalesce((
        SELECT m.nth FROM messages m WHERE m.conversation_id = v.id AND m.seq <= v.seq ORDER BY m.seq DESC LIMIT 1
    ), 0),
    own_above = EXISTS (
        SELECT FROM messages m WHERE m.sender_id = v.user_id AND m.conversation_id = v.id AND m.seq > v.seq
    )
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS v(id, user_id, seq)
WHERE p.conversation_id = v.id AND p.conversation_id = ANY($1) AND p.user_id = v.user_id AND p.left_seq IS NULL
"""
