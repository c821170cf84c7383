"""What is unread in channels, and how far one has read there."""

from uuid import UUID

import msgspec

from cgraph import groups, messaging
from cgraph.accounts import Actor
from cgraph.groups import CHANNELS
from cgraph.messaging import DeliveredMarker, Marker, ReadMarker, Unread, Verified
from cgraph_kit.db import Repo
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data

from .channel_messages import IN_CHANNEL
from .unread import ListUnread


class UnreadChannels(msgspec.Struct, frozen=True):
    """What is unread in a group."""

    unread: int
    """In all, muted channels too."""
    mentions: int
    """Of these, by the reader's name, a role of theirs, @everyone, or @here while they were online."""
    channels: list[Unread]
    """Every channel one can see and every thread one follows, those without anything unread, too."""
    verified: list[Verified] | None
    """With `verify`: all of them, counted both ways."""


@action(errors=(groups.GroupNotFound,))
async def of_group(
    db: Repo, actor: Actor, group_id: UUID, query: Query[ListUnread]
) -> Data[UnreadChannels]:
    """What is unread in the channels of a group and the threads one follows, exactly.

    Channels one has never opened count from when one came into the group.
    """
    rows = await groups.list_channel_unread(db, actor, group_id)
    verified = await groups.verify_channel_unread(db, actor, group_id) if query.verify else None
    totals = sum(row.unread for row in rows), sum(row.mentions for row in rows)
    return Data(UnreadChannels(*totals, rows, verified))


@action(errors=(groups.GroupNotFound,))
async def read_group(db: Repo, actor: Actor, group_id: UUID) -> Data[list[Unread]]:
    """Mark a whole group as read, and answer with the channels and threads in which something was unread."""
    return Data(await groups.read_group(db, actor, group_id))


@action(errors=(groups.ChannelNotFound,))
async def show(db: Repo, actor: Actor, channel_id: UUID) -> Data[Unread]:
    """What is unread in one channel or thread, and where it begins."""
    return Data(await groups.get_channel_unread(db, actor, channel_id))


@action(errors=IN_CHANNEL)
async def read(db: Repo, actor: Actor, channel_id: UUID, marker: Body[ReadMarker]) -> Data[Unread]:
    """Mark as read up to a message or number, or everything. Never back; nobody else is told."""
    return Data(await messaging.mark_read(db, actor, channel_id, marker, gate=CHANNELS))


@action(errors=IN_CHANNEL)
async def mark(db: Repo, actor: Actor, channel_id: UUID, marker: Body[Marker]) -> Data[Unread]:
    """Mark as unread from a message or number on, or the last message of somebody else."""
    return Data(await messaging.mark_unread(db, actor, channel_id, marker, gate=CHANNELS))


@action(status=204, errors=(groups.ChannelNotFound,))
async def delivered(
    db: Repo, actor: Actor, channel_id: UUID, marker: Body[DeliveredMarker]
) -> None:
    """This device has what was said up to a number. Nobody else is told."""
    await messaging.mark_delivered(db, actor, channel_id, marker, gate=CHANNELS)
