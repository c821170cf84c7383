"""A message as it lies in its table, and the events that change it."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Transaction, columns
from cgraph_kit.ids import new_id
from cgraph_kit.streams import splice

from .access import Access, topic_of
from .errors import MessageNotFound
from .events import AboutMessage, ConversationEvent, MessageSent
from .message import MessagePayload, person
from .policy import AnyKind

E = TypeVar("E", bound=ConversationEvent)

TOLD = 200
"""In larger conversations it is not worth telling each participant's own topic of every message."""


class Stored(msgspec.Struct, frozen=True):
    """What rules ask about a message."""

    conversation_id: UUID
    id: UUID
    seq: int
    kind: str
    sender_id: UUID | None
    content: str
    mentions: list[UUID]
    called: list[UUID] | None
    inserted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    pinned_at: datetime | None
    attachments: list[dict[str, Any]] | None
    voice: dict[str, Any] | None
    previews: list[dict[str, Any]] | None
    previews_off: bool


async def hold_message(tx: Transaction, access: Access, message_id: UUID) -> Stored:
    """A message the actor can see, which nobody else changes before this transaction ends. Raises `MessageNotFound`."""
    message = await tx.first(Stored, _HOLD, access.conversation_id, message_id, access.joined_seq)
    if message is None:
        raise MessageNotFound
    return message


async def hold_live_message(tx: Transaction, access: Access, message_id: UUID) -> Stored:
    """As `hold_message`, but a deleted one is not found either."""
    message = await hold_message(tx, access, message_id)
    if message.deleted_at is not None:
        raise MessageNotFound
    return message


_HOLD = f"""
SELECT {columns(Stored)} FROM messages WHERE conversation_id = $1 AND id = $2 AND seq > $3 FOR NO KEY UPDATE
"""


class _Taken(msgspec.Struct, frozen=True):
    seq: int
    kind: AnyKind
    hidden_from: list[UUID]


async def tell(tx: Transaction, event: type[E], payload: AboutMessage, **facts: Any) -> E:
    """Write what has become of a message into its conversation's log, and publish it with its number.

    `facts`: what the event has beside the payload. It is hidden from those who joined after the message.
    """
    message_seq = getattr(payload, "message_seq", None)
    return await _write(tx, event, payload.conversation_id, payload, message_seq, **facts)


async def announce(
    tx: Transaction, event: type[E], place_id: UUID, payload: msgspec.Struct, **facts: Any
) -> E:
    """Write what has happened to a place itself into its log, for everybody who may look there. `facts`: as for `tell`."""
    return await _write(tx, event, place_id, payload, None, **facts)


async def _write(
    tx: Transaction,
    event: type[E],
    place_id: UUID,
    payload: msgspec.Struct,
    message_seq: int | None,
    **facts: Any,
) -> E:
    body = msgspec.json.encode(payload)
    at = clock.now()
    taken = await tx.one(_Taken, _APPEND, place_id, event.type, body.decode(), at, message_seq)
    happened = event(
        place_id,
        taken.seq,
        splice(body, taken.seq),
        hidden_from=taken.hidden_from,
        place=topic_of(taken.kind),
        **facts,
    )
    tx.publish(happened)
    return happened


# In channels and threads everybody sees everything: their people are not even looked at.
_APPEND = """
WITH next AS (
    UPDATE streams SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq
), logged AS (
    INSERT INTO events (stream_id, seq, type, payload, inserted_at)
    SELECT $1, last_seq, $2, $3, $4 FROM next RETURNING seq
)
SELECT l.seq, c.kind, CASE WHEN c.kind IN ('channel', 'thread') THEN '{}' ELSE ARRAY(
    SELECT user_id FROM participants WHERE conversation_id = $1 AND left_seq IS NULL AND joined_seq >= $5
) END FROM logged l JOIN conversations c ON c.id = $1
"""


async def say(
    tx: Transaction, actor: Actor, conversation_id: UUID, kind: str, data: dict[str, Any]
) -> MessageSent:
    """A system message: what somebody did to the conversation. It is in the history, and never counts as unread."""
    id, at = new_id(), clock.now()
    body = msgspec.json.encode(
        MessagePayload(id, conversation_id, kind, "", actor.id, person(actor), None, (), data, at)
    )
    said = await tx.one(
        _Said,
        _SAY,
        conversation_id,
        actor.id,
        id,
        kind,
        msgspec.to_builtins(data),
        at,
        body.decode(),
    )
    ids = said.participant_ids
    event = MessageSent(
        conversation_id,
        said.seq,
        splice(body, said.seq),
        id,
        actor.id,
        kind,
        ids if ids is not None and len(ids) <= TOLD else None,
        place=topic_of(said.kind),
    )
    tx.publish(event)
    return event


class _Said(msgspec.Struct, frozen=True):
    seq: int
    kind: AnyKind
    participant_ids: list[UUID] | None


_SAY = f"""
WITH taken AS (
    UPDATE streams SET last_seq = last_seq + 1, active_at = greatest(active_at, $6)
    WHERE id = $1 RETURNING last_seq AS seq, counted AS nth
), said AS (
    INSERT INTO messages (conversation_id, seq, nth, id, sender_id, kind, content, data, inserted_at)
    SELECT $1, seq, nth, $3, $2, $4, '', $5, $6 FROM taken
), logged AS (
    INSERT INTO events (stream_id, seq, type, payload, inserted_at) SELECT $1, seq, 'new_message', $7, $6 FROM taken
)
SELECT t.seq, c.kind, CASE WHEN c.kind NOT IN ('channel', 'thread') THEN ARRAY(
    SELECT user_id FROM participants WHERE conversation_id = $1 AND left_seq IS NULL LIMIT {TOLD + 1}
) END FROM taken t JOIN conversations c ON c.id = $1
"""
