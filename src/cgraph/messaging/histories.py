"""What another system knew to have been said, taken over many messages at a time."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import get_people_by_usernames
from cgraph.files import Attachment
from cgraph.previews import Preview
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from .attaching import Voice
from .gates import first_id
from .mentions import names_in


class ImportedReaction(msgspec.Struct, frozen=True):
    """An emoji, or a name of at most 64 characters where the other system had its own."""

    emoji: str
    user_id: UUID
    inserted_at: datetime


class ImportedPin(msgspec.Struct, frozen=True):
    """Who pinned a message, where known, and when."""

    user_id: UUID | None
    at: datetime


class ImportedMessage(msgspec.Struct, frozen=True):
    """A message to be written as it was, under an id of the caller's choice."""

    id: UUID
    sender_id: UUID
    content: str
    inserted_at: datetime
    edited_at: datetime | None = None
    reply_to_id: UUID | None = None
    """A message of the same conversation: of this import, or one that is there."""
    reactions: Sequence[ImportedReaction] = ()
    pin: ImportedPin | None = None
    calls: Sequence[UUID] = ()
    """Audiences of a group it calls: roles, or the group for everyone."""
    attachments: Sequence[Attachment] = ()
    """Files that come with it, which the caller hangs on it."""
    voice: Voice | None = None
    previews: Sequence[Preview] = ()
    """What is shown of its links, which the caller lays there. Of nothing else pages are asked."""
    previews_off: bool = False
    """Nobody is to see previews of its links."""


Histories = Mapping[UUID, Sequence[ImportedMessage]]
"""Messages in their order, by conversation."""
Reach = Callable[[Transaction, Sequence[UUID]], Awaitable[set[UUID]]]
"""Which of these people can be mentioned there."""


async def find_message_ids(db: Repo, conversation_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that are messages of the conversation, deleted or not."""
    sql = "SELECT id FROM messages WHERE conversation_id = $1 AND id = ANY($2)"
    return set(await db.values(sql, conversation_id, list(ids)))


async def import_messages(
    tx: Transaction, conversation_id: UUID, messages: Sequence[ImportedMessage]
) -> None:
    """`import_histories` of one conversation."""
    await import_histories(tx, {conversation_id: messages})


async def import_histories(
    tx: Transaction, histories: Histories, reach: Reach | None = None
) -> None:
    """Write messages with their own times, in the order given, after those that are there.

    They are numbered but in no log: a client that resumes from before them is told to reload. For whoever had read
    everything, and for who speaks in a channel or thread for the first time, they are read. `reach`: who can be
    mentioned in channels; None: the participants. Waits for who is speaking there, and keeps others waiting until the
    transaction ends.
    """
    histories = {id: messages for id, messages in histories.items() if messages}
    if not histories:
        return
    people = await _hold(tx, histories)
    starts = await _number(tx, histories)
    mentions = await _mentions(tx, histories, people, reach)
    await tx.copy_rows("messages", _COLUMNS, _rows(histories, starts, mentions))
    await _bring(tx, histories)
    await tx.copy_rows("reactions", _REACTION, _reactions(histories))
    await tx.copy_rows("mentions", _MENTION, _mentioned(histories, starts, mentions))
    await tx.copy_rows("wide_mentions", _CALL, _calls(histories, starts))
    await _read(tx, histories, starts)


class _Start(msgspec.Struct, frozen=True):
    id: UUID
    seq: int
    nth: int


class _Person(msgspec.Struct, frozen=True):
    conversation_id: UUID
    user_id: UUID


async def _hold(tx: Transaction, histories: Histories) -> dict[UUID, set[UUID]]:
    """Who is in each conversation; they stay until the transaction ends."""
    found: dict[UUID, set[UUID]] = {id: set() for id in histories}
    for row in await tx.all(_Person, _HOLD, list(histories)):
        found[row.conversation_id].add(row.user_id)
    return found


async def _number(tx: Transaction, histories: Histories) -> dict[UUID, _Start]:
    """What each conversation's numbers were before."""
    rows = await tx.all(
        _Start,
        _NUMBER,
        list(histories),
        [len(messages) for messages in histories.values()],
        [max(message.inserted_at for message in messages) for messages in histories.values()],
    )
    return {row.id: row for row in rows}


def _rows(
    histories: Histories, starts: Mapping[UUID, _Start], mentions: Mapping[UUID, list[UUID]]
) -> list[tuple[object, ...]]:
    return [
        _row(starts[id], n, message, mentions.get(message.id, []))
        for id, messages in histories.items()
        for n, message in enumerate(messages, 1)
    ]


def _row(
    start: _Start, n: int, message: ImportedMessage, mentions: list[UUID]
) -> tuple[object, ...]:
    pin = message.pin
    return (
        start.id,
        start.seq + n,
        start.nth + n,
        message.id,
        message.sender_id,
        message.content,
        message.reply_to_id,
        mentions,
        list(message.calls) or None,
        bool(message.reactions),
        message.inserted_at,
        message.edited_at,
        pin.at if pin else None,
        pin.user_id if pin else None,
    )


def _reactions(histories: Histories) -> list[tuple[object, ...]]:
    return [
        (id, message.id, reaction.emoji, reaction.user_id, reaction.inserted_at)
        for id, messages in histories.items()
        for message in messages
        for reaction in message.reactions
    ]


def _mentioned(
    histories: Histories, starts: Mapping[UUID, _Start], mentions: Mapping[UUID, list[UUID]]
) -> list[tuple[object, ...]]:
    return [
        (user_id, id, starts[id].seq + n, message.sender_id)
        for id, messages in histories.items()
        for n, message in enumerate(messages, 1)
        for user_id in mentions.get(message.id, ())
    ]


def _calls(histories: Histories, starts: Mapping[UUID, _Start]) -> list[tuple[object, ...]]:
    return [
        (id, starts[id].seq + n, audience_id, message.sender_id)
        for id, messages in histories.items()
        for n, message in enumerate(messages, 1)
        for audience_id in message.calls
    ]


async def _bring(tx: Transaction, histories: Histories) -> None:
    """What COPY cannot bring."""
    brought = [
        {
            "place": id,
            "id": message.id,
            "attachments": message.attachments,
            "voice": message.voice,
            "previews": message.previews,
            "previews_off": message.previews_off,
        }
        for id, messages in histories.items()
        for message in messages
        if message.attachments or message.previews or message.previews_off
    ]
    if brought:
        await tx.value(_BRING, msgspec.to_builtins(brought))


async def _mentions(
    tx: Transaction,
    histories: Histories,
    people: Mapping[UUID, set[UUID]],
    reach: Reach | None,
) -> dict[UUID, list[UUID]]:
    """Whom each message mentions."""
    called = {
        message.id: names
        for messages in histories.values()
        for message in messages
        if (names := names_in(message.content))
    }
    wanted = sorted({name for names in called.values() for each in names for name in each})
    known = await get_people_by_usernames(tx, wanted) if wanted else {}
    ids = {name: person.id for name, person in known.items()}
    reached = await reach(tx, list(ids.values())) if reach and ids else set()
    found: dict[UUID, list[UUID]] = {}
    for id, messages in histories.items():
        there = reached if reach else people[id]
        for message in messages:
            if message.id in called and (meant := _meant(message, called[message.id], ids, there)):
                found[message.id] = meant
    return found


def _meant(
    message: ImportedMessage,
    called: Sequence[Sequence[str]],
    ids: Mapping[str, UUID],
    there: set[UUID],
) -> list[UUID]:
    """Of each name the longest that somebody there has; not the author."""
    meant = (
        next((ids[name] for name in each if name in ids and ids[name] in there), None)
        for each in called
    )
    return list(dict.fromkeys(id for id in meant if id is not None and id != message.sender_id))


async def _read(tx: Transaction, histories: Histories, starts: Mapping[UUID, _Start]) -> None:
    ids = list(histories)
    before = [starts[id].seq for id in ids]
    sizes = [len(histories[id]) for id in ids]
    await tx.value(_READ, ids, before, sizes)
    starts_nth = [starts[id].nth for id in ids]
    await tx.value(_RUN, ids, before, starts_nth, sizes, first_id(clock.now()))
    await tx.value(_BEHIND, ids, before)
    speakers = [
        (id, user_id)
        for id, messages in histories.items()
        for user_id in dict.fromkeys(message.sender_id for message in messages)
    ]
    await tx.value(_SPEAK, [id for id, _ in speakers], [user_id for _, user_id in speakers])


_COLUMNS = (
    "conversation_id",
    "seq",
    "nth",
    "id",
    "sender_id",
    "content",
    "reply_to_id",
    "mentions",
    "called",
    "reacted",
    "inserted_at",
    "edited_at",
    "pinned_at",
    "pinned_by",
)
_MENTION = ("user_id", "conversation_id", "seq", "sender_id")
_CALL = ("conversation_id", "seq", "audience_id", "sender_id")
_REACTION = ("conversation_id", "message_id", "emoji", "user_id", "inserted_at")
_BRING = """
UPDATE messages m SET attachments = nullif(v.attachments, '[]'), voice = nullif(v.voice, 'null'),
    previews = nullif(v.previews, '[]'), previews_off = v.previews_off
FROM jsonb_to_recordset($1) AS v (place uuid, id uuid, attachments jsonb, voice jsonb, previews jsonb, previews_off boolean)
WHERE m.conversation_id = v.place AND m.id = v.id
"""
_HOLD = """
SELECT conversation_id, user_id FROM participants WHERE conversation_id = ANY($1) AND left_seq IS NULL
ORDER BY conversation_id, user_id FOR NO KEY UPDATE
"""
# The streams are taken in ascending order, whatever the plan: two that share several cannot deadlock.
_NUMBER = """
WITH v AS (SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) AS v(id, n, latest)),
held AS MATERIALIZED (SELECT id FROM streams WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE)
UPDATE streams s SET
    last_seq = s.last_seq + v.n, counted = s.counted + v.n, active_at = greatest(s.active_at, v.latest)
FROM held JOIN v USING (id) WHERE s.id = held.id
RETURNING s.id, s.last_seq - v.n, s.counted - v.n
"""
_READ = """
UPDATE participants p SET
    read_seq = p.read_seq + v.n, read_nth = p.read_nth + v.n,
    shown_read_seq = greatest(p.shown_read_seq, p.read_seq + v.n),
    delivered_seq = greatest(p.delivered_seq, p.read_seq + v.n)
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS v(id, seq, n)
WHERE p.conversation_id = v.id AND p.conversation_id = ANY($1) AND p.left_seq IS NULL AND p.read_seq = v.seq
"""
_BEHIND = """
UPDATE participants p SET own_above = true
FROM unnest($1::uuid[], $2::bigint[]) AS v(id, seq)
WHERE p.conversation_id = v.id AND p.conversation_id = ANY($1) AND p.left_seq IS NULL AND p.read_seq < v.seq
    AND NOT p.own_above
"""
# What comes in pieces with nothing said in between is one run.
_RUN = """
WITH v AS (
    SELECT v.id, v.seq + v.n AS seq, v.nth AS from_nth, v.nth + v.n AS nth
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS v(id, seq, nth, n)
    JOIN conversations c ON c.id = v.id AND c.kind IN ('channel', 'thread')
), longer AS (
    UPDATE imported_runs r SET seq = v.seq, nth = v.nth, until_id = $5
    FROM v WHERE r.conversation_id = v.id AND r.nth = v.from_nth RETURNING r.conversation_id
)
INSERT INTO imported_runs (conversation_id, from_nth, seq, nth, until_id)
SELECT id, from_nth, seq, nth, $5 FROM v WHERE id NOT IN (SELECT conversation_id FROM longer)
"""
_SPEAK = """
INSERT INTO participants (
    conversation_id, user_id, gated, read_seq, read_nth, shown_read_seq, delivered_seq, inserted_at
)
SELECT s.id, v.user_id, true, s.last_seq, s.counted, s.last_seq, s.last_seq, s.active_at
FROM unnest($1::uuid[], $2::uuid[]) AS v(id, user_id)
JOIN conversations c ON c.id = v.id AND c.kind IN ('channel', 'thread')
JOIN streams s ON s.id = v.id
ON CONFLICT DO NOTHING
"""
