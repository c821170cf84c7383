"""Taking away what somebody said, decided by others than those who are there."""

from uuid import UUID

from cgraph_kit.db import Repo, columns

from .deletion import erase
from .errors import MessageNotFound
from .message import TEXT
from .pending import hold_telling
from .stored import Stored


async def remove_message(
    db: Repo, conversation_id: UUID, message_id: UUID, *, by: UUID | None
) -> bool:
    """Empty a message for everybody, as `delete_message` does. False: it was empty already.

    Asks nobody whether they may: the caller has. Raises `MessageNotFound` (also for system messages).
    """
    async with db.transaction() as tx:
        await hold_telling(tx, conversation_id)
        message = await tx.first(Stored, _HOLD, conversation_id, message_id)
        if message is None or message.kind != TEXT:
            raise MessageNotFound
        if message.deleted_at is not None:
            return False
        await erase(tx, conversation_id, [message], by=by)
        return True


_HOLD = f"""
SELECT {columns(Stored)} FROM messages WHERE conversation_id = $1 AND id = $2 FOR NO KEY UPDATE
"""
