"""Being in a conversation: what everything done in one begins with."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction

from .errors import CannotSend, ConversationNotFound, NotAGroup, NotAuthor
from .policy import AnyKind, can_delete, can_manage, can_see_edits, can_speak

Topic = Literal["conversation", "channel", "thread"]
"""What the topics of a place are called; see `ConversationEvent.topic`."""


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Access(msgspec.Struct, frozen=True):
    """Somebody's place in a conversation. Contexts above subclass it for places with rights of their own."""

    conversation_id: UUID
    kind: AnyKind
    owner_id: UUID | None
    joined_seq: int
    """They see what has a greater seq."""
    closed: bool
    """A block stands between the two people of a direct conversation."""
    slow_mode: int = 0
    """Seconds they wait between two messages; 0: none."""
    entered_at: datetime = EPOCH
    """In a channel or thread: since when they are in the group."""
    audiences: Sequence[UUID] = ()
    """The calls to many they hear: their roles, and the group for @everyone."""

    @property
    def gated(self) -> bool:
        """Whether rights are asked each time; see `gates`."""
        return self.kind in {"channel", "thread"}

    @property
    def reads_history(self) -> bool:
        """Whether they see what was said while they were not listening."""
        return True

    def check_speaking(self) -> None:
        """May they say something, or edit what they said? Raises `CannotSend`."""
        if not can_speak(closed=self.closed):
            raise CannotSend

    def check_attaching(self, *, voice: bool = False) -> None:
        """May they, who may speak, bring files with what they say, or (`voice`) their voice instead? Raises as `check_speaking`."""

    @property
    def embeds_links(self) -> bool:
        """Whether the links of what they say are shown with a preview."""
        return True

    def check_reacting(self) -> None:
        """May they put an emoji under something? Raises as `check_speaking`."""
        self.check_speaking()

    def check_pinning(self) -> None:
        """May they pin something? Raises as `check_speaking`."""
        self.check_speaking()

    def deletes(self, actor_id: UUID, sender_id: UUID | None) -> bool:
        """Whether they may empty a message of this sender."""
        return can_delete(actor_id, sender_id, self.owner_id)

    def sees_edits(self, actor_id: UUID, sender_id: UUID | None) -> bool:
        """Whether they may know what a message of this sender said before."""
        return can_see_edits(actor_id, sender_id, self.owner_id)

    def check_managing(self, actor_id: UUID) -> None:
        """May they take away many messages at once? Raises `NotAuthor`."""
        if not can_manage(actor_id, self.owner_id):
            raise NotAuthor


def topic_of(kind: AnyKind) -> Topic:
    """What the topics of such a place are called."""
    match kind:
        case "channel" | "thread":
            return kind
    return "conversation"


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
    access.check_speaking()
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


_ACCESS = """
SELECT c.id, c.kind, c.owner_id, p.joined_seq,
    p.peer_id IS NOT NULL
        AND EXISTS (SELECT FROM blocked_pairs b WHERE b.user_id = p.user_id AND b.other_id = p.peer_id)
FROM participants p JOIN conversations c ON c.id = p.conversation_id
WHERE p.conversation_id = $1 AND p.user_id = $2 AND p.left_seq IS NULL AND NOT p.gated
"""
