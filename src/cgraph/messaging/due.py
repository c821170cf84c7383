"""The time has come: what was kept for later is said, as if its author did it themselves."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import files, notifications
from cgraph.accounts import Actor, find_actor, record
from cgraph.files import NewAttachment
from cgraph.notifications import Occasion, Subject
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Error, Unavailable
from cgraph_kit.jobs import PENDING, pending_key

from .attaching import SCHEDULED_MESSAGE
from .errors import SlowMode
from .events import ScheduledMessageGone, ScheduledMessageRemoved, ScheduledMessageUpdated
from .gates import PARTICIPANTS, Gate
from .limits import DEFAULT_LIMITS, Limits
from .message import NewMessage
from .scheduled import AT_MOST_LATE, GET, JOB, SCHEDULED, ScheduledMessage, typed
from .sending import Sent, send_message

TOO_LATE = "too_late"
"""Why a message failed whose time has long gone."""
DEACTIVATED = "account_deactivated"


class _Held(msgspec.Struct, frozen=True):
    sender_id: UUID
    send_at: datetime


async def send_due(
    db: Repo,
    id: UUID,
    *,
    limits: Limits = DEFAULT_LIMITS,
    grace: float = 0.0,
    channels: Gate = PARTICIPANTS,
) -> float | None:
    """Say it if its time has come, or write down why it cannot be said. Twice is harmless: it is said once.

    The seconds until its time, if that has not come (jobs go by the database's clock, which is not quite ours), or until
    slow mode lets its author speak. `grace`: seconds after which they get a push if it could not be said. `channels`: the
    way into channels and threads. Raises `Unavailable`.
    """
    async with db.transaction() as tx:
        held = await tx.first(_Held, _HOLD, id)
        if held is None:
            return None
        if (wait := (held.send_at - clock.now()).total_seconds()) > 0:
            return wait
        author_id = held.sender_id
        message = typed(await tx.one(ScheduledMessage, GET, id, author_id))
        actor = await find_actor(tx, author_id)
        if actor is None:
            await _fail(tx, author_id, message, DEACTIVATED, grace)
            return None
        if clock.now() - message.send_at > AT_MOST_LATE:
            await _fail(tx, author_id, message, TOO_LATE, grace)
            return None
        outcome = await _try(tx, actor, message, limits, grace, channels=channels)
    if isinstance(outcome, Sent):
        await follow_up(db, actor, message, channels)
        return None
    return outcome


async def say_now(
    tx: Transaction, actor: Actor, message: ScheduledMessage, limits: Limits, channels: Gate
) -> Sent:
    """Say it, and keep it no longer. Raises what `send_message` raises."""
    new = NewMessage(
        message.content,
        message.reply_to_id,
        client_id=str(message.id),
        attachments=[NewAttachment(a.id, a.alt_text, a.spoiler) for a in message.attachments],
        allowed_mentions=message.allowed_mentions,
        suppress_previews=message.suppress_previews,
    )
    gate = _gate(message, channels)
    sent = await send_message(
        tx, actor, message.conversation_id, new, limits=limits, gate=gate, follow=False
    )
    await forget(tx, actor.id, message, message_id=sent.id)
    return sent


async def forget(
    tx: Transaction, author_id: UUID, message: ScheduledMessage, *, message_id: UUID | None = None
) -> None:
    """Keep it no longer, nor the job that waits for its time; `message_id`: what it has become.

    Its words go from the author's log, too: what is said is taken back, or disappears, as a message.
    """
    await tx.value("DELETE FROM scheduled_messages WHERE id = $1", message.id)
    if message.attachments:
        await files.release(tx, SCHEDULED_MESSAGE, [message.id])
    await tx.value(
        _REDACT, author_id, ScheduledMessageUpdated.type, message.inserted_at, str(message.id)
    )
    await tx.value(_FORGET_JOB, pending_key(JOB, [message.id]))
    gone = ScheduledMessageGone(message.id, message.conversation_id, message_id)
    await record(tx, ScheduledMessageRemoved, author_id, gone)


async def follow_up(db: Repo, actor: Actor, message: ScheduledMessage, channels: Gate) -> None:
    """What follows once it is said and committed: whoever speaks in a thread holds others' rows before they hold its own."""
    gate = _gate(message, channels)
    try:
        access = await gate.admit(db, actor, message.conversation_id)
    except Error:
        return  # they have been shown out since
    if access is not None:
        await gate.said(db, actor, access)


async def forget_in(db: Repo, place_ids: Sequence[UUID]) -> None:
    """Nothing more is said in places that are gone: their authors are told, as if they had cancelled it."""
    for id in await db.values(_IN, list(place_ids)):
        async with db.transaction() as tx:  # one at a time: each holds its author's stream
            author_id = await tx.value(_AUTHOR, id)
            if author_id is not None:
                await forget(
                    tx, author_id, typed(await tx.one(ScheduledMessage, GET, id, author_id))
                )


def _gate(message: ScheduledMessage, channels: Gate) -> Gate:
    return PARTICIPANTS if message.place == "conversation" else channels


async def _try(
    tx: Transaction,
    actor: Actor,
    message: ScheduledMessage,
    limits: Limits,
    grace: float,
    *,
    channels: Gate,
) -> Sent | float | None:
    """What was said, or the seconds it has to wait for slow mode. Raises `Unavailable`."""
    try:
        return await say_now(tx, actor, message, limits, channels)
    except Unavailable:
        raise
    except SlowMode as slow:
        return slow.retry_after
    except Error as error:
        if await tx.value(_GONE, message.conversation_id):
            await forget(tx, actor.id, message)
        else:
            await _fail(tx, actor.id, message, error.code, grace)
    return None


async def _fail(
    tx: Transaction, author_id: UUID, message: ScheduledMessage, code: str, grace: float
) -> None:
    failed = typed(await tx.one(ScheduledMessage, _FAIL, message.id, code))
    event = await record(tx, ScheduledMessageUpdated, author_id, failed)
    # A matter of their own, wherever it was to be said: they may have been shown out there.
    occasion = Occasion(
        user_id=author_id,
        kind="scheduled_send_failed",
        event_id=notifications.event_id(author_id, event.seq),
        happened_at=clock.now(),
        subject=Subject("scheduled_message", message.id),
    )
    # (Their inbox is held: the event before was written into their stream.)
    await notifications.notify(tx, [occasion], [], grace=grace)


_HOLD = """
SELECT sender_id, send_at FROM scheduled_messages WHERE id = $1 AND state = 'scheduled' FOR UPDATE
"""
_IN = "SELECT id FROM scheduled_messages WHERE conversation_id = ANY($1) ORDER BY id"
_AUTHOR = "SELECT sender_id FROM scheduled_messages WHERE id = $1 FOR UPDATE"
_GONE = "SELECT NOT EXISTS (SELECT FROM streams WHERE id = $1)"
_REDACT = """
UPDATE events SET payload = (payload::jsonb || '{"content": "", "attachments": []}')::text
WHERE stream_id = $1 AND type = $2 AND inserted_at >= $3 AND payload::jsonb ->> 'id' = $4
"""
_FORGET_JOB = f"DELETE FROM jobs WHERE pending_key = $1 AND state IN {PENDING}"
_FAIL = f"""
UPDATE scheduled_messages s SET state = 'failed', failure = $2, updated_at = now() WHERE s.id = $1 RETURNING {SCHEDULED}
"""
