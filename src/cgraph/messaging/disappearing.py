"""Messages that disappear: a conversation's timer, and emptying what has had its time."""

import logging
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction, columns
from cgraph_kit.errors import Unavailable

from .access import hold_speaking
from .deletion import erase
from .pending import hold_telling
from .stored import Stored, say

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Messages emptied in one transaction."""


async def set_message_ttl(
    tx: Transaction, actor: Actor, conversation_id: UUID, seconds: int | None
) -> None:
    """Have what is said from now on disappear after so long; None: have it stay. A system message tells.

    Everybody in the conversation may. Raises `ConversationNotFound`, `CannotSend`.
    """
    await hold_telling(tx, conversation_id)  # before the actor's place, as everybody takes them
    await hold_speaking(tx, actor, conversation_id)
    if await tx.value(_SET, conversation_id, seconds):
        await say(tx, actor, conversation_id, "message_ttl_changed", {"message_ttl": seconds})


async def erase_expired(db: Repo) -> int:
    """Empty every message whose time has come, as if it had been deleted, and return how many those were.

    Twice, or on several nodes at once, is harmless: each message is emptied by whoever holds it first. A conversation
    whose messages cannot be emptied does not keep the others waiting. Raises `Unavailable`.
    """
    erased = 0
    for due in await db.all(_Due, _DUE, clock.now()):
        try:
            erased += await _erase_in(db, due.conversation_id)
        except Unavailable:
            raise
        except Exception:
            log.exception(
                "messages could not be erased", extra={"conversation": str(due.conversation_id)}
            )
    return erased


async def _erase_in(db: Repo, conversation_id: UUID) -> int:
    erased = done = await _erase_some(db, conversation_id)
    while done == AT_ONCE:
        done = await _erase_some(db, conversation_id)
        erased += done
    return erased


async def _erase_some(db: Repo, conversation_id: UUID) -> int:
    async with db.transaction() as tx:
        await hold_telling(tx, conversation_id)
        # All of them before the stream's number is taken: whoever deletes one takes them in this order, too.
        messages = await tx.all(Stored, _HOLD, conversation_id, clock.now(), AT_ONCE)
        await erase(tx, conversation_id, messages, by=None)
    return len(messages)


class _Due(msgspec.Struct, frozen=True):
    conversation_id: UUID


_SET = """
UPDATE conversations SET message_ttl = $2 WHERE id = $1 AND message_ttl IS DISTINCT FROM $2 RETURNING true
"""
_DUE = """
SELECT DISTINCT conversation_id FROM messages WHERE expires_at <= $1 AND deleted_at IS NULL LIMIT 10000
"""
_HOLD = f"""
SELECT {columns(Stored)} FROM messages
WHERE conversation_id = $1 AND expires_at <= $2 AND deleted_at IS NULL
ORDER BY seq LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
"""
