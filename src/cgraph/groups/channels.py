"""Channels and categories: made, changed and deleted."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id

from .audit import record
from .channel import Channel, ChannelChange, ChannelFields, NewChannel
from .channel_list import get_channel
from .errors import (
    ChannelNotFound,
    MissingPermission,
    TargetNotFound,
    TooManyChannels,
    WouldLockOut,
)
from .events import ChannelsPayload, ChannelsUpdated, RightsChanged, tell
from .limits import DEFAULT_LIMITS, Limits
from .overwrite import NewOverwrite
from .overwrites import (
    check_bits,
    check_room,
    check_still_in,
    check_targets,
    read_overwrites,
    write_overwrites,
)
from .permissions import Permission
from .standing import Place, Standing, get_place, hold_channel, hold_group


async def create_channel(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    new: NewChannel,
    *,
    limits: Limits = DEFAULT_LIMITS,
    reason: str | None = None,
) -> Channel:
    """Make a channel or category, which comes last; with MANAGE_CHANNELS in the group, or in the category it is made in.

    Overwrites of its own need MANAGE_ROLES, and bits one holds. Raises `GroupNotFound`, `MissingPermission`,
    `TooManyChannels`, `TargetNotFound`, `Outranked`, `PermissionNotHeld`, `WouldLockOut`, `TooManyOverwrites`, `Invalid`.
    """
    async with db.transaction() as tx:
        standing = await hold_group(tx, actor, group_id)
        bits = await _bits(tx, actor, standing, new)
        _demand(bits, Permission.MANAGE_CHANNELS)
        if await tx.value(_COUNT, group_id) >= limits.group_channels_max:
            raise TooManyChannels(f"a group has at most {limits.group_channels_max} channels")
        id = await _insert(tx, group_id, new)
        if not isinstance(new.overwrites, UnsetType):
            await _allow(tx, standing, bits, id, new.overwrites, limits=limits)
            await check_still_in(tx, actor, id)
        elif new.category_id is not None:
            await tx.value(_COPY, id, new.category_id)
        channel = await _made(tx, actor, id)
        await record(
            tx, group_id, actor.id, "channel_created", id, after=new.given(), reason=reason
        )
        await tell(tx, ChannelsUpdated, group_id, ChannelsPayload(group_id, [id]))
        return channel


async def update_channel(
    db: Repo,
    actor: Actor,
    channel_id: UUID,
    change: ChannelChange,
    *,
    reason: str | None = None,
) -> Channel:
    """Change what a channel is, with MANAGE_CHANNELS there; what is as it was tells nobody.

    Raises `ChannelNotFound`, `MissingPermission`, `Invalid`.
    """
    async with db.transaction() as tx:
        place = await hold_channel(tx, actor, channel_id)
        place.demand(Permission.MANAGE_CHANNELS)
        if place.kind == "category":
            _refuse_for_category(change)
            if change.kind is not UNSET:
                raise Invalid.field("kind", "cannot be given for a category")
        before = await get_channel(tx, actor, channel_id)
        after = msgspec.structs.replace(before, **change.given())
        if after != before:
            await _write(tx, actor, before, after, reason)
        return after


async def delete_channel(
    db: Repo, actor: Actor, channel_id: UUID, *, reason: str | None = None
) -> None:
    """Delete a channel with its threads and all that was said there, or a category, whose channels stay.

    With MANAGE_CHANNELS there. Raises `ChannelNotFound`, `MissingPermission`.
    """
    async with db.transaction() as tx:
        place = await hold_channel(tx, actor, channel_id)
        place.demand(Permission.MANAGE_CHANNELS)
        group_id, before = place.standing.group_id, await get_channel(tx, actor, channel_id)
        await record(
            tx,
            group_id,
            actor.id,
            "channel_deleted",
            channel_id,
            before=_said(before),
            reason=reason,
        )
        # Whoever begins a thread refers to this row: they wait, or theirs is among those that go.
        await tx.value("SELECT 1 FROM group_channels WHERE id = $1 FOR UPDATE", channel_id)
        inside = await tx.values(_LEAVE_CATEGORY, channel_id)
        threads = await tx.values(_THREADS, channel_id)
        if place.kind != "category":
            await messaging.delete_places(tx, [channel_id, *threads])
        await tx.value("DELETE FROM group_channels WHERE id = $1", channel_id)
        await tell(tx, ChannelsUpdated, group_id, ChannelsPayload(group_id, [channel_id, *inside]))
        tx.publish(RightsChanged(group_id, channel_ids=[channel_id, *threads]))


async def _bits(tx: Transaction, actor: Actor, standing: Standing, new: NewChannel) -> int:
    """What the actor may where the channel is to be."""
    if new.kind == "category":
        _refuse_for_category(new)
        if new.category_id is not None:
            raise Invalid.field("category_id", "cannot be given for a category")
    if new.category_id is None:
        return standing.permissions
    return (await get_category(tx, actor, standing.group_id, new.category_id)).permissions


async def get_category(
    db: Repo, actor: Actor, group_id: UUID, id: UUID, field: str = "category_id"
) -> Place:
    """The actor's place in a category of this group. Raises `Invalid` with the field where they see none."""
    try:
        place = await get_place(db, actor.id, id)
    except ChannelNotFound:
        place = None
    if place is None or place.kind != "category" or place.standing.group_id != group_id:
        raise Invalid.field(field, "is no category of this group")
    return place


def _demand(bits: int, permission: Permission) -> None:
    if not bits & permission:
        raise MissingPermission.of(permission)


def _refuse_for_category(fields: ChannelFields) -> None:
    for name in fields.given().keys() & _OF_TALK:
        raise Invalid.field(name, "cannot be given for a category")


async def _insert(tx: Transaction, group_id: UUID, new: NewChannel) -> UUID:
    id, given = new_id(), {"topic": None, "slow_mode": 0} | new.given()
    await tx.value(
        _CREATE,
        id,
        group_id,
        new.kind,
        new.category_id,
        new.name,
        given["topic"],
        given["slow_mode"],
    )
    if new.kind != "category":
        await messaging.create_place(tx, id, "channel")
    return id


async def _allow(
    tx: Transaction,
    standing: Standing,
    bits: int,
    channel_id: UUID,
    overwrites: list[NewOverwrite],
    *,
    limits: Limits,
) -> None:
    _demand(bits, Permission.MANAGE_ROLES)
    ids = [one.target_id for one in overwrites]
    if len(set(ids)) < len(ids):
        raise Invalid.field("overwrites", "name somebody twice")
    check_room(ids, limits)
    kinds = await check_targets(tx, standing, ids)
    if kinds.keys() != set(ids):
        raise TargetNotFound
    await write_overwrites(tx, [channel_id], overwrites, kinds)
    check_bits(bits, {}, await read_overwrites(tx, channel_id))


async def _made(tx: Transaction, actor: Actor, id: UUID) -> Channel:
    try:
        return await get_channel(tx, actor, id)
    except ChannelNotFound:
        raise WouldLockOut from None


async def _write(
    tx: Transaction, actor: Actor, before: Channel, after: Channel, reason: str | None
) -> None:
    await tx.value(
        _UPDATE, after.id, after.name, after.topic, after.slow_mode, after.kind, after.archived
    )
    await record(
        tx, after.group_id, actor.id, "channel_updated", after.id,
        before=_said(before), after=_said(after), reason=reason,
    )  # fmt: skip
    await tell(tx, ChannelsUpdated, after.group_id, ChannelsPayload(after.group_id, [after.id]))
    if after.archived != before.archived:
        tx.publish(RightsChanged(after.group_id, channel_ids=[after.id]))


def _said(channel: Channel) -> dict[str, Any]:
    """What the audit log keeps of a channel."""
    return {name: getattr(channel, name) for name in _SAID}


_OF_TALK = {"topic", "slow_mode", "archived"}
_SAID = ("name", "kind", "category_id", "topic", "slow_mode", "archived")
_COUNT = "SELECT count(*) FROM group_channels WHERE group_id = $1"
_CREATE = """
INSERT INTO group_channels (id, group_id, kind, category_id, name, topic, slow_mode, position)
SELECT $1, $2, $3, $4, $5, $6, $7, coalesce(max(position) + 1, 0) FROM group_channels WHERE group_id = $2
"""
_COPY = """
WITH synced AS (UPDATE group_channels SET synced = true WHERE id = $1)
INSERT INTO group_overwrites (channel_id, target_id, target_kind, allow, deny)
SELECT $1, target_id, target_kind, allow, deny FROM group_overwrites WHERE channel_id = $2
"""
_UPDATE = """
UPDATE group_channels SET name = $2, topic = $3, slow_mode = $4, kind = $5,
    archived_at = CASE WHEN $6 THEN coalesce(archived_at, now()) END
WHERE id = $1
"""
_LEAVE_CATEGORY = """
UPDATE group_channels SET category_id = NULL, synced = false WHERE category_id = $1 RETURNING id
"""
_THREADS = "SELECT id FROM group_threads WHERE channel_id = $1"
