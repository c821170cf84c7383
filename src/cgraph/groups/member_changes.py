"""Changing members: what they are called, their roles, and whether they are timed out."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UnsetType

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid

from . import audit, permissions
from .errors import EveryoneRole, MemberNotFound, Outranked, RoleNotFound
from .events import RightsChanged
from .member import NICKNAME_LENGTH, Member, MemberChange
from .member_events import tell_updated
from .members import find_member
from .names import tidy
from .permissions import Permission
from .standing import Standing, hold_group, list_standings
from .timeouts import check_timeout


async def update_member(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    user_id: UUID,
    change: MemberChange,
    *,
    reason: str | None = None,
) -> Member:
    """Name a member, give them other roles, time them out; what is as it was tells nobody.

    One's own nickname needs CHANGE_NICKNAME; of others MANAGE_NICKNAMES, MANAGE_ROLES and MODERATE_MEMBERS, and one has to
    stand above the member, or, for roles, above the roles. Raises `GroupNotFound`, `MemberNotFound`, `MissingPermission`,
    `Outranked`, `AdministratorExempt`, `Invalid`.
    """
    async with db.transaction() as tx:
        standing = await hold_group(tx, actor, group_id)
        target = await get_target(tx, group_id, user_id)
        before = await find_member(tx, group_id, user_id)
        if not isinstance(change.nickname, UnsetType):
            await _name(tx, standing, target, change.nickname)
        if not isinstance(change.role_ids, UnsetType):
            await _set_roles(tx, standing, before, change.role_ids, "role_ids")
        if not isinstance(change.timed_out_until, UnsetType):
            until = check_timeout(standing, target, change.timed_out_until)
            await tx.value(_TIME_OUT, group_id, user_id, until)
        return await _settle(tx, actor, group_id, before, reason)


class MemberRole(msgspec.Struct, frozen=True):
    """A role that a member has, or shall have."""

    group_id: UUID
    user_id: UUID
    role_id: UUID


async def add_member_role(
    db: Repo, actor: Actor, named: MemberRole, *, reason: str | None = None
) -> Member:
    """Give a member a role; again: nothing happens.

    Raises `GroupNotFound`, `MemberNotFound`, `RoleNotFound`, `EveryoneRole`, `MissingPermission`, `Outranked`.
    """
    return await _with_role(db, actor, named, there=True, reason=reason)


async def remove_member_role(
    db: Repo, actor: Actor, named: MemberRole, *, reason: str | None = None
) -> Member:
    """Take a role from a member; where they have it not, nothing happens. Raises as `add_member_role`."""
    return await _with_role(db, actor, named, there=False, reason=reason)


async def _with_role(
    db: Repo, actor: Actor, named: MemberRole, *, there: bool, reason: str | None
) -> Member:
    async with db.transaction() as tx:
        standing = await hold_group(tx, actor, named.group_id)
        before = await find_member(tx, named.group_id, named.user_id)
        if named.role_id == named.group_id:
            raise EveryoneRole
        if not await _list_roles(tx, named.group_id, [named.role_id]):
            raise RoleNotFound
        one = {named.role_id}
        wanted = {*before.role_ids} | one if there else {*before.role_ids} - one
        await _set_roles(tx, standing, before, wanted, "role_id")
        return await _settle(tx, actor, named.group_id, before, reason)


async def get_target(tx: Transaction, group_id: UUID, user_id: UUID) -> Standing:
    """The place of whom something is done to. Raises `MemberNotFound`."""
    found = await list_standings(tx, group_id, [user_id])
    if not found:
        raise MemberNotFound
    return found[0]


async def _name(tx: Transaction, actor: Standing, target: Standing, nickname: str | None) -> None:
    if actor.member.user_id != target.member.user_id:
        actor.demand(Permission.MANAGE_NICKNAMES)
        if not permissions.outranks(actor.member, target.member):
            raise Outranked
    elif not actor.may(Permission.MANAGE_NICKNAMES):
        actor.demand(Permission.CHANGE_NICKNAME)
    if nickname is not None:
        nickname = tidy(nickname, "nickname", longest=NICKNAME_LENGTH)
    await tx.value(_NAME, target.group_id, target.member.user_id, nickname)


class _Role(msgspec.Struct, frozen=True):
    id: UUID
    position: int


async def _list_roles(tx: Transaction, group_id: UUID, ids: Collection[UUID]) -> list[_Role]:
    return await tx.all(_Role, _ROLES, group_id, list(ids))


async def _set_roles(
    tx: Transaction, actor: Standing, before: Member, wanted: Collection[UUID], field: str
) -> None:
    actor.demand(Permission.MANAGE_ROLES)
    had, has = set(before.role_ids), set(wanted)
    changed = had ^ has
    roles = {role.id: role for role in await _list_roles(tx, actor.group_id, changed)}
    if unknown := sorted(str(id) for id in changed - set(roles)):
        raise Invalid.field(field, f"names no role of this group: {', '.join(unknown)}")
    if not all(permissions.can_touch_role(actor.member, role.position) for role in roles.values()):
        raise Outranked
    await tx.value(_TAKE, actor.group_id, before.id, list(had - has))
    await tx.value(_GIVE, actor.group_id, before.id, list(has - had))


async def _settle(
    tx: Transaction, actor: Actor, group_id: UUID, before: Member, reason: str | None
) -> Member:
    """Tell and note what has become different, if anything has."""
    if await find_member(tx, group_id, before.id) == before:
        return before
    after = await tell_updated(tx, group_id, before.id)
    for action, names in _NOTED.items():
        was, now = _fields(before, names), _fields(after, names)
        if was != now:
            await audit.record(
                tx, group_id, actor.id, action, before.id, before=was, after=now, reason=reason
            )
    if _fields(before, _RIGHTS) != _fields(after, _RIGHTS):
        tx.publish(RightsChanged(group_id, [before.id]))
    return after


_NOTED = {"member_updated": ("nickname", "timed_out_until"), "member_roles_updated": ("role_ids",)}
_RIGHTS = ("role_ids", "timed_out_until")


def _fields(member: Member, names: Collection[str]) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(member)
    return {name: fields[name] for name in names}


_NAME = "UPDATE group_members SET nickname = $3 WHERE group_id = $1 AND user_id = $2"
_TIME_OUT = "UPDATE group_members SET timed_out_until = $3 WHERE group_id = $1 AND user_id = $2"
_ROLES = "SELECT id, position FROM group_roles WHERE group_id = $1 AND id = ANY($2) AND id <> $1"
_TAKE = "DELETE FROM group_member_roles WHERE group_id = $1 AND user_id = $2 AND role_id = ANY($3)"
_GIVE = """
INSERT INTO group_member_roles (group_id, user_id, role_id) SELECT $1, $2, unnest($3::uuid[])
"""
