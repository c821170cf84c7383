"""Where preferences hold for what is said in channels and threads."""

from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.notifications import Level, Preference, PreferenceChange, Scope
from cgraph_kit.db import Repo

from .access import ChannelAccess, get_access
from .errors import ChannelNotFound, ThreadNotFound
from .limits import DEFAULT_LIMITS, Limits
from .standing import get_standing


class Place(msgspec.Struct, frozen=True):
    """A channel or thread, and what it lies in."""

    id: UUID
    channel_id: UUID
    group_id: UUID
    default_level: Level
    group_size: int

    @property
    def is_thread(self) -> bool:
        return self.id != self.channel_id


async def get_place_facts(db: Repo, place_id: UUID) -> Place | None:
    """What a channel or thread lies in; None: it is no more."""
    return await db.first(Place, _PLACE, place_id)


def scopes_of(place: Place | ChannelAccess, limits: Limits) -> list[Scope]:
    """Where preferences hold for what is said in a place, the nearest first, without `global`."""
    id = place.id if isinstance(place, Place) else place.conversation_id
    own = [Scope("thread", id)] if place.is_thread else []
    group = group_scope(place.group_id, place.default_level, place.group_size, limits)
    return [*own, Scope("channel", place.channel_id), group]


def group_scope(group_id: UUID, level: Level, size: int, limits: Limits) -> Scope:
    """A group as a scope, with what its default level comes to: large groups do not tell everybody everything."""
    everything = level == "all" and size > limits.listening_group_max
    return Scope("group", group_id, "replies" if everything else level)


async def get_channel_scopes(
    db: Repo, actor: Actor, channel_id: UUID, *, limits: Limits = DEFAULT_LIMITS
) -> list[Scope]:
    """The scopes that hold in a channel, the nearest first. Raises `ChannelNotFound`."""
    access = await get_access(db, actor.id, channel_id)
    if access.is_thread:
        raise ChannelNotFound
    return scopes_of(access, limits)


async def get_thread_scopes(
    db: Repo, actor: Actor, thread_id: UUID, *, limits: Limits = DEFAULT_LIMITS
) -> list[Scope]:
    """The same of a thread. Raises `ThreadNotFound`."""
    try:
        access = await get_access(db, actor.id, thread_id)
    except ChannelNotFound:
        raise ThreadNotFound from None
    if not access.is_thread:
        raise ThreadNotFound
    return scopes_of(access, limits)


class _Group(msgspec.Struct, frozen=True):
    default_level: Level
    member_count: int


async def get_group_scopes(
    db: Repo, actor: Actor, group_id: UUID, *, limits: Limits = DEFAULT_LIMITS
) -> list[Scope]:
    """The same of a group. Raises `GroupNotFound`."""
    await get_standing(db, actor.id, group_id)
    sql = "SELECT default_level, member_count FROM groups WHERE id = $1"
    group = await db.one(_Group, sql, group_id)
    return [group_scope(group_id, group.default_level, group.member_count, limits)]


async def get_channel_preference(db: Repo, actor: Actor, channel_id: UUID) -> Preference:
    """What the actor has set for a channel. Raises `ChannelNotFound`."""
    scope, *_ = await get_channel_scopes(db, actor, channel_id)
    return await notifications.get_preference(db, actor.id, scope)


async def change_channel_preference(
    db: Repo, actor: Actor, channel_id: UUID, change: PreferenceChange
) -> Preference:
    """Set how much to hear of a channel. Raises `ChannelNotFound`."""
    scope, *_ = await get_channel_scopes(db, actor, channel_id)
    return await notifications.change_preference(db, actor.id, scope, change)


async def get_thread_preference(db: Repo, actor: Actor, thread_id: UUID) -> Preference:
    """What the actor has set for a thread. Raises `ThreadNotFound`."""
    scope, *_ = await get_thread_scopes(db, actor, thread_id)
    return await notifications.get_preference(db, actor.id, scope)


async def change_thread_preference(
    db: Repo, actor: Actor, thread_id: UUID, change: PreferenceChange
) -> Preference:
    """Set how much to hear of a thread. Raises `ThreadNotFound`."""
    scope, *_ = await get_thread_scopes(db, actor, thread_id)
    return await notifications.change_preference(db, actor.id, scope, change)


async def get_group_preference(db: Repo, actor: Actor, group_id: UUID) -> Preference:
    """What the actor has set for a group. Raises `GroupNotFound`."""
    (scope,) = await get_group_scopes(db, actor, group_id)
    return await notifications.get_preference(db, actor.id, scope)


async def change_group_preference(
    db: Repo, actor: Actor, group_id: UUID, change: PreferenceChange
) -> Preference:
    """Set how much to hear of a group. Raises `GroupNotFound`."""
    (scope,) = await get_group_scopes(db, actor, group_id)
    return await notifications.change_preference(db, actor.id, scope, change)


_PLACE = """
SELECT $1::uuid, c.id, g.id, g.default_level, g.member_count FROM group_channels c JOIN groups g ON g.id = c.group_id
WHERE c.id = coalesce((SELECT channel_id FROM group_threads WHERE id = $1), $1)
"""
