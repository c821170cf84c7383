"""Telling people of what has happened in a conversation: its log is read on from where it was last told."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec.structs import replace

from cgraph import notifications
from cgraph.notifications import KINDS, Occasion
from cgraph_kit.db import Database, Transaction

from .message import TEXT
from .occasions import MENTION, Event, Happened, Logged, Message, Participant, Told, occasions
from .policy import Kind

AT_ONCE = 50
"""Events told in one transaction, at most."""
OUTCOMES = 2_500
"""How many people times events that may be: in large conversations fewer events are told at once."""


async def tell_participants(db: Database, conversation_id: UUID, *, grace: float) -> None:
    """Tell everybody in a conversation of what has happened there since they were last told.

    Twice, or on two nodes at once, is harmless: where it was told is moved with what is told.
    """
    # Whoever found this job waiting, before it was taken, holds the stream until what they have written is to be seen.
    await db.value(_WAIT, conversation_id)
    while await _tell_some(db, conversation_id, grace):
        pass


class _Place(msgspec.Struct, frozen=True):
    kind: Kind
    notified_seq: int
    people: int


async def _tell_some(db: Database, conversation_id: UUID, grace: float) -> bool:
    """Whether there may be more."""
    async with db.transaction() as tx:
        place = await tx.first(_Place, _HOLD, conversation_id)
        if place is None:
            return False
        most = min(AT_ONCE, OUTCOMES // max(1, place.people) + 1)
        events = await tx.all(Event, _EVENTS, conversation_id, place.notified_seq, most)
        if events:
            happened = await _happened(tx, conversation_id, events)
            await _notify(tx, conversation_id, place.kind, happened, grace)
            await tx.value(_MOVE, conversation_id, events[-1].seq)
    return len(events) == most


async def _happened(
    tx: Transaction, conversation_id: UUID, events: Sequence[Event]
) -> list[Happened]:
    """Those that may concern anybody."""
    logged = [(event, _decode(event.payload)) for event in events]
    ids = {id for _, one in logged for id in (one.about, one.reply_to_id) if id is not None}
    rows = await tx.all(Message, _MESSAGES, conversation_id, list(ids))
    messages = {row.id: row for row in rows}
    given = await _reactions(tx, conversation_id, [one for _, one in logged])
    return [
        Happened(
            event,
            one,
            message,
            messages.get(one.reply_to_id) if one.reply_to_id else None,
            message.gone
            or (one.emoji is not None and _Given(message.id, one.emoji, one.user_id) not in given),
        )
        for event, one in logged
        if one.kind == TEXT and one.about and (message := messages.get(one.about))
    ]


_decode = msgspec.json.Decoder(Logged).decode


class _Given(msgspec.Struct, frozen=True):
    message_id: UUID
    emoji: str
    user_id: UUID | None


async def _reactions(
    tx: Transaction, conversation_id: UUID, logged: Sequence[Logged]
) -> set[_Given]:
    """Which of these reactions are still there."""
    asked = [one for one in logged if one.emoji is not None]
    if not asked:
        return set()
    rows = await tx.all(
        _Given,
        _REACTIONS,
        conversation_id,
        [one.message_id for one in asked],
        [one.emoji for one in asked],
        [one.user_id for one in asked],
    )
    return set(rows)


async def _notify(
    tx: Transaction,
    conversation_id: UUID,
    kind: Kind,
    happened: Sequence[Happened],
    grace: float,
) -> None:
    if not happened:
        return
    people = await tx.all(Participant, _PEOPLE, conversation_id, happened[0].event.seq)
    edited = [one.message.id for one in happened if one.event.type == "message_edited"]
    told = [Told(*one) for one in await notifications.list_told(tx, edited, MENTION)]
    found = occasions(kind, conversation_id, happened, people, told)
    if found:
        found = await _read_by_now(tx, conversation_id, found)
        scopes = [notifications.conversation(conversation_id)]
        await notifications.notify(tx, found, scopes, grace=grace)


async def _read_by_now(
    tx: Transaction, conversation_id: UUID, found: Sequence[Occasion]
) -> list[Occasion]:
    """The same, and nobody who may find one in the inbox reads on before it is there."""
    ids = {one.user_id for one in found if "in_app" in KINDS[one.kind].channels}
    await notifications.hold_inboxes(tx, ids)
    rows = await tx.all(Participant, _PEOPLE, conversation_id, found[0].seq)
    people = {row.user_id: row for row in rows}
    return [
        replace(
            one,
            read=people[one.user_id].read_seq >= (one.seq or 0),
            may_see=people[one.user_id].left_seq is None,
        )
        for one in found
        if one.user_id in people
    ]


_WAIT = "SELECT last_seq FROM streams WHERE id = $1 FOR SHARE"
_HOLD = """
SELECT kind, notified_seq, (SELECT count(*) FROM participants p WHERE p.conversation_id = c.id AND p.left_seq IS NULL)
FROM conversations c WHERE id = $1 FOR NO KEY UPDATE OF c
"""
_MOVE = "UPDATE conversations SET notified_seq = $2, notified_at = now() WHERE id = $1"
_EVENTS = """
SELECT seq, type, payload, inserted_at FROM events WHERE stream_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""
_MESSAGES = """
SELECT id, seq, sender_id, deleted_at IS NOT NULL FROM messages WHERE conversation_id = $1 AND id = ANY($2)
"""
_REACTIONS = """
SELECT message_id, emoji, user_id
FROM unnest($2::uuid[], $3::text[], $4::uuid[]) AS r (message_id, emoji, user_id)
JOIN reactions USING (message_id, emoji, user_id) WHERE conversation_id = $1
"""
_PEOPLE = """
SELECT user_id, joined_seq, read_seq, left_seq FROM participants
WHERE conversation_id = $1 AND (left_seq IS NULL OR left_seq >= $2)
"""
