"""Keeping people out: bans, for good or for a while. They outlast every invite, until they end or are taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor, Person, UserNotFound
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from . import audit, permissions
from .ban import BAN, HOLDS, LONGEST, Ban, NewBan, NewBans, NewlyBanned, typed
from .errors import BanNotFound, Outranked
from .membership import dismiss
from .permissions import Permission
from .purging import purge_later
from .standing import Standing, get_standing, hold_group, list_standings


async def ban_member(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    user_id: UUID,
    new: NewBan,
    *,
    reason: str | None = None,
) -> Ban:
    """Show somebody out and let them in no more, member or not; again: the new reason and end hold.

    `reason`: where the ban itself names none. Raises `GroupNotFound`, `MissingPermission`, `Outranked`, `UserNotFound`,
    `Invalid` for an end that has passed.
    """
    _check_end(new)
    async with db.transaction() as tx:
        standing = await hold_group(tx, actor, group_id)
        standing.demand(Permission.BAN_MEMBERS)
        if user_id not in await accounts.get_people(tx, [user_id]):
            raise UserNotFound
        if user_id not in await _below(tx, standing, [user_id]):
            raise Outranked
        await _ban(tx, actor, group_id, [user_id], _reasoned(new, reason))
        return await get_ban(tx, actor, group_id, user_id)


async def ban_members(
    db: Repo, actor: Actor, group_id: UUID, new: NewBans, *, reason: str | None = None
) -> NewlyBanned:
    """Ban several at once, as far as one may: who is nobody, or stands too high, is left as they are.

    Raises `GroupNotFound`, `MissingPermission`, `Invalid`.
    """
    _check_end(new)
    wanted = sorted(set(new.user_ids))
    async with db.transaction() as tx:
        standing = await hold_group(tx, actor, group_id)
        standing.demand(Permission.BAN_MEMBERS)
        people: dict[UUID, Person] = await accounts.get_people(tx, wanted)
        below = await _below(tx, standing, wanted)
        banned = [id for id in wanted if id in people and id in below]
        if banned:
            # All at once: what is locked for one of them would otherwise come after another's stream.
            await _ban(tx, actor, group_id, banned, _reasoned(new, reason))
        return NewlyBanned(banned, [id for id in wanted if id not in banned])


def _check_end(new: NewBan) -> None:
    now = clock.now()
    if new.expires_at is not None and not now < new.expires_at <= now + LONGEST:
        raise Invalid.field("expires_at", "must be in the future, and at most ten years from now")


async def _below(tx: Transaction, standing: Standing, user_ids: Sequence[UUID]) -> set[UUID]:
    """Those whom the actor may act on: who is no member stands below all."""
    members = await list_standings(tx, standing.group_id, user_ids)
    return set(user_ids) - {
        one.member.user_id
        for one in members
        if not permissions.outranks(standing.member, one.member)
    }


def _reasoned(new: NewBan, reason: str | None) -> NewBan:
    return msgspec.structs.replace(new, reason=new.reason or reason)


async def _ban(
    tx: Transaction, actor: Actor, group_id: UUID, user_ids: Sequence[UUID], new: NewBan
) -> None:
    at = clock.now()
    await tx.value(_BAN, group_id, user_ids, actor.id, new.reason, new.expires_at, at)
    await tx.value(_DISARM, group_id, user_ids)
    await dismiss(tx, group_id, user_ids)
    after = {
        "expires_at": new.expires_at and new.expires_at.isoformat(),
        "delete_message_seconds": new.delete_message_seconds or None,
    }
    for user_id in user_ids:
        await audit.record(
            tx, group_id, actor.id, "member_banned", user_id, after=after, reason=new.reason
        )
    if new.delete_message_seconds:
        since = at - timedelta(seconds=new.delete_message_seconds)
        await purge_later(tx, group_id, user_ids, since, actor.id)


async def unban_member(
    db: Repo, actor: Actor, group_id: UUID, user_id: UUID, *, reason: str | None = None
) -> None:
    """Let somebody in again, by an invite. Raises `GroupNotFound`, `MissingPermission`, `BanNotFound`."""
    async with db.transaction() as tx:
        standing = await hold_group(tx, actor, group_id)
        standing.demand(Permission.BAN_MEMBERS)
        ban = await get_ban(tx, actor, group_id, user_id)
        await tx.value(
            "DELETE FROM group_bans WHERE group_id = $1 AND user_id = $2", group_id, user_id
        )
        before = {"reason": ban.reason, "expires_at": ban.expires_at and ban.expires_at.isoformat()}
        await audit.record(
            tx, group_id, actor.id, "member_unbanned", user_id, before=before, reason=reason
        )


async def get_ban(db: Repo, actor: Actor, group_id: UUID, user_id: UUID) -> Ban:
    """One ban that still holds. Raises `GroupNotFound`, `MissingPermission`, `BanNotFound`."""
    (await get_standing(db, actor.id, group_id)).demand(Permission.BAN_MEMBERS)
    row = await db.first(Ban, _GET, group_id, user_id)
    if row is None:
        raise BanNotFound
    return typed(row)


async def list_bans(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[Ban]:
    """The bans that still hold, by the ids of the banned. Raises `GroupNotFound`, `MissingPermission`, `Invalid`."""
    (await get_standing(db, actor.id, group_id)).demand(Permission.BAN_MEMBERS)
    start = decode_cursor(after, UUID, "after") if after else UUID(int=0)
    rows = await db.all(Ban, _LIST, group_id, start, limit + 1)
    return forward_page([typed(row) for row in rows], limit, lambda row: row.user.id)


async def is_banned(db: Repo, group_id: UUID, user_id: UUID) -> bool:
    """Whether somebody may not come in now."""
    found: bool = await db.value(f"SELECT EXISTS ({_FIND})", group_id, user_id)
    return found


async def forget_ended_bans(db: Repo, at: datetime) -> None:
    """Drop those that keep nobody out any more. Twice is harmless."""
    await db.value("DELETE FROM group_bans WHERE expires_at <= $1", at)


_BAN = """
INSERT INTO group_bans (group_id, user_id, banned_by, reason, expires_at, inserted_at)
SELECT $1, unnest($2::uuid[]), $3, $4, $5, $6
ON CONFLICT (group_id, user_id) DO UPDATE SET banned_by = excluded.banned_by, reason = excluded.reason,
    expires_at = excluded.expires_at, inserted_at = excluded.inserted_at
"""
# Nobody comes by what the banned have handed out.
_DISARM = "DELETE FROM group_invites WHERE group_id = $1 AND inviter_id = ANY($2)"
_FIND = f"SELECT FROM group_bans b WHERE b.group_id = $1 AND b.user_id = $2 AND {HOLDS}"
_GET = f"SELECT {BAN} WHERE b.group_id = $1 AND b.user_id = $2 AND {HOLDS}"
_LIST = (
    f"SELECT {BAN} WHERE b.group_id = $1 AND b.user_id > $2 AND {HOLDS} ORDER BY b.user_id LIMIT $3"
)
