"""Those whom a message calls together, as far as messages know of them."""

from collections.abc import Collection
from uuid import UUID

from cgraph_kit.db import Repo, Transaction


async def get_called_by_name(
    db: Repo, place_id: UUID, message_id: UUID, audience_id: UUID
) -> list[UUID] | None:
    """Whom a message that calls an audience names besides; None: it does not, or no longer."""
    ids: list[UUID] | None = await db.value(_NAMED, place_id, message_id, audience_id)
    return ids


async def call_here(
    tx: Transaction, place_id: UUID, seq: int, sender_id: UUID, user_ids: Collection[UUID]
) -> None:
    """A message that calls whoever is online calls these people; those it calls already it does not call again."""
    await tx.value(_CALL, place_id, seq, sender_id, list(user_ids))


_NAMED = """
SELECT mentions FROM messages
WHERE conversation_id = $1 AND id = $2 AND deleted_at IS NULL AND $3 = ANY(called)
"""
_CALL = """
INSERT INTO mentions (user_id, conversation_id, seq, sender_id) SELECT unnest($4::uuid[]), $1, $2, $3
ON CONFLICT DO NOTHING
"""
