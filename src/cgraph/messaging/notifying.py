"""Telling people of what has happened in a conversation: its log is read on from where it was last told."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from cgraph import notifications
from cgraph.notifications import KINDS, Occasion, Scope
from cgraph_kit.db import Database, Repo, Transaction

from .hearing import Audience, Call, Hearing
from .message import TEXT
from .occasions import MENTION, Event, Happened, Logged, Message, Participant, Told, occasions
from .policy import AnyKind

AT_ONCE = 50
"""Events told in one transaction, at most."""
OUTCOMES = 2_500
"""How many people times events that may be: in large conversations fewer events are told at once."""


async def tell_participants(
    db: Database, conversation_id: UUID, *, grace: float, audience: Audience | None = None
) -> None:
    """Tell everybody in a conversation of what has happened there since they were last told.

    In channels and threads those are told whom it concerns, as `audience` knows.

    Twice, or on two nodes at once, is harmless: where it was told is moved with what is told.
    """
    # Whoever found this job waiting, before it was taken, holds the stream until what they have written is to be seen.
    await db.value(_WAIT, conversation_id)
    while await _tell_some(db, conversation_id, grace, audience):
        pass


class _Place(msgspec.Struct, frozen=True):
    kind: AnyKind
    notified_seq: int
    people: int


async def _tell_some(
    db: Database, conversation_id: UUID, grace: float, audience: Audience | None
) -> bool:
    """Whether there may be more."""
    async with db.transaction() as tx:
        place = await tx.first(_Place, _HOLD, conversation_id)
        if place is None:
            return False
        most = min(AT_ONCE, OUTCOMES // max(1, place.people) + 1)
        events = await tx.all(Event, _EVENTS, conversation_id, place.notified_seq, most)
        if events:
            happened = await _happened(tx, conversation_id, events)
            telling = _Telling(tx, conversation_id, place.kind, grace)
            if place.kind in {"channel", "thread"}:
                await _notify_concerned(telling, happened, audience)
            else:
                await _notify(telling, happened)
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


class _Telling(NamedTuple):
    """Where people are told."""

    tx: Transaction
    conversation_id: UUID
    kind: AnyKind
    grace: float


async def _notify(telling: _Telling, happened: Sequence[Happened]) -> None:
    tx, conversation_id, *_ = telling
    if not happened:
        return
    people = await tx.all(Participant, _PEOPLE, conversation_id, happened[0].event.seq)
    scopes = [notifications.conversation(conversation_id)]
    await _tell(telling, happened, people, scopes)


async def _notify_concerned(
    telling: _Telling, happened: Sequence[Happened], audience: Audience | None
) -> None:
    """Whom it names, answers or reacts to, who follows or wants to hear all; whom it calls with many others, later."""
    tx, place_id, *_ = telling
    if not happened or audience is None:
        return
    hearing = await audience.hear(tx, place_id, {id for one in happened for id in _named(one)})
    if hearing is None:
        return
    people = await _people(tx, place_id, hearing)
    await _tell(telling, happened, people, hearing.places)
    calls = [
        Call(
            place_id,
            one.message.id,
            one.event.seq,
            one.message.sender_id,
            one.logged.mention_roles,
            one.event.inserted_at,
        )
        for one in happened
        if one.event.type == "new_message" and one.logged.mention_roles and not one.gone
        if one.message.sender_id is not None
    ]
    if calls:
        await audience.call(tx, calls)


def _named(one: Happened) -> Iterator[UUID]:
    yield from one.logged.mentions
    if one.answered is not None and one.answered.sender_id is not None:
        yield one.answered.sender_id
    if one.event.type == "reaction_added" and one.message.sender_id is not None:
        yield one.message.sender_id


async def _people(tx: Transaction, place_id: UUID, hearing: Hearing) -> list[Participant]:
    ids = {*hearing.named, *hearing.listening, *hearing.following}
    read = await get_read_seqs(tx, place_id, ids)
    return [
        Participant(
            id,
            0,
            read.get(id, 0),
            listens=id in hearing.listening,
            follows=id in hearing.following,
        )
        for id in sorted(ids)
    ]


async def _tell(
    telling: _Telling,
    happened: Sequence[Happened],
    people: Sequence[Participant],
    scopes: Sequence[Scope],
) -> None:
    tx, conversation_id, kind, grace = telling
    edited = [one.message.id for one in happened if one.event.type == "message_edited"]
    told = [Told(*one) for one in await notifications.list_told(tx, edited, MENTION)]
    found = occasions(kind, conversation_id, happened, people, told)
    if found:
        found = await _read_by_now(tx, conversation_id, kind, found)
        await notifications.notify(tx, found, scopes, grace=grace)


async def _read_by_now(
    tx: Transaction, conversation_id: UUID, kind: AnyKind, found: Sequence[Occasion]
) -> list[Occasion]:
    """The same, and nobody who may find one in the inbox reads on before it is there."""
    ids = {one.user_id for one in found if "in_app" in KINDS[one.kind].channels}
    await notifications.hold_inboxes(tx, ids)
    if kind in {"channel", "thread"}:
        read = await get_read_seqs(tx, conversation_id, {one.user_id for one in found})
        return [replace(one, read=read.get(one.user_id, 0) >= (one.seq or 0)) for one in found]
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


class _Read(msgspec.Struct, frozen=True):
    user_id: UUID
    read_seq: int


async def get_read_seqs(db: Repo, place_id: UUID, user_ids: Collection[UUID]) -> dict[UUID, int]:
    """How far those of these people have read in a channel or thread who have looked into it."""
    return {
        row.user_id: row.read_seq for row in await db.all(_Read, _READ, place_id, list(user_ids))
    }


_READ = """
SELECT user_id, read_seq FROM participants WHERE conversation_id = $1 AND user_id = ANY($2) AND gated AND left_seq IS NULL
"""
_WAIT = "SELECT last_seq FROM streams WHERE id = $1 FOR SHARE"
_HOLD = """
SELECT kind, notified_seq, CASE WHEN kind IN ('channel', 'thread') THEN 250 ELSE (
    SELECT count(*) FROM participants p WHERE p.conversation_id = c.id AND p.left_seq IS NULL
) END
FROM conversations c WHERE id = $1 FOR NO KEY UPDATE OF c
"""
_MOVE = "UPDATE conversations SET notified_seq = $2, notified_at = now() WHERE id = $1"
_EVENTS = """
SELECT seq, type, payload, inserted_at FROM events WHERE stream_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""
_MESSAGES = """
SELECT id, seq, sender_id, deleted_at IS NOT NULL, mentions FROM messages WHERE conversation_id = $1 AND id = ANY($2)
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
