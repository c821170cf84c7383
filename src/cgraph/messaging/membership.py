"""Putting people into conversations and telling their devices: what creating and adding share."""

from collections.abc import Sequence
from uuid import UUID

from cgraph import accounts, notifications
from cgraph.accounts import Actor
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid

from .errors import CannotAdd
from .events import ConversationAdded, ConversationPayload, ConversationRemoved


async def check_addable(tx: Transaction, actor: Actor, user_ids: Sequence[UUID]) -> None:
    """Raise `Invalid` for people who do not exist or are not active, `CannotAdd` where a block stands between."""
    active = await accounts.list_active_ids(tx, user_ids)
    unknown = [str(id) for id in user_ids if id not in active]
    if unknown:
        raise Invalid.field("participant_ids", f"names nobody: {', '.join(unknown)}")
    if await tx.value(_BLOCKED, actor.id, list(user_ids)):
        raise CannotAdd


_BLOCKED = "SELECT EXISTS (SELECT FROM blocked_pairs WHERE user_id = $1 AND other_id = ANY($2))"


async def tell_added(tx: Transaction, conversation_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Write `conversation_added` into these people's own streams."""
    await _tell(tx, ConversationAdded, conversation_id, user_ids)


async def tell_removed(tx: Transaction, conversation_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Write `conversation_removed` into these people's own streams; of the conversation nothing stays in their inboxes."""
    await _tell(tx, ConversationRemoved, conversation_id, user_ids)
    await notifications.leave_place(tx, conversation_id, user_ids)


async def _tell(
    tx: Transaction,
    event: type[ConversationAdded] | type[ConversationRemoved],
    conversation_id: UUID,
    user_ids: Sequence[UUID],
) -> None:
    for user_id in sorted(set(user_ids)):
        await accounts.record(tx, event, user_id, ConversationPayload(conversation_id))
