"""How far each person has read, and how far their devices have got."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input

from .access import Access, get_access
from .entering import count_in_place
from .errors import MessageNotFound
from .events import DeliveredUpdated, ReadMarked, ReadUpdated
from .gates import PARTICIPANTS, Gate
from .unread import Unread, get_unread_and_told, was_told

Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Marker(Input, frozen=True):
    """A place in a conversation: a message or a number; neither: its end."""

    message_id: Annotated[UUID | None, msgspec.Meta(examples=[None])] = None
    seq: Seq | None = None

    def __post_init__(self) -> None:
        if self.message_id is not None and self.seq is not None:
            raise Invalid.field("seq", "cannot be combined with message_id")


class ReadMarker(Marker, frozen=True):
    """Up to where it has been read."""

    private: bool = False
    """Nobody is told; only the own counters move."""


class DeliveredMarker(Input, frozen=True):
    """Up to where a device has what was said."""

    seq: Seq


class _Moved(msgspec.Struct, frozen=True):
    read_seq: int
    shown_seq: int | None
    """Where others now see the reader; None: they are told nothing."""
    hidden_from: list[UUID]
    event_seq: int | None
    event: str | None


async def mark_read(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    marker: ReadMarker,
    *,
    gate: Gate = PARTICIPANTS,
) -> Unread:
    """Move the own marker forward, never back, and return what is unread then.

    Other people are told unless the mark is `private` or the reader shows nobody what they read; in channels and threads
    nobody is. Raises `ConversationNotFound` (or what the gate does), `MessageNotFound`.
    """
    access = await _entered(db, actor, conversation_id, gate)
    seq = await _seq(db, actor, conversation_id, marker, access)
    quiet = marker.private or gate.gated
    moved = await db.first(
        _Moved, _READ, conversation_id, actor.id, seq, quiet, clock.now(), gate.gated
    )
    if moved is not None:
        _publish(db, actor, conversation_id, moved, gate)
    unread, told = await _unread_and_told(db, actor, conversation_id, access)
    if told:
        # Who has read every message has seen what became of them, too: that has numbers of its own.
        read = unread.last_seq if unread.unread == 0 else unread.read_seq
        await notifications.read_place(db, actor.id, conversation_id, read)
    return unread


async def mark_unread(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    marker: Marker,
    *,
    gate: Gate = PARTICIPANTS,
) -> Unread:
    """Put the own marker before a message, so that it and what follows are unread again. Nobody else is told.

    Without a place: before the last message of somebody else. Raises `ConversationNotFound` (or what the gate does),
    `MessageNotFound`.
    """
    access = await _entered(db, actor, conversation_id, gate)
    seq = await _seq(db, actor, conversation_id, marker, access)
    moved = await db.first(_Moved, _UNREAD, conversation_id, actor.id, seq, clock.now(), gate.gated)
    if moved is not None:
        _publish(db, actor, conversation_id, moved, gate)
    return (await _unread_and_told(db, actor, conversation_id, access))[0]


async def mark_delivered(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    marker: DeliveredMarker,
    *,
    gate: Gate = PARTICIPANTS,
) -> None:
    """A device has what was said. Only forward; others are told, but in channels and threads.

    Raises `ConversationNotFound` (or what the gate does).
    """
    await _entered(db, actor, conversation_id, gate)
    delivered = await db.value(_DELIVERED, conversation_id, actor.id, marker.seq, gate.gated)
    if delivered is None:
        await gate.enter(db, actor, conversation_id)
    elif not gate.gated:
        db.publish(DeliveredUpdated(conversation_id, actor.id, delivered))


async def _entered(db: Repo, actor: Actor, conversation_id: UUID, gate: Gate) -> Access | None:
    """The actor's place where rights are asked each time; elsewhere the statements themselves ask."""
    return await gate.enter(db, actor, conversation_id) if gate.gated else None


async def _unread_and_told(
    db: Repo, actor: Actor, conversation_id: UUID, access: Access | None
) -> tuple[Unread, bool]:
    if access is None:
        return await get_unread_and_told(db, actor, conversation_id)
    return (
        await count_in_place(db, actor, access),
        await was_told(db, actor, conversation_id),
    )


def _publish(db: Repo, actor: Actor, conversation_id: UUID, moved: _Moved, gate: Gate) -> None:
    if moved.event_seq is not None and moved.event is not None:
        payload = msgspec.Raw(moved.event)
        db.publish(ReadMarked(actor.id, moved.event_seq, payload, conversation_id, gate.gated))
    if moved.shown_seq is not None:
        db.publish(ReadUpdated(conversation_id, actor.id, moved.shown_seq, moved.hidden_from))


async def _seq(
    db: Repo, actor: Actor, conversation_id: UUID, marker: Marker, access: Access | None
) -> int | None:
    if marker.message_id is None:
        return marker.seq
    access = access or await get_access(db, actor, conversation_id)
    seq: int | None = await db.value(
        "SELECT seq FROM messages WHERE conversation_id = $1 AND id = $2 AND seq > $3",
        conversation_id,
        marker.message_id,
        access.joined_seq,
    )
    if seq is None:
        raise MessageNotFound
    return seq


_NTH = """
coalesce((
    SELECT nth FROM messages m WHERE m.conversation_id = $1 AND m.seq <= me.target ORDER BY m.seq DESC LIMIT 1
), 0)
"""
_EVENT = """
format('{"conversation_id":"%s","read_seq":%s,"marked_unread":%s}', $1::uuid, read_seq, marked_unread::text)
"""


def _logged(at: str) -> str:
    """The own stream is told when the marker has moved."""
    return f"""
own AS (
    UPDATE streams SET last_seq = last_seq + 1 FROM moved WHERE id = $2 AND moved.read_seq <> moved.was
    RETURNING last_seq AS seq, moved.read_seq, moved.marked_unread
), logged AS (
    INSERT INTO events (stream_id, seq, type, payload, inserted_at)
    SELECT $2, seq, 'read_marked', {_EVENT}, {at} FROM own RETURNING seq, payload
)
"""


_READ = f"""
WITH me AS (
    SELECT p.read_seq, p.shown_read_seq, s.last_seq, least(coalesce($3, s.last_seq), s.last_seq) AS target,
        $4 OR NOT (SELECT read_receipts FROM users WHERE id = $2) AS quiet
    FROM participants p JOIN streams s ON s.id = p.conversation_id
    WHERE p.conversation_id = $1 AND p.user_id = $2 AND p.left_seq IS NULL AND p.gated = $6
    FOR NO KEY UPDATE OF p
), moved AS (
    UPDATE participants p SET
        read_seq = greatest(p.read_seq, me.target),
        read_nth = CASE WHEN me.target > p.read_seq THEN {_NTH} ELSE p.read_nth END,
        marked_unread = p.marked_unread AND me.target <= p.read_seq,
        own_above = p.own_above AND me.target < me.last_seq,
        shown_read_seq = CASE WHEN me.quiet THEN p.shown_read_seq ELSE greatest(p.shown_read_seq, me.target) END,
        delivered_seq = greatest(p.delivered_seq, me.target)
    FROM me WHERE p.conversation_id = $1 AND p.user_id = $2
        AND (me.target > me.read_seq OR NOT me.quiet AND me.target > me.shown_read_seq)
    RETURNING p.read_seq, me.read_seq AS was, p.marked_unread,
        CASE WHEN p.shown_read_seq > me.shown_read_seq THEN p.shown_read_seq END AS shown
), {_logged("$5")}
SELECT moved.read_seq, moved.shown, ARRAY(
    SELECT p.user_id FROM participants p JOIN users u ON u.id = p.user_id
    WHERE moved.shown IS NOT NULL AND p.conversation_id = $1 AND p.left_seq IS NULL AND NOT u.read_receipts
), logged.seq, logged.payload
FROM moved LEFT JOIN logged ON true
"""

# A reader's own messages may lie above the marker then: `own_above` says to subtract them.
_UNREAD = f"""
WITH me AS (
    SELECT p.read_seq, least(p.read_seq, greatest(p.joined_seq, coalesce($3, (
        SELECT m.seq FROM messages m
        WHERE m.conversation_id = $1 AND m.kind = 'text' AND m.deleted_at IS NULL AND m.sender_id <> $2
        ORDER BY m.seq DESC LIMIT 1
    ), 0) - 1)) AS target
    FROM participants p WHERE p.conversation_id = $1 AND p.user_id = $2 AND p.left_seq IS NULL AND p.gated = $5
    FOR NO KEY UPDATE
), moved AS (
    UPDATE participants p SET read_seq = me.target, read_nth = {_NTH}, marked_unread = true, own_above = true
    FROM me WHERE p.conversation_id = $1 AND p.user_id = $2 AND me.target < me.read_seq
    RETURNING p.read_seq, me.read_seq AS was, p.marked_unread
), {_logged("$4")}
SELECT moved.read_seq, NULL::bigint, '{{}}'::uuid[], logged.seq, logged.payload FROM moved LEFT JOIN logged ON true
"""
_DELIVERED = """
UPDATE participants p SET delivered_seq = least($3, s.last_seq) FROM streams s
WHERE p.conversation_id = $1 AND p.user_id = $2 AND p.left_seq IS NULL AND p.gated = $4 AND s.id = $1
    AND p.delivered_seq < least($3, s.last_seq)
RETURNING p.delivered_seq
"""
