"""The channels and categories of a group: what there is, in which order, and what each allows and denies."""

from uuid import UUID

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.groups import (
    Channel,
    ChannelChange,
    ChannelOrder,
    ChannelOverwrite,
    NewChannel,
    OverwriteChange,
)
from cgraph_kit.db import Repo
from cgraph_web.action import Body, action
from cgraph_web.exchange import Exchange
from cgraph_web.views.base import Data

from .reason import reason_of

OF_CHANNEL = (groups.ChannelNotFound, groups.MissingPermission)
OF_RIGHTS = (groups.Outranked, groups.PermissionNotHeld, groups.WouldLockOut)


@action(errors=(groups.GroupNotFound,))
async def index(db: Repo, actor: Actor, group_id: UUID) -> Data[list[Channel]]:
    """The channels one sees, in order, each with what one may there; categories also for what is in them."""
    return Data(await groups.list_channels(db, actor, group_id))


@action(
    status=201,
    example={"name": "compost", "topic": "Heaps, and what becomes of them."},
    errors=(
        groups.GroupNotFound,
        groups.MissingPermission,
        groups.TargetNotFound,
        groups.TooManyChannels,
        groups.TooManyOverwrites,
        *OF_RIGHTS,
    ),
)
async def create(
    db: Repo, actor: Actor, app: App, exchange: Exchange, *, group_id: UUID, new: Body[NewChannel]
) -> Data[Channel]:
    """Make a channel or category, which comes last, with MANAGE_CHANNELS; in a category, with it there.

    With `overwrites` it begins with those, for which one also needs MANAGE_ROLES; without, a channel in a category follows
    that.
    """
    limits, reason = app.limits.groups, reason_of(exchange)
    return Data(await groups.create_channel(db, actor, group_id, new, limits=limits, reason=reason))


@action(
    errors=(
        groups.GroupNotFound,
        groups.NoCategory,
        *OF_CHANNEL,
        *OF_RIGHTS,
    )
)
async def order(
    db: Repo, actor: Actor, exchange: Exchange, *, group_id: UUID, order: Body[ChannelOrder]
) -> Data[list[Channel]]:
    """Move channels and categories, with MANAGE_CHANNELS in each; all of them or none.

    What is left out stays where it is. Who comes to another category keeps what it allows and denies, unless it is to
    `sync`.
    """
    reason = reason_of(exchange)
    return Data(await groups.order_channels(db, actor, group_id, order, reason=reason))


@action(errors=(groups.ChannelNotFound,))
async def show(db: Repo, actor: Actor, channel_id: UUID) -> Data[Channel]:
    """One channel or category."""
    return Data(await groups.get_channel(db, actor, channel_id))


@action(errors=OF_CHANNEL)
async def update(
    db: Repo, actor: Actor, exchange: Exchange, *, channel_id: UUID, change: Body[ChannelChange]
) -> Data[Channel]:
    """Change name, topic, slow mode or kind of a channel, or archive it, with MANAGE_CHANNELS there."""
    reason = reason_of(exchange)
    return Data(await groups.update_channel(db, actor, channel_id, change, reason=reason))


@action(status=204, errors=OF_CHANNEL)
async def delete(db: Repo, actor: Actor, exchange: Exchange, channel_id: UUID) -> None:
    """Delete a channel with all that was said there, or a category, whose channels stay; with MANAGE_CHANNELS there."""
    await groups.delete_channel(db, actor, channel_id, reason=reason_of(exchange))


@action(errors=OF_CHANNEL)
async def overwrites(db: Repo, actor: Actor, channel_id: UUID) -> Data[list[ChannelOverwrite]]:
    """What a channel or category allows and denies beside the roles, with MANAGE_ROLES there."""
    return Data(await groups.list_overwrites(db, actor, channel_id))


@action(
    example={"allow": "1024", "deny": "2048"},
    errors=(groups.TargetNotFound, groups.TooManyOverwrites, *OF_CHANNEL, *OF_RIGHTS),
)
async def set_overwrite(
    db: Repo,
    actor: Actor,
    app: App,
    exchange: Exchange,
    *,
    channel_id: UUID,
    target_id: UUID,
    change: Body[OverwriteChange],
) -> Data[ChannelOverwrite]:
    """Allow and deny a role, @everyone (the group's id) or a member something here, with MANAGE_ROLES here.

    Bits that change must be held by oneself. Of a category it is copied to the channels that follow it; a channel given
    one of its own follows no longer.
    """
    limits, reason = app.limits.groups, reason_of(exchange)
    return Data(
        await groups.set_overwrite(
            db, actor, channel_id, target_id, change, limits=limits, reason=reason
        )
    )


@action(status=204, errors=(groups.OverwriteNotFound, *OF_CHANNEL, *OF_RIGHTS))
async def remove_overwrite(
    db: Repo, actor: Actor, exchange: Exchange, channel_id: UUID, target_id: UUID
) -> None:
    """Leave a role, @everyone or somebody to what roles give, with MANAGE_ROLES here."""
    await groups.remove_overwrite(db, actor, channel_id, target_id, reason=reason_of(exchange))


@action(errors=(groups.NoCategory, *OF_CHANNEL, *OF_RIGHTS))
async def sync(
    db: Repo, actor: Actor, exchange: Exchange, channel_id: UUID
) -> Data[list[ChannelOverwrite]]:
    """Take over what the category allows and denies, and follow it from then on, with MANAGE_ROLES here."""
    return Data(await groups.sync_channel(db, actor, channel_id, reason=reason_of(exchange)))
