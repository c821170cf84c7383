"""The roles of a group: who stands above whom, and what they may."""

from uuid import UUID

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.groups import NewRole, Role, RoleChange, RoleOrder
from cgraph_kit.db import Repo
from cgraph_web.action import Body, action
from cgraph_web.exchange import Exchange
from cgraph_web.views.base import Data

from .reason import reason_of


@action(errors=(groups.GroupNotFound,))
async def index(db: Repo, actor: Actor, group_id: UUID) -> Data[list[Role]]:
    """All roles of a group, the highest first, @everyone last."""
    return Data(await groups.list_roles(db, actor, group_id))


@action(
    status=201,
    errors=(
        groups.GroupNotFound,
        groups.MissingPermission,
        groups.PermissionNotHeld,
        groups.TooManyRoles,
    ),
)
async def create(
    db: Repo, actor: Actor, app: App, exchange: Exchange, *, group_id: UUID, new: Body[NewRole]
) -> Data[Role]:
    """Make a role, just above @everyone, with MANAGE_ROLES. It can give only what one holds oneself."""
    reason, limits = reason_of(exchange), app.limits.groups
    return Data(await groups.create_role(db, actor, group_id, new, limits=limits, reason=reason))


@action(
    errors=(
        groups.GroupNotFound,
        groups.RoleNotFound,
        groups.MissingPermission,
        groups.Outranked,
        groups.PermissionNotHeld,
    )
)
async def update(
    db: Repo,
    actor: Actor,
    exchange: Exchange,
    *,
    group_id: UUID,
    role_id: UUID,
    change: Body[RoleChange],
) -> Data[Role]:
    """Change a role below one's own highest, with MANAGE_ROLES. Bits that change must be held by oneself.

    Of @everyone, whose id is the group's, only the permissions can be changed.
    """
    reason = reason_of(exchange)
    return Data(await groups.update_role(db, actor, group_id, role_id, change, reason=reason))


@action(
    status=204,
    errors=(
        groups.GroupNotFound,
        groups.RoleNotFound,
        groups.MissingPermission,
        groups.Outranked,
        groups.EveryoneRole,
    ),
)
async def delete(db: Repo, actor: Actor, exchange: Exchange, group_id: UUID, role_id: UUID) -> None:
    """Delete a role below one's own highest, with MANAGE_ROLES. Who had it loses what it gave."""
    await groups.delete_role(db, actor, group_id, role_id, reason=reason_of(exchange))


@action(
    errors=(
        groups.GroupNotFound,
        groups.MissingPermission,
        groups.Outranked,
        groups.OrderOutdated,
        groups.EveryoneRole,
    )
)
async def order(
    db: Repo, actor: Actor, exchange: Exchange, group_id: UUID, order: Body[RoleOrder]
) -> Data[list[Role]]:
    """Put all roles but @everyone's in order, the highest first, with MANAGE_ROLES; all at once or not at all.

    Roles as high as one's own highest, or higher, stay where they are.
    """
    reason = reason_of(exchange)
    return Data(await groups.order_roles(db, actor, group_id, order, reason=reason))
