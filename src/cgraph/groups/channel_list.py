"""The channels of a group as one of its members sees them: one statement, however many."""

from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo

from . import permissions
from .channel import Channel, ordered
from .errors import ChannelNotFound, GroupNotFound
from .permissions import MemberFacts, Overwrite, Permission
from .standing import MEMBER_FACTS, MEMBERS, FactsRow


class _Listed(Channel, frozen=True, kw_only=True):
    overwrites: list[Overwrite] | None
    """Those that concern the member."""


class _Row(FactsRow, frozen=True):
    channels: list[dict[str, Any]] | None


class Seen(msgspec.Struct, frozen=True):
    """A member, and every channel and category with what they may there; 0 where they may not even look."""

    member: MemberFacts
    channels: list[Channel]
    overwrites: dict[UUID, list[Overwrite]]
    """By channel, those that concern the member."""


async def list_channels(db: Repo, actor: Actor, group_id: UUID) -> list[Channel]:
    """What the actor sees of a group's channels, in order; a category also for what is in it. Raises `GroupNotFound`."""
    seen = await look(db, actor.id, group_id)
    visible = [channel for channel in seen.channels if channel.bits & Permission.VIEW_CHANNEL]
    ids = {channel.id for channel in visible}
    around = {channel.category_id for channel in visible} - ids
    return ordered([*visible, *(one for one in seen.channels if one.id in around)])


async def get_channel(db: Repo, actor: Actor, channel_id: UUID) -> Channel:
    """One channel or category. Raises `ChannelNotFound`."""
    row = await db.first(_Row, _ONE, actor.id, channel_id)
    if row is None:
        raise ChannelNotFound
    (channel,) = _seen(row).channels
    if not channel.bits & Permission.VIEW_CHANNEL:
        raise ChannelNotFound
    return channel


async def look(db: Repo, user_id: UUID, group_id: UUID) -> Seen:
    """What a member may in each channel. Raises `GroupNotFound` for who is none."""
    row = await db.first(_Row, _ALL, user_id, group_id)
    if row is None:
        raise GroupNotFound
    return _seen(row)


def _seen(row: _Row) -> Seen:
    member = row.facts(clock.now())
    listed = msgspec.convert(row.channels or [], list[_Listed])
    overwrites = {one.id: one.overwrites or [] for one in listed}
    return Seen(member, [_channel(one, member) for one in listed], overwrites)


def _channel(one: _Listed, member: MemberFacts) -> Channel:
    bits = permissions.in_channel(member, one.overwrites or ())
    fields = {name: getattr(one, name) for name in _NAMES}
    return Channel(**fields, permissions=str(bits))


_NAMES = Channel.__struct_fields__[:-1]
_FIELDS = ", ".join(
    f"'{name}', " + ("c.archived_at IS NOT NULL" if name == "archived" else f"c.{name}")
    for name in _NAMES
)
_CHANNELS = f"""
SELECT {MEMBER_FACTS}, (
    SELECT jsonb_agg(jsonb_build_object({_FIELDS}, 'overwrites', (
        SELECT jsonb_agg(jsonb_build_object('target_id', o.target_id, 'allow', o.allow, 'deny', o.deny))
        FROM group_overwrites o WHERE o.channel_id = c.id AND o.target_id = ANY(t.ids)
    ))) FROM group_channels c WHERE c.group_id = m.group_id {{these}}
)
{MEMBERS} CROSS JOIN LATERAL (
    SELECT ARRAY(
        SELECT role_id FROM group_member_roles mr WHERE mr.group_id = m.group_id AND mr.user_id = m.user_id
    ) || m.group_id || m.user_id AS ids
) t
WHERE m.user_id = $1
"""
_ALL = _CHANNELS.format(these="") + " AND m.group_id = $2"
_ONE = (
    _CHANNELS.format(these="AND c.id = $2")
    + " AND m.group_id = (SELECT group_id FROM group_channels WHERE id = $2)"
)
