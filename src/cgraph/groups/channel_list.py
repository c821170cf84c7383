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
from .permissions import MemberFacts, Permission
from .standing import MEMBER_FACTS, MEMBERS, POOLED, FactsRow, unpooled


class _Listed(Channel, frozen=True, kw_only=True):
    pooled: list[int | None] | None
    """What it allows and denies the member: see `standing.POOLED`."""


class _Row(FactsRow, frozen=True):
    channels: list[dict[str, Any]] | None


async def list_channels(db: Repo, actor: Actor, group_id: UUID) -> list[Channel]:
    """What the actor sees of a group's channels, in order; a category also for what is in it. Raises `GroupNotFound`."""
    every = await look(db, actor.id, group_id)
    visible = [channel for channel in every if channel.bits & Permission.VIEW_CHANNEL]
    ids = {channel.id for channel in visible}
    around = {channel.category_id for channel in visible} - ids
    return ordered([*visible, *(one for one in every if one.id in around)])


async def get_channel(db: Repo, actor: Actor, channel_id: UUID) -> Channel:
    """One channel or category. Raises `ChannelNotFound`."""
    row = await db.first(_Row, _ONE, actor.id, channel_id)
    if row is None:
        raise ChannelNotFound
    (channel,) = _seen(row)
    if not channel.bits & Permission.VIEW_CHANNEL:
        raise ChannelNotFound
    return channel


async def look(db: Repo, user_id: UUID, group_id: UUID) -> list[Channel]:
    """Every channel and category with what a member may there, 0 where they may not even look.

    Raises `GroupNotFound` for who is none.
    """
    row = await db.first(_Row, ALL, user_id, group_id)
    if row is None:
        raise GroupNotFound
    return _seen(row)


async def seen_channels(db: Repo, sql: str, *args: object) -> list[Channel]:
    """Channels that a statement like `ALL` or `SEVERAL` finds, with what the member may there."""
    return [channel for row in await db.all(_Row, sql, *args) for channel in _seen(row)]


def _seen(row: _Row) -> list[Channel]:
    member = row.facts(clock.now())
    listed = msgspec.convert(row.channels or [], list[_Listed])
    return [_channel(one, member) for one in listed]


def _channel(one: _Listed, member: MemberFacts) -> Channel:
    bits = permissions.in_channel(member, unpooled(member, one.pooled))
    fields = {name: getattr(one, name) for name in _NAMES}
    return Channel(**fields, permissions=str(bits))


_NAMES = Channel.__struct_fields__[:-1]
_FIELDS = ", ".join(
    f"'{name}', " + ("c.archived_at IS NOT NULL" if name == "archived" else f"c.{name}")
    for name in _NAMES
)
# Overwrites are found by whom they concern: there is no better way to those of one member in all channels.
_CHANNELS = f"""
WITH me AS MATERIALIZED (
    SELECT {MEMBER_FACTS}
    {MEMBERS} WHERE m.user_id = $1 AND m.group_id {{group}}
), own AS (
    SELECT o.channel_id, {POOLED} AS pooled FROM me AS m, group_overwrites o
    WHERE o.target_id = ANY(ARRAY(
        SELECT role_id FROM group_member_roles mr WHERE mr.group_id = m.group_id AND mr.user_id = m.user_id
    ) || m.group_id || m.user_id)
    GROUP BY o.channel_id
)
SELECT m.*, (
    SELECT jsonb_agg(jsonb_build_object({_FIELDS}, 'pooled', own.pooled))
    FROM group_channels c LEFT JOIN own ON own.channel_id = c.id WHERE c.group_id = m.group_id {{these}}
) FROM me AS m
"""
ALL = _CHANNELS.format(group="= $2", these="")
_ONE = _CHANNELS.format(
    group="= (SELECT group_id FROM group_channels WHERE id = $2)", these="AND c.id = $2"
)
SEVERAL = _CHANNELS.format(
    group="= ANY (ARRAY(SELECT group_id FROM group_channels WHERE id = ANY ($2)))",
    these="AND c.id = ANY ($2)",
)
"""The same as `ALL` of these channels, whatever groups they are in."""
