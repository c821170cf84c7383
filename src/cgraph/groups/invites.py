"""Making invites, looking at them, and taking them back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from . import audit, permissions
from .errors import GroupNotFound, InviteNotFound, MissingPermission, Outranked, TooManyInvites
from .invite import GOOD, INVITE, Invitation, Invite, NewInvite, new_code, typed
from .limits import DEFAULT_LIMITS, Limits
from .permissions import Permission
from .standing import Standing, get_place, get_standing, hold_group


class Made(msgspec.Struct, frozen=True):
    """An invite, and whether it was made just now."""

    invite: Invite
    created: bool


async def create_invite(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    new: NewInvite,
    *,
    reason: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Made:
    """Make an invite; one's own of the same kind that is still good is given again, unless it is to be `unique`.

    Roles need MANAGE_ROLES, and only those below one's own highest can be given. Raises `GroupNotFound`, `ChannelNotFound`,
    `MissingPermission`, `Outranked`, `TooManyInvites`, `Invalid` for roles there are not.
    """
    async with db.transaction() as tx:
        standing = await hold_group(tx, actor, group_id)
        await _check_place(tx, standing, new.channel_id)
        await _check_roles(tx, standing, new.role_ids)
        if not new.unique and (found := await _find_alike(tx, actor, group_id, new)):
            return Made(found, created=False)
        if await tx.value(_COUNT, group_id) >= limits.group_invites_max:
            raise TooManyInvites(f"a group has at most {limits.group_invites_max} invites")
        return Made(await _create(tx, actor, group_id, new, reason), created=True)


async def _check_place(tx: Transaction, standing: Standing, channel_id: UUID | None) -> None:
    if channel_id is None:
        standing.demand(Permission.CREATE_INVITE)
        return
    place = await get_place(tx, standing.member.user_id, channel_id)
    if place.standing.group_id != standing.group_id or place.kind == "category":
        raise Invalid.field("channel_id", "is no channel of this group")
    place.demand(Permission.CREATE_INVITE)


class _Role(msgspec.Struct, frozen=True):
    id: UUID
    position: int


async def _check_roles(tx: Transaction, standing: Standing, role_ids: Sequence[UUID]) -> None:
    if not role_ids:
        return
    standing.demand(Permission.MANAGE_ROLES)
    roles = await tx.all(_Role, _ROLES, standing.group_id, role_ids)
    if unknown := [str(id) for id in role_ids if id not in {role.id for role in roles}]:
        raise Invalid.field("role_ids", f"names no role of this group: {', '.join(unknown)}")
    if not all(permissions.can_touch_role(standing.member, role.position) for role in roles):
        raise Outranked


_ROLES = "SELECT id, position FROM group_roles WHERE group_id = $1 AND id = ANY($2) AND id <> $1"


async def _find_alike(
    tx: Transaction, actor: Actor, group_id: UUID, new: NewInvite
) -> Invite | None:
    row = await tx.first(
        Invite,
        _FIND_ALIKE,
        group_id,
        actor.id,
        new.channel_id,
        new.max_uses,
        timedelta(seconds=new.max_age) if new.max_age else None,
        new.temporary,
        sorted(new.role_ids),
    )
    return row and typed(row)


async def _create(
    tx: Transaction, actor: Actor, group_id: UUID, new: NewInvite, reason: str | None
) -> Invite:
    at = clock.now()
    until = at + timedelta(seconds=new.max_age) if new.max_age else None
    code = new_code()
    await tx.value(
        _CREATE,
        code,
        group_id,
        new.channel_id,
        actor.id,
        new.max_uses,
        until,
        new.temporary,
        sorted(new.role_ids),
        at,
    )
    invite = typed(await tx.one(Invite, f"SELECT {INVITE} WHERE i.code = $1", code))
    await audit.record(
        tx, group_id, actor.id, "invite_created", after=_audited(invite), reason=reason
    )
    return invite


def _audited(invite: Invite) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(invite)
    names = ("code", "channel_id", "max_uses", "expires_at", "temporary", "role_ids")
    return {name: fields[name] for name in names}


async def list_invites(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[Invite]:
    """Invites by which somebody may still come, the oldest first: all of them with MANAGE_GROUP, else one's own.

    Raises `GroupNotFound`, `Invalid` for a cursor of another list.
    """
    standing = await get_standing(db, actor.id, group_id)
    inviter_id = None if standing.may(Permission.MANAGE_GROUP) else actor.id
    at, code = decode_cursor(after, tuple[datetime, str], "after") if after else (None, None)
    rows = await db.all(Invite, _LIST, group_id, inviter_id, at, code, limit + 1)
    return forward_page(
        [typed(row) for row in rows], limit, lambda row: (row.inserted_at, row.code)
    )


async def revoke_invite(db: Repo, actor: Actor, code: str, *, reason: str | None = None) -> None:
    """Nobody comes by it any more. One's own, while one is a member; with MANAGE_GROUP any of the group's.

    Raises `InviteNotFound`, `MissingPermission`.
    """
    async with db.transaction() as tx:
        invite = await get_invite(tx, code)
        try:
            standing = await hold_group(tx, actor, invite.group_id)
        except GroupNotFound:  # that there is such an invite is no secret to who has its code
            raise MissingPermission.of(Permission.MANAGE_GROUP) from None
        if invite.inviter is None or invite.inviter.id != actor.id:
            standing.demand(Permission.MANAGE_GROUP)
        if await tx.value("DELETE FROM group_invites WHERE code = $1 RETURNING true", code):
            await audit.record(
                tx,
                invite.group_id,
                actor.id,
                "invite_revoked",
                before=_audited(invite),
                reason=reason,
            )


async def get_invite(db: Repo, code: str) -> Invite:
    """The invite by which somebody may still come. Raises `InviteNotFound`."""
    row = await db.first(Invite, f"SELECT {INVITE} WHERE i.code = $1 AND {GOOD}", code)
    if row is None:
        raise InviteNotFound
    return typed(row)


async def get_invitation(db: Repo, code: str) -> Invitation:
    """What an invite leads to, without accepting it. Raises `InviteNotFound`."""
    row = await db.first(Invitation, _INVITATION, code)
    if row is None:
        raise InviteNotFound
    return msgspec.convert(msgspec.structs.asdict(row), Invitation)


async def forget_spent_invites(db: Repo, at: datetime) -> None:
    """Drop those by which nobody may come any more. Twice is harmless."""
    await db.value("DELETE FROM group_invites WHERE expires_at <= $1", at)
    await db.value("DELETE FROM group_invites WHERE max_uses > 0 AND uses >= max_uses")


_COUNT = f"SELECT count(*) FROM group_invites i WHERE i.group_id = $1 AND {GOOD}"
_FIND_ALIKE = f"""
SELECT {INVITE}
WHERE i.group_id = $1 AND i.inviter_id = $2 AND i.channel_id IS NOT DISTINCT FROM $3::uuid AND i.max_uses = $4
    AND i.expires_at - i.inserted_at IS NOT DISTINCT FROM $5::interval AND i.temporary = $6 AND i.role_ids = $7::uuid[]
    AND {GOOD}
ORDER BY i.inserted_at DESC LIMIT 1
"""
_CREATE = """
INSERT INTO group_invites
    (code, group_id, channel_id, inviter_id, max_uses, expires_at, temporary, role_ids, inserted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_LIST = f"""
SELECT {INVITE}
WHERE i.group_id = $1 AND ($2::uuid IS NULL OR i.inviter_id = $2) AND {GOOD}
    AND ($3::timestamptz IS NULL OR (i.inserted_at, i.code) > ($3, $4 COLLATE "C"))
ORDER BY i.inserted_at, i.code LIMIT $5
"""
_INVITATION = f"""
SELECT i.code, g.id, g.name, g.description, g.icon_url, g.member_count, i.channel_id,
    CASE WHEN u.id IS NOT NULL THEN jsonb_build_object('id', u.id, 'user_id', u.user_id, 'username', u.username,
        'display_name', u.display_name, 'avatar_url', u.avatar_url) END,
    i.expires_at, i.temporary, g.rules
FROM group_invites i JOIN groups g ON g.id = i.group_id LEFT JOIN users u ON u.id = i.inviter_id
WHERE i.code = $1 AND {GOOD}
"""
