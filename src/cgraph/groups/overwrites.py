"""What channels allow and deny: changed for one target, taken over from the category, copied to what follows it."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction

from .audit import record
from .errors import (
    ChannelNotFound,
    NoCategory,
    OverwriteNotFound,
    TargetNotFound,
    TooManyOverwrites,
    WouldLockOut,
)
from .events import ChannelsPayload, ChannelsUpdated, RightsChanged, tell
from .limits import DEFAULT_LIMITS, Limits
from .overwrite import ChannelOverwrite, NewOverwrite, OverwriteChange, TargetKind
from .permissions import Permission
from .policy import check_change, check_member, check_role
from .standing import Place, Standing, get_place, hold_channel, list_standings

Overwrites = Mapping[UUID, ChannelOverwrite]
"""By target."""


async def list_overwrites(db: Repo, actor: Actor, channel_id: UUID) -> list[ChannelOverwrite]:
    """All that a channel allows and denies, with MANAGE_ROLES there. Raises `ChannelNotFound`, `MissingPermission`."""
    place = await get_place(db, actor.id, channel_id)
    place.demand(Permission.MANAGE_ROLES)
    return await db.all(ChannelOverwrite, _LIST, channel_id)


async def set_overwrite(
    db: Repo,
    actor: Actor,
    channel_id: UUID,
    target_id: UUID,
    change: OverwriteChange,
    *,
    limits: Limits = DEFAULT_LIMITS,
    reason: str | None = None,
) -> ChannelOverwrite:
    """Allow and deny a role, @everyone or a member something in a channel; one of its own ends following its category.

    A category's change is copied to the channels that follow it. Raises `ChannelNotFound`, `MissingPermission`,
    `TargetNotFound`, `Outranked`, `PermissionNotHeld`, `WouldLockOut`, `TooManyOverwrites`.
    """
    async with db.transaction() as tx:
        place = await _hold(tx, actor, channel_id)
        kinds = await check_targets(tx, place.standing, [target_id])
        if target_id not in kinds:
            raise TargetNotFound
        before = await read_overwrites(tx, channel_id)
        after = ChannelOverwrite(target_id, kinds[target_id], change.allow, change.deny)
        check_room({*before, target_id}, limits)
        now = {**before, target_id: after}
        await _put(tx, actor, place, before=before, after=now, reason=reason)
        return after


async def remove_overwrite(
    db: Repo, actor: Actor, channel_id: UUID, target_id: UUID, *, reason: str | None = None
) -> None:
    """Leave a role, @everyone or somebody to what roles give. As `set_overwrite`; raises `OverwriteNotFound`."""
    async with db.transaction() as tx:
        place = await _hold(tx, actor, channel_id)
        before = await read_overwrites(tx, channel_id)
        if target_id not in before:
            raise OverwriteNotFound
        await check_targets(tx, place.standing, [target_id])
        after = {id: one for id, one in before.items() if id != target_id}
        await _put(tx, actor, place, before=before, after=after, reason=reason)


async def sync_channel(
    db: Repo, actor: Actor, channel_id: UUID, *, reason: str | None = None
) -> list[ChannelOverwrite]:
    """Take over what the category allows and denies, and follow it from then on; again: nothing happens.

    Raises `ChannelNotFound`, `MissingPermission`, `NoCategory`, `Outranked`, `PermissionNotHeld`, `WouldLockOut`.
    """
    async with db.transaction() as tx:
        place = await _hold(tx, actor, channel_id)
        if place.category_id is None:
            raise NoCategory
        await follow(tx, actor, place, place.category_id, reason)
        return await tx.all(ChannelOverwrite, _LIST, channel_id)


async def follow(
    tx: Transaction, actor: Actor, place: Place, category_id: UUID, reason: str | None
) -> None:
    """Have a channel, which the actor may manage, follow a category. Raises as `sync_channel`."""
    before = await read_overwrites(tx, place.channel_id)
    after = await read_overwrites(tx, category_id)
    changed = [id for id in {**before, **after} if before.get(id) != after.get(id)]
    await check_targets(tx, place.standing, changed)
    await _put(tx, actor, place, before=before, after=after, reason=reason, synced=True)


async def read_overwrites(db: Repo, channel_id: UUID) -> Overwrites:
    """All that a channel or category allows and denies, by target."""
    rows = await db.all(ChannelOverwrite, _LIST, channel_id)
    return {row.target_id: row for row in rows}


async def check_targets(
    db: Repo, actor: Standing, target_ids: Sequence[UUID]
) -> dict[UUID, TargetKind]:
    """What each of these is, without those that are nothing here. @everyone and oneself stand above nobody.

    Raises `Outranked` for a role or member the actor does not stand above.
    """
    ids = list(target_ids)
    kinds: dict[UUID, TargetKind] = {}
    for role in await db.all(_Role, _ROLES, actor.group_id, ids):
        if role.id != actor.group_id:
            check_role(actor.member, role.position)
        kinds[role.id] = "role"
    for standing in await list_standings(db, actor.group_id, ids):
        if standing.member.user_id != actor.member.user_id:
            check_member(actor.member, standing.member)
        kinds[standing.member.user_id] = "member"
    return kinds


def check_room(target_ids: Iterable[UUID], limits: Limits) -> None:
    """Raise `TooManyOverwrites`."""
    if len(set(target_ids)) > limits.channel_overwrites_max:
        raise TooManyOverwrites(f"a channel has at most {limits.channel_overwrites_max} overwrites")


def check_bits(actor_bits: int, before: Overwrites, after: Overwrites) -> None:
    """What changes in allow or deny, the actor must hold there. Raises `PermissionNotHeld`."""
    for id in {**before, **after}:
        was, now = before.get(id, _NOTHING), after.get(id, _NOTHING)
        check_change(actor_bits, was.allowed, now.allowed)
        check_change(actor_bits, was.denied, now.denied)


async def check_still_in(tx: Transaction, actor: Actor, channel_id: UUID) -> None:
    """Raise `WouldLockOut` for who would have shut themselves out by what they have just done."""
    try:
        place = await get_place(tx, actor.id, channel_id)
    except ChannelNotFound:
        raise WouldLockOut from None
    if not place.may(Permission.MANAGE_ROLES):
        raise WouldLockOut


async def write_overwrites(
    tx: Transaction, channel_ids: Sequence[UUID], overwrites: Iterable[ChannelOverwrite | NewOverwrite],
    kinds: Mapping[UUID, TargetKind],
) -> None:  # fmt: skip
    """Give these channels exactly these overwrites."""
    rows = list(overwrites)
    ids = [row.target_id for row in rows]
    await tx.value(_REMOVE, list(channel_ids), ids)
    await tx.value(
        _WRITE,
        list(channel_ids),
        ids,
        [kinds[id] for id in ids],
        [row.allowed for row in rows],
        [row.denied for row in rows],
    )


async def _hold(tx: Transaction, actor: Actor, channel_id: UUID) -> Place:
    place = await hold_channel(tx, actor, channel_id)
    place.demand(Permission.MANAGE_ROLES)
    return place


async def _put(
    tx: Transaction,
    actor: Actor,
    place: Place,
    *,
    before: Overwrites,
    after: Overwrites,
    reason: str | None,
    synced: bool = False,
) -> None:
    check_bits(place.permissions, before, after)
    if before == after and not synced:
        return
    begins = await tx.value(_SYNCED, place.channel_id, synced)
    if before == after and not begins:
        return
    channel_ids = [place.channel_id, *await tx.values(_FOLLOWERS, place.channel_id)]
    kinds = {id: one.target_kind for id, one in after.items()}
    await write_overwrites(tx, channel_ids, after.values(), kinds)
    await check_still_in(tx, actor, place.channel_id)
    group_id = place.standing.group_id
    await record(
        tx, group_id, actor.id, "overwrites_updated", place.channel_id,
        before=_said(before), after=_said(after), reason=reason,
    )  # fmt: skip
    await tell(tx, ChannelsUpdated, group_id, ChannelsPayload(group_id, channel_ids))
    tx.publish(RightsChanged(group_id, channel_ids=channel_ids))


def _said(overwrites: Overwrites) -> dict[str, dict[str, str]]:
    """What the audit log keeps: by target, what is allowed and denied."""
    return {str(id): {"allow": one.allow, "deny": one.deny} for id, one in overwrites.items()}


class _Role(msgspec.Struct, frozen=True):
    id: UUID
    position: int


_NOTHING = ChannelOverwrite(UUID(int=0), "role", "0", "0")
_LIST = """
SELECT target_id, target_kind, allow::text, deny::text FROM group_overwrites WHERE channel_id = $1 ORDER BY target_id
"""
_ROLES = "SELECT id, position FROM group_roles WHERE group_id = $1 AND id = ANY($2)"
_FOLLOWERS = "SELECT id FROM group_channels WHERE category_id = $1 AND synced ORDER BY id"
# Null where it was so already.
_SYNCED = "UPDATE group_channels SET synced = $2 WHERE id = $1 AND synced <> $2 RETURNING true"
_REMOVE = "DELETE FROM group_overwrites WHERE channel_id = ANY($1) AND target_id <> ALL($2)"
_WRITE = """
INSERT INTO group_overwrites (channel_id, target_id, target_kind, allow, deny)
SELECT c.id, o.* FROM unnest($1::uuid[]) AS c (id), unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[]) AS o
ON CONFLICT (channel_id, target_id) DO UPDATE SET allow = excluded.allow, deny = excluded.deny
WHERE (group_overwrites.allow, group_overwrites.deny) <> (excluded.allow, excluded.deny)
"""
