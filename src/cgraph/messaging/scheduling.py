"""Saying it later: kept for its author until its time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET, to_builtins

from cgraph.accounts import Actor, record
from cgraph.files import Attachment, Hung, NewAttachment, attach, stored
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .access import topic_of
from .attaching import SCHEDULED_MESSAGE, check_said
from .calling import AllowedMentions
from .due import follow_up, forget, say_now
from .errors import ScheduledMessageNotFound, TooManyScheduledMessages
from .events import ScheduledMessageUpdated
from .gates import PARTICIPANTS, Gate
from .jobs import send_scheduled
from .limits import DEFAULT_LIMITS, Limits
from .pending import hold_telling
from .scheduled import (
    GET,
    SCHEDULED,
    NewScheduledMessage,
    ScheduledMessage,
    ScheduledMessageChange,
    typed,
)
from .sending import Sent, check_answered


async def schedule_message(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    new: NewScheduledMessage,
    *,
    limits: Limits = DEFAULT_LIMITS,
    gate: Gate = PARTICIPANTS,
) -> ScheduledMessage:
    """Keep it until its time. Whether it may be said is asked now, but for slow mode, and again then.

    Raises `ConversationNotFound`, `CannotSend` (or what the gate does), `TooManyScheduledMessages`, `Invalid`; with
    attachments what `files.attach` does, too.
    """
    check_said(new.content, new.attachments, None, limits)
    async with db.transaction() as tx:
        if new.attachments or gate.gated:
            # As in sending; and whoever deletes a channel holds this before the places of those who are there.
            await hold_telling(tx, conversation_id)
        access = await gate.hold(tx, actor, conversation_id)
        access.check_speaking()
        if new.attachments:
            access.check_attaching()
        await check_answered(tx, access, new.reply_to_id)
        if await tx.value(_COUNT, actor.id) >= limits.scheduled_max:
            raise TooManyScheduledMessages
        id = new_id()
        message = await tx.one(
            ScheduledMessage,
            _INSERT,
            id,
            conversation_id,
            actor.id,
            new.content,
            new.reply_to_id,
            new.send_at,
            await _attach(tx, actor, id, new.attachments, limits=limits),
            _mentions(new.allowed_mentions),
            topic_of(access.kind),
            new.suppress_previews,
        )
        message = typed(message)
        await _keep(tx, actor, message)
    return message


async def list_scheduled_messages(
    db: Repo, actor: Actor, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[ScheduledMessage]:
    """What the actor wants said, the next first, wherever; failed ones too. Raises `Invalid`."""
    start = decode_cursor(after, tuple[datetime, UUID], "after") if after else None
    at, id = start or (None, None)
    rows = await db.all(ScheduledMessage, _LIST, actor.id, at, id, limit + 1)
    return forward_page([typed(row) for row in rows], limit, lambda row: (row.send_at, row.id))


async def get_scheduled_message(db: Repo, actor: Actor, id: UUID) -> ScheduledMessage:
    """One of the actor's. Raises `ScheduledMessageNotFound`, also once it has been said."""
    message = await db.first(ScheduledMessage, GET, id, actor.id)
    if message is None:
        raise ScheduledMessageNotFound
    return typed(message)


async def update_scheduled_message(
    db: Repo,
    actor: Actor,
    id: UUID,
    change: ScheduledMessageChange,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> ScheduledMessage:
    """Say something else, or at another time; what had failed is tried again then. Rights are asked then, too.

    Raises `ScheduledMessageNotFound`, `Invalid`.
    """
    async with db.transaction() as tx:
        before = await _hold(tx, actor, id)
        message = before.changed(change)
        named = [NewAttachment(one.id) for one in before.attachments]
        if change.attachments is not UNSET:
            named = change.attachments
        check_said(message.content, named, None, limits)
        attached = await _attach(tx, actor, id, named, limits=limits, before=before.attachments)
        allowed = _mentions(message.allowed_mentions)
        row = await tx.one(
            ScheduledMessage,
            _UPDATE,
            id,
            message.content,
            message.send_at,
            attached,
            allowed,
            message.suppress_previews,
        )
        message = typed(row)
        await _keep(tx, actor, message)
    return message


async def cancel_scheduled_message(db: Repo, actor: Actor, id: UUID) -> None:
    """Not say it after all. Raises `ScheduledMessageNotFound`, also when it has been said already."""
    async with db.transaction() as tx:
        message = await _hold(tx, actor, id)
        await forget(tx, actor.id, message)


async def send_scheduled_message_now(
    db: Repo,
    actor: Actor,
    id: UUID,
    *,
    limits: Limits = DEFAULT_LIMITS,
    channels: Gate = PARTICIPANTS,
) -> Sent:
    """Say it at once. Raises `ScheduledMessageNotFound`, and what `send_message` raises; then it stays.

    `channels`: the way into channels and threads.
    """
    async with db.transaction() as tx:
        message = await _hold(tx, actor, id)
        sent = await say_now(tx, actor, message, limits, channels)
    await follow_up(db, actor, message, channels)
    return sent


async def _attach(
    tx: Transaction,
    actor: Actor,
    id: UUID,
    named: Sequence[NewAttachment],
    *,
    limits: Limits,
    before: Sequence[Attachment] = (),
) -> list[dict[str, Any]] | None:
    """Let these files wait with it; as they are stored."""
    hung, most = Hung(SCHEDULED_MESSAGE, id), limits.message_attachments_max
    return stored(await attach(tx, actor, hung, named, most=most, before=before))


def _mentions(allowed: AllowedMentions | None) -> Any:
    """As they are stored."""
    return None if allowed is None else to_builtins(allowed)


async def _keep(tx: Transaction, actor: Actor, message: ScheduledMessage) -> None:
    """The job that waits for an earlier time finds that it is not the time yet, and waits on."""
    await send_scheduled.enqueue(tx, scheduled_at=message.send_at, scheduled_message_id=message.id)
    await record(tx, ScheduledMessageUpdated, actor.id, message)


async def _hold(tx: Transaction, actor: Actor, id: UUID) -> ScheduledMessage:
    message = await tx.first(ScheduledMessage, f"{GET} FOR UPDATE OF s", id, actor.id)
    if message is None:
        raise ScheduledMessageNotFound
    return typed(message)


_COUNT = "SELECT count(*) FROM scheduled_messages WHERE sender_id = $1"
_INSERT = f"""
INSERT INTO scheduled_messages AS s (id, conversation_id, sender_id, content, reply_to_id, send_at, attachments,
    allowed_mentions, place, suppress_previews)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {SCHEDULED}
"""
_LIST = f"""
SELECT {SCHEDULED} FROM scheduled_messages s
WHERE s.sender_id = $1 AND ($2::timestamptz IS NULL OR (s.send_at, s.id) > ($2, $3::uuid))
ORDER BY s.send_at, s.id LIMIT $4
"""
_UPDATE = f"""
UPDATE scheduled_messages s SET content = $2, send_at = $3, attachments = $4, allowed_mentions = $5, suppress_previews = $6, state = 'scheduled',
    failure = NULL, updated_at = now()
WHERE s.id = $1 RETURNING {SCHEDULED}
"""
