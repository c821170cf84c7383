"""History another system knew, taken over many messages at a time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import get_people_by_usernames
from cgraph_kit.db import Repo, Transaction

from .mentions import names_in
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


async def import_conversation(tx: Transaction, new: ImportedConversation) -> UUID:
    """Make a conversation of these people; a direct or self one that is there already is kept. Returns its id.

    Nobody is told: whoever is looking finds it when their list is read again.
    """
    if new.kind == "group":
        pair: tuple[UUID | None, UUID | None] = (None, None)
    else:
        low, *_, high = sorted([*new.participants, *new.participants])
        pair = (low, high)
    owner = new.owner_id if new.kind == "group" else None
    name = new.name if new.kind == "group" else None
    made = await tx.value(_CREATE, new.id, new.kind, *pair, name, owner, new.inserted_at)
    if made is None:
        id: UUID = await tx.value(_FIND_PAIR, *pair)
        return id
    peers: list[UUID | None] = [None] * len(new.participants)
    if new.kind == "direct":
        peers = list(reversed(list(new.participants)))
    await tx.value(_PARTICIPANTS, new.id, list(new.participants), peers, new.inserted_at)
    return new.id


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
_PARTICIPANTS = """
INSERT INTO participants (conversation_id, user_id, peer_id, inserted_at)
SELECT $1, user_id, peer_id, $4 FROM unnest($2::uuid[], $3::uuid[]) AS p(user_id, peer_id)
"""


async def import_participants(
    tx: Transaction, conversation_id: UUID, user_ids: Sequence[UUID], at: datetime
) -> None:
    """Bring people into a group as if they had always been there: they see everything, and nothing of it is unread.

    Who is, or was, in it stays as they are.
    """
    await tx.value(_JOIN, conversation_id, list(user_ids), at)


_JOIN = """
INSERT INTO participants (conversation_id, user_id, read_seq, read_nth, shown_read_seq, delivered_seq, inserted_at)
SELECT s.id, unnest($2::uuid[]), s.last_seq, s.counted, s.last_seq, s.last_seq, $3 FROM streams s WHERE s.id = $1
ON CONFLICT DO NOTHING
"""


async def find_message_ids(db: Repo, conversation_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that are messages of the conversation, deleted or not."""
    sql = "SELECT id FROM messages WHERE conversation_id = $1 AND id = ANY($2)"
    return set(await db.values(sql, conversation_id, list(ids)))


class _Start(msgspec.Struct, frozen=True):
    seq: int
    nth: int


async def import_messages(
    tx: Transaction, conversation_id: UUID, messages: Sequence[ImportedMessage]
) -> None:
    """Write messages with their own times, in the order given, after those that are there.

    They are numbered but in no log: a client that resumes from before them is told to reload. For whoever had read
    everything, they are read. Waits for who is speaking there, and keeps others waiting until the transaction ends.
    """
    if not messages:
        return
    people = await tx.values(_HOLD, conversation_id)
    latest = max(message.inserted_at for message in messages)
    start = await tx.one(_Start, _NUMBER, conversation_id, len(messages), latest)
    mentions = await _mentions(tx, set(people), messages)
    rows = [
        _row(conversation_id, start, n, message, mentions) for n, message in enumerate(messages, 1)
    ]
    await tx.copy_rows("messages", _COLUMNS, rows)
    reactions = [
        (conversation_id, message.id, reaction.emoji, reaction.user_id, reaction.inserted_at)
        for message in messages
        for reaction in message.reactions
    ]
    await tx.copy_rows("reactions", _REACTION, reactions)
    mentioned = [
        (user_id, conversation_id, start.seq + n, message.sender_id)
        for n, message in enumerate(messages, 1)
        for user_id in mentions.get(message.id, ())
    ]
    await tx.copy_rows("mentions", _MENTION, mentioned)
    await tx.value(_READ, conversation_id, start.seq, len(messages))
    await tx.value(_BEHIND, conversation_id, start.seq)


def _row(
    conversation_id: UUID,
    start: _Start,
    n: int,
    message: ImportedMessage,
    mentions: dict[UUID, list[UUID]],
) -> tuple[object, ...]:
    pin = message.pin
    return (
        conversation_id,
        start.seq + n,
        start.nth + n,
        message.id,
        message.sender_id,
        message.content,
        message.reply_to_id,
        mentions.get(message.id, []),
        bool(message.reactions),
        message.inserted_at,
        message.edited_at,
        pin.at if pin else None,
        pin.user_id if pin else None,
    )


async def _mentions(
    tx: Transaction, people: set[UUID], messages: Sequence[ImportedMessage]
) -> dict[UUID, list[UUID]]:
    """Whom each message mentions."""
    called = {message.id: names for message in messages if (names := names_in(message.content))}
    wanted = sorted({name for names in called.values() for each in names for name in each})
    known = await get_people_by_usernames(tx, wanted) if wanted else {}
    ids = {name: person.id for name, person in known.items() if person.id in people}
    found: dict[UUID, list[UUID]] = {}
    for message in messages:
        meant = (
            next((ids[name] for name in each if name in ids), None)
            for each in called.get(message.id, ())
        )
        others = dict.fromkeys(id for id in meant if id not in {None, message.sender_id})
        if others:
            found[message.id] = [id for id in others if id is not None]
    return found


_COLUMNS = (
    "conversation_id",
    "seq",
    "nth",
    "id",
    "sender_id",
    "content",
    "reply_to_id",
    "mentions",
    "reacted",
    "inserted_at",
    "edited_at",
    "pinned_at",
    "pinned_by",
)
_MENTION = ("user_id", "conversation_id", "seq", "sender_id")
_REACTION = ("conversation_id", "message_id", "emoji", "user_id", "inserted_at")
_HOLD = """
SELECT user_id FROM participants WHERE conversation_id = $1 AND left_seq IS NULL ORDER BY user_id FOR NO KEY UPDATE
"""
_NUMBER = """
UPDATE streams SET last_seq = last_seq + $2, counted = counted + $2, active_at = greatest(active_at, $3)
WHERE id = $1 RETURNING last_seq - $2, counted - $2
"""
_READ = """
UPDATE participants SET
    read_seq = read_seq + $3, read_nth = read_nth + $3, shown_read_seq = greatest(shown_read_seq, read_seq + $3),
    delivered_seq = greatest(delivered_seq, read_seq + $3)
WHERE conversation_id = $1 AND left_seq IS NULL AND read_seq = $2
"""
_BEHIND = """
UPDATE participants SET own_above = true WHERE conversation_id = $1 AND left_seq IS NULL AND read_seq < $2
"""
