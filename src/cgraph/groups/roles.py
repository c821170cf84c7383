"""Roles: made, changed, deleted and put in order, each by who stands above them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id

from .audit import record
from .errors import EveryoneRole, OrderOutdated, Outranked, RoleNotFound, TooManyRoles
from .events import (
    RightsChanged,
    RoleCreated,
    RoleDeleted,
    RolePayload,
    RolesPayload,
    RolesReordered,
    RoleUpdated,
    tell,
)
from .limits import DEFAULT_LIMITS, Limits
from .permissions import Permission, can_touch_role
from .policy import check_grant, check_role
from .role import ROLE, NewRole, Role, RoleChange, RoleOrder
from .standing import Standing, get_standing, hold_group


async def list_roles(db: Repo, actor: Actor, group_id: UUID) -> list[Role]:
    """All roles of a group, the highest first, @everyone last. Raises `GroupNotFound`."""
    await get_standing(db, actor.id, group_id)
    return await db.all(Role, _LIST, group_id)


async def create_role(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    new: NewRole,
    *,
    limits: Limits = DEFAULT_LIMITS,
    reason: str | None = None,
) -> Role:
    """Make a role, just above @everyone. Raises `GroupNotFound`, `MissingPermission`, `PermissionNotHeld`, `TooManyRoles`."""
    async with db.transaction() as tx:
        standing = await _hold(tx, actor, group_id)
        given = new.given()
        check_grant(standing, 0, int(given.get("permissions", "0")))
        if await tx.value(_COUNT, group_id) >= limits.group_roles_max:
            raise TooManyRoles(f"a group has at most {limits.group_roles_max} roles")
        await tx.value(_MAKE_ROOM, group_id)
        fields = _NOTHING | given
        values = [fields[name] for name in _FIELDS[:-1]]
        role = await tx.one(Role, _CREATE, new_id(), group_id, *values, int(fields["permissions"]))
        await record(
            tx, group_id, actor.id, "role_created", role.id, after=_said(role), reason=reason
        )
        await tell(tx, RoleCreated, group_id, role)
        return role


async def update_role(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    role_id: UUID,
    change: RoleChange,
    *,
    reason: str | None = None,
) -> Role:
    """Change a role; what is as it was tells nobody.

    Raises `GroupNotFound`, `RoleNotFound`, `MissingPermission`, `Outranked`, `PermissionNotHeld`, and `Invalid` for
    anything but the permissions of @everyone.
    """
    async with db.transaction() as tx:
        standing = await _hold(tx, actor, group_id)
        before = await _get(tx, group_id, role_id)
        check_role(standing.member, before.position)
        given = change.given()
        if before.everyone and (other := next((n for n in given if n != "permissions"), None)):
            raise Invalid.field(other, "cannot be changed of @everyone")
        after = msgspec.structs.replace(before, **given)
        check_grant(standing, before.bits, after.bits)
        if after != before:
            await _write(tx, actor, before, after, reason)
        return after


async def delete_role(
    db: Repo, actor: Actor, group_id: UUID, role_id: UUID, *, reason: str | None = None
) -> None:
    """Delete a role, with what channels allow and deny it; nobody has it any more.

    Raises `GroupNotFound`, `RoleNotFound`, `MissingPermission`, `Outranked`, `EveryoneRole`.
    """
    async with db.transaction() as tx:
        standing = await _hold(tx, actor, group_id)
        role = await _get(tx, group_id, role_id)
        if role.everyone:
            raise EveryoneRole
        check_role(standing.member, role.position)
        await tx.value(_DELETE, group_id, role_id)
        await record(
            tx, group_id, actor.id, "role_deleted", role_id, before=_said(role), reason=reason
        )
        await tell(tx, RoleDeleted, group_id, RolePayload(group_id, role_id))
        tx.publish(RightsChanged(group_id))


async def order_roles(
    db: Repo, actor: Actor, group_id: UUID, order: RoleOrder, *, reason: str | None = None
) -> list[Role]:
    """Put all roles in order at once; those as high as the actor's own highest stay above, as they are.

    Raises `GroupNotFound`, `MissingPermission`, `Outranked`, `OrderOutdated` where these are not all roles, `Invalid`.
    """
    wanted = order.role_ids
    if len(set(wanted)) < len(wanted):
        raise Invalid.field("role_ids", "names a role twice")
    async with db.transaction() as tx:
        standing = await _hold(tx, actor, group_id)
        if group_id in wanted:
            raise EveryoneRole
        roles = [role for role in await tx.all(Role, _LIST, group_id) if not role.everyone]
        current = [role.id for role in roles]
        if set(wanted) != set(current):
            raise OrderOutdated
        fixed = sum(not can_touch_role(standing.member, role.position) for role in roles)
        if wanted[:fixed] != current[:fixed]:
            raise Outranked
        if wanted != current:
            await _reorder(tx, actor, group_id, before=current, after=wanted, reason=reason)
        return await tx.all(Role, _LIST, group_id)


async def _hold(tx: Transaction, actor: Actor, group_id: UUID) -> Standing:
    standing = await hold_group(tx, actor, group_id)
    standing.demand(Permission.MANAGE_ROLES)
    return standing


async def _get(tx: Transaction, group_id: UUID, role_id: UUID) -> Role:
    role = await tx.first(Role, _GET, group_id, role_id)
    if role is None:
        raise RoleNotFound
    return role


async def _write(
    tx: Transaction, actor: Actor, before: Role, after: Role, reason: str | None
) -> None:
    values = [getattr(after, name) for name in _FIELDS[:-1]]
    await tx.value(_UPDATE, after.id, *values, after.bits)
    await record(
        tx, after.group_id, actor.id, "role_updated", after.id,
        before=_said(before), after=_said(after), reason=reason,
    )  # fmt: skip
    await tell(tx, RoleUpdated, after.group_id, after)
    if after.bits != before.bits:
        tx.publish(RightsChanged(after.group_id))


async def _reorder(
    tx: Transaction,
    actor: Actor,
    group_id: UUID,
    *,
    before: Sequence[UUID],
    after: Sequence[UUID],
    reason: str | None,
) -> None:
    await tx.value(_ORDER, group_id, list(reversed(after)))
    await record(
        tx, group_id, actor.id, "roles_reordered",
        before={"role_ids": before}, after={"role_ids": after}, reason=reason,
    )  # fmt: skip
    await tell(tx, RolesReordered, group_id, RolesPayload(group_id, after))


def _said(role: Role) -> dict[str, object]:
    """What the audit log keeps of a role."""
    return {name: getattr(role, name) for name in _FIELDS}


_FIELDS = ("name", "color", "hoist", "mentionable", "permissions")
_NOTHING: dict[str, Any] = {"color": 0, "hoist": False, "mentionable": False, "permissions": "0"}
_LIST = f"SELECT {ROLE} FROM group_roles r WHERE r.group_id = $1 ORDER BY r.position DESC"
_GET = f"SELECT {ROLE} FROM group_roles r WHERE r.group_id = $1 AND r.id = $2"
_COUNT = "SELECT count(*) FROM group_roles WHERE group_id = $1"
_MAKE_ROOM = "UPDATE group_roles SET position = position + 1 WHERE group_id = $1 AND position > 0"
_CREATE = f"""
INSERT INTO group_roles AS r (id, group_id, position, name, color, hoist, mentionable, permissions)
VALUES ($1, $2, 1, $3, $4, $5, $6, $7) RETURNING {ROLE}
"""
_UPDATE = """
UPDATE group_roles SET name = $2, color = $3, hoist = $4, mentionable = $5, permissions = $6 WHERE id = $1
"""
# What channels allow and deny a role has no key to it: members are among the targets, too.
_DELETE = """
WITH overwrites AS (
    DELETE FROM group_overwrites o USING group_channels c
    WHERE c.id = o.channel_id AND c.group_id = $1 AND o.target_id = $2
)
DELETE FROM group_roles WHERE group_id = $1 AND id = $2
"""
_ORDER = """
UPDATE group_roles r SET position = o.position
FROM unnest($2::uuid[]) WITH ORDINALITY AS o (id, position) WHERE r.group_id = $1 AND r.id = o.id
"""
