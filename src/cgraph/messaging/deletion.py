"""Taking back what was said, for everybody."""

from collections.abc import Sequence
from uuid import UUID

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from .access import hold_access
from .errors import MessageNotFound, NotAuthor
from .events import DeletedPayload, MessageDeleted
from .message import TEXT, Message
from .pending import hold_telling
from .policy import can_delete
from .reading import get_message
from .stored import Stored, hold_message, tell


async def delete_message(
    db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID
) -> Message:
    """Empty a message for everybody; again: nothing happens. Its author may, and the owner of a group.

    What it said, had said before, its mentions, reactions and pin are gone, from the log too; the empty message keeps its
    place. It stops counting as unread. A block does not keep anyone from taking back their own words.

    Raises `ConversationNotFound`, `MessageNotFound` (also for system messages), `NotAuthor`.
    """
    async with db.transaction() as tx:
        await hold_telling(tx, conversation_id)
        access = await hold_access(tx, actor, conversation_id)
        message = await hold_message(tx, access, message_id)
        if message.kind != TEXT:
            raise MessageNotFound
        if not can_delete(actor.id, message.sender_id, access.owner_id):
            raise NotAuthor
        if message.deleted_at is None:
            await erase(tx, conversation_id, [message], by=actor.id)
        return await get_message(tx, actor, conversation_id, message_id)


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
    ids, seqs = [message.id for message in messages], [message.seq for message in messages]
    await tx.value(_REDACT, conversation_id, seqs, ids)
    await tx.value(_EMPTY, conversation_id, ids, at, by)
    for sql in _WIPE:
        await tx.value(sql, conversation_id, ids)
    await tx.value(
        "DELETE FROM mentions WHERE conversation_id = $1 AND seq = ANY($2)", conversation_id, seqs
    )
    await notifications.withdraw(tx, ids)


# Whoever resumes meets the empty message, then its deletion: the words are in no copy of the log.
_REDACT = """
UPDATE events
SET payload = (payload::jsonb || '{"content": "", "mentions": []}')::text
WHERE stream_id = $1 AND seq IN (
    SELECT unnest($2::bigint[])
    UNION SELECT seq FROM message_edits WHERE conversation_id = $1 AND message_id = ANY($3)
)
"""
_EMPTY = """
UPDATE messages
SET content = '', data = NULL, mentions = '{}', reacted = false, deleted_at = $3, deleted_by = $4,
    pinned_at = NULL, pinned_by = NULL
WHERE conversation_id = $1 AND id = ANY($2)
"""
_WIPE = (
    "DELETE FROM message_edits WHERE conversation_id = $1 AND message_id = ANY($2)",
    "DELETE FROM reactions WHERE conversation_id = $1 AND message_id = ANY($2)",
)
