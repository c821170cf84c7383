"""Messages that disappear: a conversation's timer, and emptying what has had its time."""

import logging
from collections.abc import Sequence
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

MOST = 10_000
"""Messages looked up at once."""
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


class _Due(msgspec.Struct, frozen=True):
    conversation_id: UUID
    seq: int


async def erase_expired(db: Repo) -> int:
    """Empty every message whose time has come, as if it had been deleted, and return how many those were.

    Twice, or on several nodes at once, is harmless: each message is emptied by whoever holds it first. A conversation
    whose messages cannot be emptied does not keep the others waiting. Raises `Unavailable`.
    """
    erased, failed = 0, set[UUID]()
    while due := await db.all(_Due, _DUE, clock.now(), MOST, list(failed)):
        before = erased, len(failed)
        for conversation_id, seqs in _by_conversation(due).items():
            try:
                for start in range(0, len(seqs), AT_ONCE):
                    erased += await _erase(db, conversation_id, seqs[start : start + AT_ONCE])
            except Unavailable:
                raise
            except Exception:
                failed.add(conversation_id)
                log.exception(
                    "messages could not be erased", extra={"conversation": str(conversation_id)}
                )
        if len(due) < MOST or before == (erased, len(failed)):
            break
    return erased


def _by_conversation(due: Sequence[_Due]) -> dict[UUID, list[int]]:
    found: dict[UUID, list[int]] = {}
    for one in due:
        found.setdefault(one.conversation_id, []).append(one.seq)
    return found


async def _erase(db: Repo, conversation_id: UUID, seqs: Sequence[int]) -> int:
    async with db.transaction() as tx:
        await hold_telling(tx, conversation_id)
        # All of them before the stream's number is taken: whoever deletes one takes them in this order, too.
        messages = await tx.all(Stored, _HOLD, conversation_id, seqs, clock.now())
        await erase(tx, conversation_id, messages, by=None)
    return len(messages)


_SET = """
UPDATE conversations SET message_ttl = $2 WHERE id = $1 AND message_ttl IS DISTINCT FROM $2 RETURNING true
"""
# By the index of what is to disappear, and then by number: what stays in a conversation is not looked at.
_DUE = """
SELECT conversation_id, seq FROM messages
WHERE expires_at <= $1 AND deleted_at IS NULL AND conversation_id <> ALL ($3::uuid[]) ORDER BY expires_at LIMIT $2
"""
_HOLD = f"""
SELECT {columns(Stored)} FROM messages
WHERE conversation_id = $1 AND seq = ANY ($2::bigint[]) AND expires_at <= $3 AND deleted_at IS NULL
ORDER BY seq FOR NO KEY UPDATE SKIP LOCKED
"""
