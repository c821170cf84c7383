"""Showing members out."""

from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from . import audit, permissions
from .errors import Outranked
from .member_changes import get_target
from .membership import dismiss
from .permissions import Permission
from .standing import hold_group


async def kick_member(
    db: Repo, actor: Actor, group_id: UUID, user_id: UUID, *, reason: str | None = None
) -> None:
    """Show somebody out who stands below; they may come again by an invite.

    Raises `GroupNotFound`, `MissingPermission`, `MemberNotFound`, `Outranked` (for oneself, too: see `leave_group`).
    """
    async with db.transaction() as tx:
        standing = await hold_group(tx, actor, group_id)
        standing.demand(Permission.KICK_MEMBERS)
        target = await get_target(tx, group_id, user_id)
        if not permissions.outranks(standing.member, target.member):
            raise Outranked
        await dismiss(tx, group_id, [user_id])
        await audit.record(tx, group_id, actor.id, "member_kicked", user_id, reason=reason)
