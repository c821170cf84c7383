"""Groups another system knew, taken over with roles and members, by COPY; what is in them is `bulk_channels`.

Nobody is told. Whoever is looking finds it when they read the group again: its number line moves on without events, so
a client that resumes from before is told to reload.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo, Transaction

from .permissions import DEFAULT_EVERYONE

EVERYONE = "everyone"
Level = Literal["all", "replies", "mentions"]


class ImportedRole(msgspec.Struct, frozen=True):
    """A role beside @everyone. `position` from 1; the higher stands above."""

    id: UUID
    name: str
    position: int
    permissions: int = 0
    color: int = 0
    hoist: bool = False
    mentionable: bool = False


class ImportedGroup(msgspec.Struct, frozen=True):
    """A group to be made, under an id of the caller's choice. Its owner is no member until imported as one."""

    id: UUID
    name: str
    owner_id: UUID
    inserted_at: datetime
    description: str | None = None
    everyone: int = DEFAULT_EVERYONE
    """What @everyone may."""
    roles: Sequence[ImportedRole] = ()
    default_level: Level = "replies"
    rules: Sequence[str] = ()


class ImportedMember(msgspec.Struct, frozen=True):
    """Somebody who is in a group."""

    user_id: UUID
    joined_at: datetime
    nickname: str | None = None
    role_ids: Sequence[UUID] = ()
    timed_out_until: datetime | None = None


class ImportedGroupBan(msgspec.Struct, frozen=True):
    """Somebody who may not come in. They are no member."""

    user_id: UUID
    inserted_at: datetime
    banned_by: UUID | None = None
    reason: str | None = None
    expires_at: datetime | None = None


async def import_group(tx: Transaction, new: ImportedGroup) -> None:
    """Make a group with its roles; it has neither members nor channels yet."""
    await tx.copy_rows("streams", ("id", "active_at"), [(new.id, new.inserted_at)])
    await tx.copy_rows("groups", _GROUP, [_group(new)])
    everyone = ImportedRole(new.id, EVERYONE, 0, new.everyone)
    roles = [_role(new, role) for role in (everyone, *new.roles)]
    await tx.copy_rows("group_roles", _ROLE, roles)


async def import_members(tx: Transaction, group_id: UUID, members: Sequence[ImportedMember]) -> int:
    """Let people in; who is in already stays as they are. Returns how many are new.

    The group is held until the transaction ends.
    """
    await tx.value("SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE", group_id)
    there = await find_member_ids(tx, group_id, [member.user_id for member in members])
    new = [member for member in members if member.user_id not in there]
    rows = [
        (group_id, member.user_id, member.nickname, member.timed_out_until, member.joined_at)
        for member in new
    ]
    await tx.copy_rows("group_members", _MEMBER, rows)
    given = [(group_id, member.user_id, id) for member in new for id in member.role_ids]
    await tx.copy_rows("group_member_roles", ("group_id", "user_id", "role_id"), given)
    await tx.value(_COUNT, group_id, len(new))
    return len(new)


async def find_member_ids(db: Repo, group_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these people who are members."""
    sql = "SELECT user_id FROM group_members WHERE group_id = $1 AND user_id = ANY($2)"
    return set(await db.values(sql, group_id, list(ids)))


async def find_group_ids(db: Repo, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that are groups."""
    return set(await db.values("SELECT id FROM groups WHERE id = ANY($1)", list(ids)))


async def find_role_ids(db: Repo, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that are roles."""
    return set(await db.values("SELECT id FROM group_roles WHERE id = ANY($1)", list(ids)))


async def import_group_bans(
    tx: Transaction, group_id: UUID, bans: Sequence[ImportedGroupBan]
) -> None:
    """Keep people out who are not in."""
    await tx.copy_rows(
        "group_bans",
        ("group_id", "user_id", "banned_by", "reason", "expires_at", "inserted_at"),
        [
            (group_id, ban.user_id, ban.banned_by, ban.reason, ban.expires_at, ban.inserted_at)
            for ban in bans
        ],
    )


def _group(new: ImportedGroup) -> tuple[object, ...]:
    return (
        new.id,
        new.name,
        new.description,
        new.owner_id,
        new.default_level,
        list(new.rules),
        new.inserted_at,
        new.inserted_at,
    )


def _role(group: ImportedGroup, role: ImportedRole) -> tuple[object, ...]:
    return (
        role.id,
        group.id,
        role.name,
        role.color,
        role.hoist,
        role.mentionable,
        role.position,
        role.permissions,
        group.inserted_at,
    )


_GROUP = (
    "id",
    "name",
    "description",
    "owner_id",
    "default_level",
    "rules",
    "inserted_at",
    "updated_at",
)
_ROLE = (
    "id",
    "group_id",
    "name",
    "color",
    "hoist",
    "mentionable",
    "position",
    "permissions",
    "inserted_at",
)
_MEMBER = ("group_id", "user_id", "nickname", "timed_out_until", "joined_at")
_COUNT = """
WITH moved AS (UPDATE streams SET last_seq = last_seq + $2 WHERE id = $1)
UPDATE groups SET member_count = member_count + $2 WHERE id = $1
"""
