"""One emoji under a message says enough."""

from uuid import UUID

import emoji as emojis

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid

from .errors import CannotReact, MessageNotFound, TooManyReactions
from .events import ReactionAdded, ReactionPayload, ReactionRemoved
from .gates import PARTICIPANTS, Gate
from .limits import DEFAULT_LIMITS, Limits
from .message import TEXT, ReactionCount
from .pending import hold_telling, notify_later
from .stored import Stored, hold_live_message, tell


def check_emoji(text: str) -> str:
    """The emoji as it is kept: fully qualified (UTS #51), so that two spellings are one. Raises `Invalid`."""
    known = emojis.EMOJI_DATA.get(text)
    if known is None:
        raise Invalid.field("emoji", "is not an emoji")
    return emojis.emojize(known["en"])


async def add_reaction(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    message_id: UUID,
    emoji: str,
    *,
    limits: Limits = DEFAULT_LIMITS,
    gate: Gate = PARTICIPANTS,
) -> ReactionCount:
    """Put an emoji under a message; again: nothing happens.

    Raises `ConversationNotFound`, `CannotSend` (or what the gate does), `MessageNotFound` (also for system messages),
    `CannotReact` where a block stands between the two, `TooManyReactions`, `Invalid`.
    """
    emoji = check_emoji(emoji)
    async with db.transaction() as tx:
        message = await _hold(tx, actor, conversation_id, message_id, gate)
        if await tx.value(_BLOCKED, actor.id, message.sender_id):
            raise CannotReact
        added = await tx.value(
            _ADD, conversation_id, message_id, emoji, actor.id, limits.reactions_max
        )
        count = await _count(tx, conversation_id, message_id, emoji)
        if added:
            await tx.value(_REACTED, conversation_id, message_id)
            await tell(
                tx,
                ReactionAdded,
                ReactionPayload(conversation_id, message_id, message.seq, emoji, actor.id, count),
            )
            if message.sender_id != actor.id:
                await notify_later(tx, conversation_id)
        elif not await tx.value(_GIVEN, conversation_id, message_id, emoji, actor.id):
            raise TooManyReactions
        return ReactionCount(emoji, count, me=True)


async def remove_reaction(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    message_id: UUID,
    emoji: str,
    *,
    gate: Gate = PARTICIPANTS,
) -> ReactionCount:
    """Take one's own emoji away; where there is none, nothing happens. Raises as `add_reaction`."""
    emoji = check_emoji(emoji)
    async with db.transaction() as tx:
        await hold_telling(tx, conversation_id)
        message = await _hold(tx, actor, conversation_id, message_id, gate)
        removed = await tx.value(_REMOVE, conversation_id, message_id, emoji, actor.id)
        count = await _count(tx, conversation_id, message_id, emoji)
        if removed:
            await tell(
                tx,
                ReactionRemoved,
                ReactionPayload(conversation_id, message_id, message.seq, emoji, actor.id, count),
            )
            if not await tx.value(_GIVES, conversation_id, message_id, actor.id):
                await notifications.withdraw(tx, [message_id], kind="reaction", actor_id=actor.id)
        return ReactionCount(emoji, count, me=False)


async def _hold(
    tx: Transaction, actor: Actor, conversation_id: UUID, message_id: UUID, gate: Gate
) -> Stored:
    access = await gate.hold(tx, actor, conversation_id)
    access.check_reacting()
    message = await hold_live_message(tx, access, message_id)
    if message.kind != TEXT:
        raise MessageNotFound
    return message


async def _count(tx: Transaction, conversation_id: UUID, message_id: UUID, emoji: str) -> int:
    count: int = await tx.value(_COUNT, conversation_id, message_id, emoji)
    return count


_KEY = "conversation_id = $1 AND message_id = $2"
_ADD = f"""
INSERT INTO reactions (conversation_id, message_id, emoji, user_id)
SELECT $1, $2, $3, $4 WHERE (SELECT count(DISTINCT emoji) FROM reactions WHERE {_KEY} AND emoji <> $3) < $5
ON CONFLICT DO NOTHING RETURNING true
"""
_GIVEN = f"SELECT true FROM reactions WHERE {_KEY} AND emoji = $3 AND user_id = $4"
_GIVES = f"SELECT true FROM reactions WHERE {_KEY} AND user_id = $3 LIMIT 1"
_REMOVE = f"DELETE FROM reactions WHERE {_KEY} AND emoji = $3 AND user_id = $4 RETURNING true"
_COUNT = f"SELECT count(*) FROM reactions WHERE {_KEY} AND emoji = $3"
_REACTED = (
    "UPDATE messages SET reacted = true WHERE conversation_id = $1 AND id = $2 AND NOT reacted"
)
_BLOCKED = "SELECT EXISTS (SELECT FROM blocked_pairs WHERE user_id = $1 AND other_id = $2)"
