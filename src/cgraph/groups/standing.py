"""Being a member: what everything done in a group begins with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from . import permissions
from .errors import ChannelNotFound, GroupNotFound, MissingPermission
from .permissions import MemberFacts, Overwrite, Permission, RoleFacts


class FactsRow(msgspec.Struct, frozen=True):
    """A member as `MEMBER_FACTS` selects them; to be extended by what a statement selects beside that."""

    group_id: UUID
    user_id: UUID
    owner_id: UUID
    everyone: int
    pending: bool
    timed_out_until: datetime | None
    roles: list[dict[str, Any]] | None

    def facts(self, now: datetime) -> MemberFacts:
        """What decides, as it is now."""
        return MemberFacts(
            self.user_id,
            self.group_id,
            self.user_id == self.owner_id,
            self.everyone,
            [msgspec.convert(role, RoleFacts) for role in self.roles or ()],
            self.pending or (self.timed_out_until is not None and self.timed_out_until > now),
        )


MEMBER_FACTS = """
m.group_id, m.user_id, g.owner_id, e.permissions, m.pending, m.timed_out_until, (
    SELECT jsonb_agg(jsonb_build_object('id', r.id, 'position', r.position, 'permissions', r.permissions))
    FROM group_member_roles mr JOIN group_roles r ON r.id = mr.role_id
    WHERE mr.group_id = m.group_id AND mr.user_id = m.user_id
)
"""
"""Columns of `FactsRow`; over members `m`, their group `g` and its @everyone `e`."""
MEMBERS = """
FROM group_members m JOIN groups g ON g.id = m.group_id JOIN group_roles e ON e.id = m.group_id
"""


class Standing(msgspec.Struct, frozen=True):
    """A member's place in a group."""

    member: MemberFacts
    permissions: int
    """What they may in the group itself."""

    @property
    def group_id(self) -> UUID:
        return self.member.group_id

    def may(self, permission: Permission) -> bool:
        """Whether they hold a bit."""
        return bool(self.permissions & permission)

    def demand(self, permission: Permission) -> None:
        """Raise `MissingPermission` where they do not."""
        if not self.permissions & permission:
            raise MissingPermission.of(permission)


async def get_standing(db: Repo, user_id: UUID, group_id: UUID) -> Standing:
    """A person's place in a group. Raises `GroupNotFound` for who is no member: to them there is none."""
    found = await list_standings(db, group_id, [user_id])
    if not found:
        raise GroupNotFound
    return found[0]


async def list_standings(db: Repo, group_id: UUID, user_ids: Sequence[UUID]) -> list[Standing]:
    """Those of these people who are members, in no order."""
    now = clock.now()
    rows = await db.all(FactsRow, _STANDINGS, group_id, list(user_ids))
    members = [row.facts(now) for row in rows]
    return [Standing(member, permissions.in_group(member)) for member in members]


async def hold_group(tx: Transaction, actor: Actor, group_id: UUID) -> Standing:
    """The actor's place; structure, members' roles and rights stay as they are until this transaction ends but for what it does.

    To be called before anything else is locked. Raises `GroupNotFound`.
    """
    await tx.value(_HOLD, group_id)
    return await get_standing(tx, actor.id, group_id)


_HOLD = "SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE"
_STANDINGS = f"SELECT {MEMBER_FACTS} {MEMBERS} WHERE m.group_id = $1 AND m.user_id = ANY($2)"


class Place(msgspec.Struct, frozen=True):
    """A member's place in a channel or category."""

    channel_id: UUID
    kind: str
    standing: Standing
    permissions: int
    """What they may there; never 0."""
    category_id: UUID | None
    slow_mode: int
    archived: bool

    def may(self, permission: Permission) -> bool:
        """Whether they hold a bit there."""
        return bool(self.permissions & permission)

    def demand(self, permission: Permission) -> None:
        """Raise `MissingPermission` where they do not."""
        if not self.permissions & permission:
            raise MissingPermission.of(permission)


class PlaceRow(FactsRow, frozen=True):
    """A member and a channel, with what it allows and denies them."""

    channel_id: UUID
    kind: str
    category_id: UUID | None
    slow_mode: int
    archived: bool
    overwrites: list[dict[str, Any]] | None


async def get_place(db: Repo, user_id: UUID, channel_id: UUID) -> Place:
    """A person's place in a channel; one statement. Raises `ChannelNotFound` for who may not see it, or is no member."""
    row = await db.first(PlaceRow, _PLACE, channel_id, user_id)
    if row is None:
        raise ChannelNotFound
    member = row.facts(clock.now())
    bits = permissions.in_channel(member, overwrites_of(row.overwrites))
    if not bits & Permission.VIEW_CHANNEL:
        raise ChannelNotFound
    standing = Standing(member, permissions.in_group(member))
    return Place(
        row.channel_id, row.kind, standing, bits, row.category_id, row.slow_mode, row.archived
    )


async def hold_channel(tx: Transaction, actor: Actor, channel_id: UUID) -> Place:
    """The actor's place in a channel; as for `hold_group`, nothing changes beside what this transaction does.

    Raises `ChannelNotFound`.
    """
    sql = "SELECT group_id FROM group_channels WHERE id = $1"
    group_id: UUID | None = await tx.value(sql, channel_id)
    if group_id is None:
        raise ChannelNotFound
    await tx.value(_HOLD, group_id)
    return await get_place(tx, actor.id, channel_id)


def overwrites_of(rows: Sequence[dict[str, Any]] | None) -> list[Overwrite]:
    """Overwrites as `OVERWRITES` selects them."""
    return [msgspec.convert(row, Overwrite) for row in rows or ()]


POOLED = """
ARRAY[
    bit_or(o.allow) FILTER (WHERE o.target_id = m.group_id), bit_or(o.deny) FILTER (WHERE o.target_id = m.group_id),
    bit_or(o.allow) FILTER (WHERE o.target_id NOT IN (m.group_id, m.user_id)),
    bit_or(o.deny) FILTER (WHERE o.target_id NOT IN (m.group_id, m.user_id)),
    bit_or(o.allow) FILTER (WHERE o.target_id = m.user_id), bit_or(o.deny) FILTER (WHERE o.target_id = m.user_id)
]
"""
"""The overwrites `o` that concern a member `m`, those of roles pooled as the rule wants it: see `unpooled`."""


def unpooled(member: MemberFacts, pooled: Sequence[int | None] | None) -> list[Overwrite]:
    """Overwrites as `POOLED` selects them: of @everyone, of all the member's roles as if of one, of the member."""
    if pooled is None:
        return []
    role_id = member.roles[0].id if member.roles else member.group_id
    targets = (member.group_id, role_id, member.user_id)
    found = []
    for n, target in enumerate(targets):
        allow, deny = pooled[2 * n], pooled[2 * n + 1]
        if allow is not None and deny is not None:
            found.append(Overwrite(target, allow, deny))
    return found


OVERWRITES = """
(SELECT jsonb_agg(jsonb_build_object('target_id', o.target_id, 'allow', o.allow, 'deny', o.deny))
    FROM group_overwrites o
    WHERE o.channel_id = c.id AND (
        o.target_id IN (m.group_id, m.user_id) OR o.target_id IN (
            SELECT role_id FROM group_member_roles mr WHERE mr.group_id = m.group_id AND mr.user_id = m.user_id
        )
    ))
"""
"""Those overwrites of a channel `c` that concern a member `m`."""
_PLACE = f"""
SELECT {MEMBER_FACTS}, c.id, c.kind, c.category_id, c.slow_mode, c.archived_at IS NOT NULL, {OVERWRITES}
{MEMBERS} JOIN group_channels c ON c.group_id = m.group_id
WHERE c.id = $1 AND m.user_id = $2
"""
