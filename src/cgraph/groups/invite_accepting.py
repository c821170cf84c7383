"""Coming into a group by an invite: the only way in."""

from collections.abc import Sequence
from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction

from . import permissions
from .bans import is_banned
from .errors import Banned, InviteNotFound
from .invite import GOOD, Accepted, Invite
from .invites import get_invite
from .limits import DEFAULT_LIMITS, Limits
from .member import MEMBER, MEMBERS, Member
from .membership import admit, check_room
from .permissions import Permission
from .standing import list_standings


async def accept_invite(
    db: Repo, actor: Actor, code: str, *, limits: Limits = DEFAULT_LIMITS
) -> Accepted:
    """Become a member. Who is one already stays as they are, and the invite is not used up by that.

    Roles are given as far as the inviter may still give them. Raises `InviteNotFound`, `Banned`, `TooManyGroups`.
    """
    async with db.transaction() as tx:
        invite = await get_invite(tx, code)
        # From here on nobody else comes, is banned, or takes a role away.
        await tx.value("SELECT 1 FROM groups WHERE id = $1 FOR NO KEY UPDATE", invite.group_id)
        member = await tx.first(Member, _MEMBER, invite.group_id, actor.id)
        if member is not None:
            return Accepted(invite.group_id, invite.channel_id, joined=False, member=member)
        if await is_banned(tx, invite.group_id, actor.id):
            raise Banned
        await check_room(tx, actor.id, limits)
        if not await tx.value(_USE, code):  # the last use was somebody else's, a moment ago
            raise InviteNotFound
        role_ids = await _still_given(tx, invite)
        member = await admit(
            tx, invite.group_id, actor.id, role_ids=role_ids, temporary=invite.temporary
        )
        return Accepted(invite.group_id, invite.channel_id, joined=True, member=member)


async def _still_given(tx: Transaction, invite: Invite) -> Sequence[UUID]:
    """Its roles that its inviter may give today."""
    if not invite.role_ids or invite.inviter is None:
        return ()
    standings = await list_standings(tx, invite.group_id, [invite.inviter.id])
    if not standings or not standings[0].may(Permission.MANAGE_ROLES):
        return ()
    inviter = standings[0].member
    highest = None if inviter.owner else permissions.position(inviter)
    ids: list[UUID] = await tx.values(_BELOW, invite.group_id, invite.role_ids, highest)
    return ids


_MEMBER = f"SELECT {MEMBER} {MEMBERS} WHERE m.group_id = $1 AND m.user_id = $2"
_USE = f"UPDATE group_invites i SET uses = uses + 1 WHERE i.code = $1 AND {GOOD} RETURNING true"
_BELOW = """
SELECT id FROM group_roles WHERE group_id = $1 AND id = ANY($2) AND ($3::integer IS NULL OR position < $3)
"""
