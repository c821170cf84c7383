"""How far one has read, and what is left."""

from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import DeliveredMarker, Marker, ReadMarker, Unread, Verified
from cgraph_kit.db import Repo
from cgraph_kit.validation import Input
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data


class ListUnread(Input, frozen=True):
    """Whether to count twice."""

    verify: bool = False
    """Count everything anew, one by one, and compare."""


class UnreadConversations(msgspec.Struct, frozen=True):
    """Where something is unread."""

    unread: int
    """In all, muted and archived conversations too."""
    mentions: int
    badge: int
    """What to show on an app's icon: unread direct messages and mentions elsewhere, of what is neither muted nor archived."""
    conversations: list[Unread]
    verified: list[Verified] | None
    """With `verify`: every conversation, counted both ways."""


@action()
async def index(db: Repo, actor: Actor, query: Query[ListUnread]) -> Data[UnreadConversations]:
    """What is unread, in every conversation, exactly."""
    rows = await messaging.list_unread(db, actor)
    verified = await messaging.verify_unread(db, actor) if query.verify else None
    totals = sum(row.unread for row in rows), sum(row.mentions for row in rows)
    badges = await messaging.count_badges(db, [actor.id])
    return Data(UnreadConversations(*totals, badges[actor.id], rows, verified))


@action(errors=(messaging.ConversationNotFound,))
async def show(db: Repo, actor: Actor, conversation_id: UUID) -> Data[Unread]:
    """What is unread in one conversation, and where it begins."""
    return Data(await messaging.get_unread(db, actor, conversation_id))


@action(errors=(messaging.ConversationNotFound, messaging.MessageNotFound))
async def read(
    db: Repo, actor: Actor, conversation_id: UUID, marker: Body[ReadMarker]
) -> Data[Unread]:
    """Mark as read up to a message or number, or everything. Never back.

    The others are told unless it is `private` or one's `read_receipts` are off.
    """
    return Data(await messaging.mark_read(db, actor, conversation_id, marker))


@action(errors=(messaging.ConversationNotFound, messaging.MessageNotFound))
async def mark(db: Repo, actor: Actor, conversation_id: UUID, marker: Body[Marker]) -> Data[Unread]:
    """Mark as unread from a message or number on, or the last message of somebody else."""
    return Data(await messaging.mark_unread(db, actor, conversation_id, marker))


@action(status=204, errors=(messaging.ConversationNotFound,))
async def delivered(
    db: Repo, actor: Actor, conversation_id: UUID, marker: Body[DeliveredMarker]
) -> None:
    """This device has what was said up to a number."""
    await messaging.mark_delivered(db, actor, conversation_id, marker)
