"""What happens to threads, and who is told: whoever may look into the channel; of private ones who may look into them."""

from typing import ClassVar
from uuid import UUID

import msgspec

from cgraph import accounts, messaging
from cgraph.accounts import UserEvent
from cgraph.messaging import ConversationEvent
from cgraph_kit.db import Transaction

from .thread import ThreadFacts


class ThreadCreated(ConversationEvent, frozen=True):
    """A thread began in a channel."""

    type: ClassVar[str] = "thread_created"
    thread_id: UUID


class ThreadUpdated(ConversationEvent, frozen=True):
    """It is named, archived, locked … differently. In the channel's log, and in the thread's own."""

    type: ClassVar[str] = "thread_updated"
    thread_id: UUID


class ThreadDeleted(ConversationEvent, frozen=True):
    """It is no more."""

    type: ClassVar[str] = "thread_deleted"
    thread_id: UUID


class ThreadPayload(msgspec.Struct, frozen=True):
    """Payload of what says no more than which thread."""

    id: UUID
    channel_id: UUID
    group_id: UUID


class ThreadFollowed(UserEvent, frozen=True):
    """They follow a thread now; it is to be fetched."""

    type: ClassVar[str] = "thread_followed"


class ThreadUnfollowed(UserEvent, frozen=True):
    """They follow it no longer."""

    type: ClassVar[str] = "thread_unfollowed"


async def tell_created(tx: Transaction, thread: ThreadFacts) -> None:
    """Tell the channel of a thread that is not private."""
    if not thread.private:
        await messaging.announce(tx, ThreadCreated, thread.channel_id, thread, thread_id=thread.id)


async def tell_updated(tx: Transaction, thread: ThreadFacts) -> None:
    """Tell the thread, and the channel of one that is not private."""
    places = [thread.id] if thread.private else [thread.channel_id, thread.id]
    for place_id in sorted(places):  # in the order in which everybody takes them
        await messaging.announce(tx, ThreadUpdated, place_id, thread, thread_id=thread.id)


async def tell_deleted(tx: Transaction, thread: ThreadFacts) -> None:
    """Tell the channel of a thread that was not private."""
    if not thread.private:
        payload = ThreadPayload(thread.id, thread.channel_id, thread.group_id)
        await messaging.announce(tx, ThreadDeleted, thread.channel_id, payload, thread_id=thread.id)


async def tell_follower(
    tx: Transaction,
    event: type[ThreadFollowed] | type[ThreadUnfollowed],
    thread: ThreadPayload,
    user_id: UUID,
) -> None:
    """Write it into a person's own stream."""
    await accounts.record(tx, event, user_id, thread)
