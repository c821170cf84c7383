"""Saying it differently, and what was said before."""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.idempotency import request_hash

from .access import get_access, hold_speaking
from .content import check_content
from .errors import EditWindowClosed, MessageNotFound, NotAuthor
from .events import EditedPayload, MessageEdited
from .limits import DEFAULT_LIMITS, Limits
from .mentions import find_mentioned, without
from .message import TEXT, Message, MessageEdit
from .named import once
from .pending import notify_later
from .policy import can_edit, can_see_edits, in_edit_window
from .reading import get_message
from .stored import Stored, hold_live_message, tell


class Revision(msgspec.Struct, frozen=True):
    """What a message said from some time on."""

    revision: int
    """1: as it was sent."""
    content: str
    inserted_at: datetime


async def edit_message(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    message_id: UUID,
    edit: MessageEdit,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Message:
    """Change what one has said; to the same text: nothing happens. Only the newly mentioned are notified.

    Raises `ConversationNotFound`, `MessageNotFound` (also for system messages), `NotAuthor`, `EditWindowClosed`,
    `CannotSend`, `KeyReused`, `Invalid`.
    """
    check_content(edit.content, limits)
    hash = request_hash(b"edit", conversation_id.bytes, message_id.bytes, edit.content.encode())
    async with db.transaction() as tx:
        access = await hold_speaking(tx, actor, conversation_id)

        async def do() -> Message:
            message = await hold_live_message(tx, access, message_id)
            _check(actor, message, limits)
            if message.content != edit.content:
                await _edit(tx, actor, conversation_id, message, edit)
            return await get_message(tx, actor, conversation_id, message_id)

        return await once(tx, actor.id, edit.client_id, hash, do, answer=Message)


def _check(actor: Actor, message: Stored, limits: Limits) -> None:
    if message.kind != TEXT:
        raise MessageNotFound
    if not can_edit(actor.id, message.sender_id):
        raise NotAuthor
    if not in_edit_window(message.inserted_at, clock.now(), limits.edit_window_seconds):
        raise EditWindowClosed


async def _edit(
    tx: Transaction, actor: Actor, conversation_id: UUID, message: Stored, edit: MessageEdit
) -> None:
    at = clock.now()
    mentions = await find_mentioned(tx, conversation_id, actor.id, edit.content)
    payload = EditedPayload(
        conversation_id,
        message.id,
        message.seq,
        actor.id,
        edit.content,
        mentions,
        at,
        edit.client_id,
    )
    added = without(mentions, message.mentions)
    event = await tell(tx, MessageEdited, payload, id=message.id, newly_mentioned=added)
    written_at = message.edited_at or message.inserted_at
    await tx.value(_KEEP, conversation_id, message.id, event.seq, message.content, written_at)
    await tx.value(_CHANGE, conversation_id, message.id, edit.content, mentions, at)
    await tx.value(_UNMENTION, conversation_id, message.seq, mentions)
    if mentions:
        await tx.value(_MENTION, conversation_id, message.seq, mentions, actor.id)
    if added:
        await notify_later(tx, conversation_id)
    if removed := without(message.mentions, mentions):
        await notifications.withdraw(tx, [message.id], kind="mention", user_ids=removed)


_KEEP = """
INSERT INTO message_edits (conversation_id, message_id, revision, seq, content, inserted_at)
SELECT $1, $2, 1 + coalesce(max(revision), 0), $3, $4, $5 FROM message_edits
WHERE conversation_id = $1 AND message_id = $2
"""
_CHANGE = """
UPDATE messages SET content = $3, mentions = $4, edited_at = $5 WHERE conversation_id = $1 AND id = $2
"""
_UNMENTION = (
    "DELETE FROM mentions WHERE conversation_id = $1 AND seq = $2 AND user_id <> ALL($3::uuid[])"
)
_MENTION = """
INSERT INTO mentions (user_id, conversation_id, seq, sender_id) SELECT unnest($3::uuid[]), $1, $2, $4 ON CONFLICT DO NOTHING
"""


async def list_edits(
    db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID
) -> list[Revision]:
    """Everything a message has said, oldest first, the present text last; of a deleted one nothing.

    For its author and the owner of a group. Raises `ConversationNotFound`, `MessageNotFound`, `NotAuthor`.
    """
    access = await get_access(db, actor, conversation_id)
    message = await get_message(db, actor, conversation_id, message_id)
    if not can_see_edits(actor.id, message.sender_id, access.owner_id):
        raise NotAuthor
    if message.deleted_at is not None:
        return []
    before = await db.all(
        Revision,
        "SELECT revision, content, inserted_at FROM message_edits "
        "WHERE conversation_id = $1 AND message_id = $2 ORDER BY revision",
        conversation_id,
        message_id,
    )
    now = Revision(len(before) + 1, message.content, message.edited_at or message.inserted_at)
    return [*before, now]
