"""Taking back what was said, for everybody."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction, columns
from cgraph_kit.errors import Invalid

from .attaching import let_go
from .errors import MessageNotFound, NotAuthor
from .events import AllDeletedPayload, DeletedPayload, MessageDeleted, MessagesDeleted
from .gates import PARTICIPANTS, Gate
from .message import TEXT, Message
from .pending import hold_telling
from .reading import read_message
from .stored import Stored, hold_message, tell
from .withdrawing import withdraw_calls

FEWEST, MOST = 2, 100
"""Messages deleted at once."""
OLDEST = timedelta(days=14)
"""Of those."""


async def delete_message(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    message_id: UUID,
    *,
    gate: Gate = PARTICIPANTS,
) -> Message:
    """Empty a message for everybody; again: nothing happens.

    Its author may, the owner of a group, and in channels whoever manages messages.

    What it said, had said before, its files, mentions, reactions and pin are gone, from the log too; the empty message
    keeps its place. It stops counting as unread. A block does not keep anyone from taking back their own words.

    Raises `ConversationNotFound` (or what the gate does), `MessageNotFound` (also for system messages), `NotAuthor`.
    """
    async with db.transaction() as tx:
        await hold_telling(tx, conversation_id)
        access = await gate.hold(tx, actor, conversation_id)
        message = await hold_message(tx, access, message_id)
        if message.kind != TEXT:
            raise MessageNotFound
        if not access.deletes(actor.id, message.sender_id):
            raise NotAuthor
        if message.deleted_at is None:
            await erase(tx, conversation_id, [message], by=actor.id)
        return await read_message(tx, actor, access, message_id)


async def delete_messages(
    db: Repo,
    actor: Actor,
    place_id: UUID,
    message_ids: Sequence[UUID],
    *,
    gate: Gate,
) -> list[UUID]:
    """Empty many messages at once, with one event; whoever manages messages may. Those that were: in the order they were said.

    What is deleted already, or not there, is left out. Raises what the gate does, `NotAuthor`, `Invalid` for other than 2 to
    100 different ids and for messages older than 14 days.
    """
    ids = set(message_ids)
    if len(ids) != len(message_ids) or not FEWEST <= len(ids) <= MOST:
        raise Invalid.field("message_ids", f"must be {FEWEST} to {MOST} different ids")
    async with db.transaction() as tx:
        await hold_telling(tx, place_id)
        access = await gate.hold(tx, actor, place_id)
        access.check_managing(actor.id)
        messages = await tx.all(Stored, _HOLD_ALL, place_id, list(ids))
        if any(clock.now() - message.inserted_at > OLDEST for message in messages):
            raise Invalid.field("message_ids", f"must not be older than {OLDEST.days} days")
        await erase_at_once(tx, place_id, messages, by=actor.id)
    return [message.id for message in messages]


async def delete_messages_of(
    db: Repo,
    place_ids: Collection[UUID],
    sender_id: UUID,
    since: datetime,
    *,
    by: UUID | None = None,
) -> int:
    """Empty what somebody has said in these places since a time, and return how much that was. `by`: who has that done.

    A few at a time, each with one event; on a pool each few commit by themselves. Twice is harmless.
    """
    erased = 0
    for place_id in sorted(set(place_ids)):
        while found := await _erase_some(db, place_id, sender_id, since, by):
            erased += found
    return erased


async def _erase_some(
    db: Repo, place_id: UUID, sender_id: UUID, since: datetime, by: UUID | None
) -> int:
    async with db.transaction() as tx:
        await hold_telling(tx, place_id)
        messages = await tx.all(Stored, _HOLD_THEIRS, place_id, sender_id, since, MOST)
        await erase_at_once(tx, place_id, messages, by=by)
    return len(messages)


async def erase_at_once(
    tx: Transaction, place_id: UUID, messages: Sequence[Stored], *, by: UUID | None
) -> None:
    """As `erase`, with one event for all."""
    if not messages:
        return
    at = clock.now()
    ids, seqs = [message.id for message in messages], [message.seq for message in messages]
    await tell(tx, MessagesDeleted, AllDeletedPayload(place_id, ids, seqs, at, by), ids=ids)
    await _empty(tx, place_id, messages, at, by)


async def erase(
    tx: Transaction, conversation_id: UUID, messages: Sequence[Stored], *, by: UUID | None
) -> None:
    """Empty held messages of a conversation wherever their words are, and tell. `by` None: their time had come.

    The caller has seen to it that nobody is told of them meanwhile (`hold_telling`).
    """
    at = clock.now()
    for message in messages:
        payload = DeletedPayload(conversation_id, message.id, message.seq, at, by)
        await tell(tx, MessageDeleted, payload, id=message.id)
    await _empty(tx, conversation_id, messages, at, by)


async def _empty(
    tx: Transaction,
    conversation_id: UUID,
    messages: Sequence[Stored],
    at: datetime,
    by: UUID | None,
) -> None:
    ids, seqs = [message.id for message in messages], [message.seq for message in messages]
    await tx.value(_REDACT, conversation_id, seqs, ids)
    await tx.value(_EMPTY, conversation_id, ids, at, by)
    await tx.value(_REDACT_PREVIEWS, conversation_id, ids)
    for sql in _WIPE:
        await tx.value(sql, conversation_id, ids)
    for sql in _UNCALL:
        await tx.value(sql, conversation_id, seqs)
    if attached := [message.id for message in messages if message.attachments]:
        await let_go(tx, attached)
    called = [message.id for message in messages if message.called]
    await notifications.withdraw(tx, [id for id in ids if id not in called])
    if called:
        await withdraw_calls.enqueue(tx, message_ids=called)


# Whoever resumes meets the empty message, then its deletion: the words are in no copy of the log.
_REDACT = """
UPDATE events
SET payload = (payload::jsonb
    || '{"content": "", "mentions": [], "mention_roles": [], "attachments": [], "voice": null}')::text
WHERE stream_id = $1 AND seq IN (
    SELECT unnest($2::bigint[])
    UNION SELECT seq FROM message_edits WHERE conversation_id = $1 AND message_id = ANY($3)
)
"""
_REDACT_PREVIEWS = """
UPDATE events SET payload = (payload::jsonb || '{"previews": []}')::text
WHERE stream_id = $1 AND seq IN (SELECT unnest(preview_seqs) FROM messages WHERE conversation_id = $1 AND id = ANY($2))
"""
_EMPTY = """
UPDATE messages
SET content = '', data = NULL, mentions = '{}', called = NULL, reacted = false, deleted_at = $3, deleted_by = $4,
    pinned_at = NULL, pinned_by = NULL, attachments = NULL, voice = NULL
WHERE conversation_id = $1 AND id = ANY($2)
"""
_UNCALL = (
    "DELETE FROM mentions WHERE conversation_id = $1 AND seq = ANY($2)",
    "DELETE FROM wide_mentions WHERE conversation_id = $1 AND seq = ANY($2)",
)
_LIVE = f"SELECT {columns(Stored)} FROM messages WHERE conversation_id = $1 AND kind = 'text' AND deleted_at IS NULL"
_HOLD_ALL = f"{_LIVE} AND id = ANY($2) ORDER BY seq FOR NO KEY UPDATE"
_HOLD_THEIRS = f"""
{_LIVE} AND sender_id = $2 AND inserted_at >= $3 ORDER BY seq LIMIT $4 FOR NO KEY UPDATE
"""
_WIPE = (
    "DELETE FROM message_edits WHERE conversation_id = $1 AND message_id = ANY($2)",
    "DELETE FROM reactions WHERE conversation_id = $1 AND message_id = ANY($2)",
)
