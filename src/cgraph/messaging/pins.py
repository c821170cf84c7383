"""What a conversation wants at hand. Every participant may pin and unpin."""

from datetime import UTC, datetime
from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .errors import MessageNotFound, TooManyPins
from .events import MessageUnpinned, UnpinnedPayload
from .gates import PARTICIPANTS, Gate
from .limits import DEFAULT_LIMITS, Limits
from .message import TEXT, Message
from .reading import read_message, read_pinned
from .stored import hold_live_message, say, tell

_TOP = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))


async def pin_message(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    message_id: UUID,
    *,
    limits: Limits = DEFAULT_LIMITS,
    gate: Gate = PARTICIPANTS,
) -> Message:
    """Pin a message, which a system message tells; again: nothing happens.

    Raises `ConversationNotFound`, `CannotSend` (or what the gate does), `MessageNotFound` (also for system messages),
    `TooManyPins`.
    """
    async with db.transaction() as tx:
        # The conversation first: pins are counted by one at a time.
        await tx.value(
            "SELECT 1 FROM conversations WHERE id = $1 FOR NO KEY UPDATE", conversation_id
        )
        access = await gate.hold(tx, actor, conversation_id)
        access.check_pinning()
        message = await hold_live_message(tx, access, message_id)
        if message.kind != TEXT:
            raise MessageNotFound
        if message.pinned_at is None:
            if await tx.value(_COUNT, conversation_id) >= limits.pins_max:
                raise TooManyPins
            await tx.value(_PIN, conversation_id, message_id, clock.now(), actor.id)
            data = {"message_id": message_id, "message_seq": message.seq}
            await say(tx, actor, conversation_id, "pinned", data)
        return await read_message(tx, actor, access, message_id)


async def unpin_message(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    message_id: UUID,
    *,
    gate: Gate = PARTICIPANTS,
) -> Message:
    """Unpin a message; one that is not pinned stays so. Raises as `pin_message`."""
    async with db.transaction() as tx:
        access = await gate.hold(tx, actor, conversation_id)
        access.check_pinning()
        message = await hold_live_message(tx, access, message_id)
        if message.pinned_at is not None:
            await tx.value(_PIN, conversation_id, message_id, None, None)
            payload = UnpinnedPayload(conversation_id, message_id, message.seq, actor.id)
            await tell(tx, MessageUnpinned, payload, id=message_id)
        return await read_message(tx, actor, access, message_id)


async def list_pins(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
    gate: Gate = PARTICIPANTS,
) -> Page[Message]:
    """Pinned messages, the newest pin first. Raises `ConversationNotFound` (or what the gate does), `Invalid`."""
    start = decode_cursor(after, tuple[datetime, UUID], "after") if after else _TOP
    rows = await read_pinned(db, actor, conversation_id, limit + 1, start, gate=gate)
    return forward_page(rows, limit, lambda message: (message.pinned_at, message.id))


_COUNT = "SELECT count(*) FROM messages WHERE conversation_id = $1 AND pinned_at IS NOT NULL"
_PIN = "UPDATE messages SET pinned_at = $3, pinned_by = $4 WHERE conversation_id = $1 AND id = $2"
