"""Being in a conversation: what everything done in one begins with."""

from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction

from .errors import CannotSend, ConversationNotFound, NotAGroup
from .policy import Kind, can_speak


class Access(msgspec.Struct, frozen=True):
    """A participant's place in a conversation."""

    conversation_id: UUID
    kind: Kind
    owner_id: UUID | None
    joined_seq: int
    """They see what has a greater seq."""
    closed: bool
    """A block stands between the two people of a direct conversation."""


async def get_access(db: Repo, actor: Actor, conversation_id: UUID) -> Access:
    """The actor's place in it. Raises `ConversationNotFound`."""
    access = await db.first(Access, _ACCESS, conversation_id, actor.id)
    if access is None:
        raise ConversationNotFound
    return access


async def hold_access(tx: Transaction, actor: Actor, conversation_id: UUID) -> Access:
    """As `get_access`, and nobody removes the actor before this transaction ends."""
    access = await tx.first(Access, f"{_ACCESS} FOR NO KEY UPDATE OF p", conversation_id, actor.id)
    if access is None:
        raise ConversationNotFound
    return access


async def hold_speaking(tx: Transaction, actor: Actor, conversation_id: UUID) -> Access:
    """As `hold_access`, for those who may say something there. Raises `CannotSend`."""
    access = await hold_access(tx, actor, conversation_id)
    if not can_speak(closed=access.closed):
        raise CannotSend
    return access


async def hold_group(tx: Transaction, actor: Actor, conversation_id: UUID) -> Access:
    """The actor's place in a group whose people, name and owner nobody else changes before this transaction ends.

    Raises `ConversationNotFound`, `NotAGroup`.
    """
    # The conversation first: who comes and goes is decided by one at a time, so counts hold.
    await tx.value("SELECT 1 FROM conversations WHERE id = $1 FOR NO KEY UPDATE", conversation_id)
    access = await hold_access(tx, actor, conversation_id)
    if access.kind != "group":
        raise NotAGroup
    return access


async def can_type(db: Repo, actor: Actor, conversation_id: UUID) -> bool:
    """Whether others may be told that the actor is about to say something there: whether they could."""
    access = await db.first(Access, _ACCESS, conversation_id, actor.id)
    return access is not None and can_speak(closed=access.closed)


_ACCESS = """
SELECT c.id, c.kind, c.owner_id, p.joined_seq,
    p.peer_id IS NOT NULL
        AND EXISTS (SELECT FROM blocked_pairs b WHERE b.user_id = p.user_id AND b.other_id = p.peer_id)
FROM participants p JOIN conversations c ON c.id = p.conversation_id
WHERE p.conversation_id = $1 AND p.user_id = $2 AND p.left_seq IS NULL
"""
