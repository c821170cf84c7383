"""Saying it differently, and what was said before."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.files import Attachment, Hung, NewAttachment, from_stored, stored
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.idempotency import request_hash

from .access import Access
from .attaching import MESSAGE, bring, check_said
from .errors import EditWindowClosed, MessageNotFound, NotAuthor, VoiceStays
from .events import EditedPayload, MessageEdited
from .gates import PARTICIPANTS, Called, Gate
from .limits import DEFAULT_LIMITS, Limits
from .mentions import without
from .message import TEXT, Message, MessageEdit
from .named import once
from .pending import hold_telling, notify_later
from .policy import can_edit, in_edit_window
from .previewing import follow_edit
from .reading import get_message, read_message
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
    gate: Gate = PARTICIPANTS,
) -> Message:
    """Change what one has said, or what came with it; to what it is: nothing happens. Only the newly mentioned are notified.

    Roles and @everyone that an edit calls count as called, and nobody is notified of that.
    Raises `ConversationNotFound`, `CannotSend` (or what the gate does), `MessageNotFound` (also for system messages),
    `NotAuthor`, `VoiceStays`, `EditWindowClosed`, `KeyReused`, `Invalid`; with attachments what `files.attach` does, too.
    """
    hash = _hash(conversation_id, message_id, edit)
    async with db.transaction() as tx:
        if edit.attachments is not UNSET:
            await hold_telling(tx, conversation_id)  # as in sending
        access = await gate.hold(tx, actor, conversation_id)
        access.check_speaking()

        async def do() -> Message:
            message = await hold_live_message(tx, access, message_id)
            _check(actor, message, limits)
            after = await _after(tx, actor, access, message, edit, limits=limits)
            if after.changes(message):
                called = await gate.calls(
                    tx,
                    actor,
                    conversation_id,
                    after.content,
                    access=access,
                    allowed=edit.allowed_mentions,
                )
                await _edit(tx, actor, message, after, called, client_id=edit.client_id)
                await follow_edit(tx, access, message, after.content, limits)
            return await read_message(tx, actor, access, message_id)

        return await once(tx, actor.id, edit.client_id, hash, do, answer=Message)


class _After(msgspec.Struct, frozen=True):
    """What it says then, and what comes with it."""

    content: str
    attachments: Sequence[Attachment]

    def changes(self, message: Stored) -> bool:
        """Whether it is another than it was."""
        return self.content != message.content or stored(self.attachments) != message.attachments


async def _after(
    tx: Transaction,
    actor: Actor,
    access: Access,
    message: Stored,
    edit: MessageEdit,
    *,
    limits: Limits,
) -> _After:
    before = from_stored(message.attachments)
    content = message.content if edit.content is UNSET else edit.content
    if edit.attachments is UNSET:
        named = [NewAttachment(one.id) for one in before]
        check_said(content, named, None, limits)
        return _After(content, before)
    check_said(content, edit.attachments, None, limits)
    if {one.file_id for one in edit.attachments} - {one.id for one in before}:
        access.check_attaching()
    hung = Hung(MESSAGE, message.id, message.conversation_id)
    brought = await bring(tx, actor, hung, edit.attachments, None, limits=limits, before=before)
    return _After(content, brought.attachments)


def _hash(conversation_id: UUID, message_id: UUID, edit: MessageEdit) -> bytes:
    content = b"" if edit.content is UNSET else edit.content.encode()
    parts = [b"edit", conversation_id.bytes, message_id.bytes, content]
    if edit.allowed_mentions is not None:
        parts.append(msgspec.json.encode(edit.allowed_mentions))
    if edit.attachments is not UNSET:
        parts.append(msgspec.json.encode(edit.attachments))
    return request_hash(*parts)


def _check(actor: Actor, message: Stored, limits: Limits) -> None:
    if message.kind != TEXT:
        raise MessageNotFound
    if not can_edit(actor.id, message.sender_id):
        raise NotAuthor
    if message.voice is not None:
        raise VoiceStays
    if not in_edit_window(message.inserted_at, clock.now(), limits.edit_window_seconds):
        raise EditWindowClosed


async def _edit(
    tx: Transaction,
    actor: Actor,
    message: Stored,
    after: _After,
    called: Called,
    *,
    client_id: str | None,
) -> None:
    conversation_id, at = message.conversation_id, clock.now()
    mentions = called.user_ids
    payload = EditedPayload(
        conversation_id,
        message.id,
        message.seq,
        actor.id,
        after.content,
        mentions,
        at,
        client_id,
        called.audiences,
        after.attachments,
    )
    added = without(mentions, message.mentions)
    event = await tell(tx, MessageEdited, payload, id=message.id, newly_mentioned=added)
    written_at = message.edited_at or message.inserted_at
    await tx.value(_KEEP, conversation_id, message.id, event.seq, message.content, written_at)
    audiences = called.audiences or None
    attached = stored(after.attachments)
    await tx.value(
        _CHANGE, conversation_id, message.id, after.content, mentions, at, audiences, attached
    )
    removed = without(message.mentions, mentions)
    # Those who were there when @here was said stay called, as long as it is still said.
    still_here = conversation_id in called.audiences
    await tx.value(
        _UNMENTION, conversation_id, message.seq, mentions, removed if still_here else None
    )
    if mentions:
        await tx.value(_MENTION, conversation_id, message.seq, mentions, actor.id)
    if message.called or called.audiences:
        await _call(tx, message, called, actor.id)
    if added:
        await notify_later(tx, conversation_id)
    if removed:
        await notifications.withdraw(tx, [message.id], kind="mention", user_ids=removed)


async def _call(tx: Transaction, message: Stored, called: Called, sender_id: UUID) -> None:
    place_id = message.conversation_id
    audiences = [id for id in called.audiences if id != place_id]
    await tx.value(_UNCALL, place_id, message.seq, audiences)
    await tx.value(_CALL, place_id, message.seq, audiences, sender_id)


_KEEP = """
INSERT INTO message_edits (conversation_id, message_id, revision, seq, content, inserted_at)
SELECT $1, $2, 1 + coalesce(max(revision), 0), $3, $4, $5 FROM message_edits
WHERE conversation_id = $1 AND message_id = $2
"""
_CHANGE = """
UPDATE messages SET content = $3, mentions = $4, edited_at = $5, called = $6, attachments = $7
WHERE conversation_id = $1 AND id = $2
"""
_UNMENTION = """
DELETE FROM mentions WHERE conversation_id = $1 AND seq = $2 AND user_id <> ALL($3::uuid[])
    AND ($4::uuid[] IS NULL OR user_id = ANY($4))
"""
_UNCALL = """
DELETE FROM wide_mentions WHERE conversation_id = $1 AND seq = $2 AND audience_id <> ALL($3::uuid[])
"""
_CALL = """
INSERT INTO wide_mentions (conversation_id, seq, audience_id, sender_id) SELECT $1, $2, unnest($3::uuid[]), $4
ON CONFLICT DO NOTHING
"""
_MENTION = """
INSERT INTO mentions (user_id, conversation_id, seq, sender_id) SELECT unnest($3::uuid[]), $1, $2, $4 ON CONFLICT DO NOTHING
"""


async def list_edits(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    message_id: UUID,
    *,
    gate: Gate = PARTICIPANTS,
) -> list[Revision]:
    """Everything a message has said, oldest first, the present text last; of a deleted one nothing.

    For its author, the owner of a group, and in channels whoever manages messages. Raises `ConversationNotFound` (or what
    the gate does), `MessageNotFound`, `NotAuthor`.
    """
    access = await gate.enter(db, actor, conversation_id)
    message = await get_message(db, actor, conversation_id, message_id, gate=gate)
    if not access.sees_edits(actor.id, message.sender_id):
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
