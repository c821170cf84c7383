"""Groups coming and going: made, changed, handed over and deleted."""

from typing import Any
from uuid import UUID

import msgspec

from cgraph import accounts, files, messaging
from cgraph.accounts import Actor, Auth, Origin
from cgraph_kit import streams
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id

from .audit import record
from .errors import MemberNotFound, NotGroupOwner
from .events import (
    GroupDeleted,
    GroupLeft,
    GroupPayload,
    GroupUpdated,
    RightsChanged,
    tell,
    tell_people,
)
from .group import Confirmation, Group, GroupChange, NewGroup, Transfer
from .limits import DEFAULT_LIMITS, Limits
from .membership import admit, check_room
from .overview import get_facts, get_group
from .permissions import DEFAULT_EVERYONE, Permission
from .standing import Standing, get_standing, hold_group

EVERYONE = "everyone"
FIRST_CHANNEL = "general"
TOLD = 1000
"""Members who are told that their group is no more, each in their own stream; of larger groups nobody is, one by one."""


async def create_group(
    db: Repo, actor: Actor, new: NewGroup, *, limits: Limits = DEFAULT_LIMITS
) -> Group:
    """Make a group with its @everyone and a first channel; the actor owns it. Raises `TooManyGroups`."""
    async with db.transaction() as tx:
        await check_room(tx, actor.id, limits)
        id, channel_id = new_id(), new_id()
        await streams.create(tx, id)
        fields = {"description": None, "icon_url": None, "default_level": "replies"} | new.given()
        await tx.value(_CREATE, id, actor.id, *(fields[name] for name in _FIELDS))
        await tx.value(_BEGIN, id, EVERYONE, DEFAULT_EVERYONE, channel_id, FIRST_CHANNEL)
        await messaging.create_place(tx, channel_id, "channel")
        await record(tx, id, actor.id, "group_created", id, after=new.given())
        await admit(tx, id, actor.id)
        return await get_group(tx, actor, id)


async def update_group(
    db: Repo, actor: Actor, group_id: UUID, change: GroupChange, *, reason: str | None = None
) -> Group:
    """Change what is said of a group; what is as it was tells nobody. Raises `GroupNotFound`, `MissingPermission`."""
    async with db.transaction() as tx:
        standing = await hold_group(tx, actor, group_id)
        standing.demand(Permission.MANAGE_GROUP)
        await change_group(tx, actor, group_id, change.given(), reason=reason)
        if change.icon_url is not msgspec.UNSET:
            await files.drop_pictures(tx, "icon", group_id)
        return await get_group(tx, actor, group_id)


async def change_group(
    tx: Transaction, actor: Actor, group_id: UUID, given: dict[str, Any], *, reason: str | None
) -> None:
    """Change what is said of a group the caller holds; what is as it was tells nobody."""
    before = await get_facts(tx, group_id)
    after = msgspec.structs.replace(before, **given)
    if after == before:
        return
    await tx.value(_UPDATE, group_id, *(getattr(after, name) for name in _FIELDS))
    was, now = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    await record(
        tx, group_id, actor.id, "group_updated", group_id, before=was, after=now, reason=reason
    )
    await tell(tx, GroupUpdated, group_id, after)


async def delete_group(
    db: Repo,
    auth: Auth,
    actor: Actor,
    group_id: UUID,
    confirmation: Confirmation,
    *,
    origin: Origin,
) -> None:
    """Remove a group, its channels, and all that was said there, as its owner.

    Raises `GroupNotFound`, `NotGroupOwner`, `accounts.WrongPassword`, `accounts.TooManyAttempts`.
    """
    await _confirm(db, auth, actor, group_id, confirmation.password, origin=origin)
    async with db.transaction() as tx:
        _demand_owner(await hold_group(tx, actor, group_id))
        members = await tx.values(_SOME, group_id, TOLD + 1)
        # Whoever begins a thread refers to its channel: they wait, or theirs is among those that go.
        await tx.value(_HOLD_CHANNELS, group_id)
        places = await tx.values(_PLACES, group_id)
        await files.drop_pictures(tx, "icon", group_id)
        await tell(tx, GroupDeleted, group_id, GroupPayload(group_id))
        await messaging.delete_places(
            tx, [*places, group_id]
        )  # its own stream, and with it all rows
        tx.publish(RightsChanged(group_id))
        if len(members) <= TOLD:
            await tell_people(tx, GroupLeft, group_id, members)


async def transfer_group(
    db: Repo,
    auth: Auth,
    actor: Actor,
    group_id: UUID,
    transfer: Transfer,
    *,
    origin: Origin,
    reason: str | None = None,
) -> Group:
    """Hand a group over to another member, as its owner; to oneself: nothing happens.

    Raises `GroupNotFound`, `NotGroupOwner`, `MemberNotFound`, `accounts.WrongPassword`, `accounts.TooManyAttempts`.
    """
    await _confirm(db, auth, actor, group_id, transfer.password, origin=origin)
    async with db.transaction() as tx:
        _demand_owner(await hold_group(tx, actor, group_id))
        if transfer.user_id != actor.id:
            await _hand_over(tx, actor, group_id, transfer.user_id, reason)
        return await get_group(tx, actor, group_id)


async def _hand_over(
    tx: Transaction, actor: Actor, group_id: UUID, heir: UUID, reason: str | None
) -> None:
    if not await tx.value(_HAND_OVER, group_id, heir):
        raise MemberNotFound
    before, after = {"owner_id": actor.id}, {"owner_id": heir}
    await record(
        tx, group_id, actor.id, "group_transferred", heir, before=before, after=after, reason=reason
    )
    await tell(tx, GroupUpdated, group_id, await get_facts(tx, group_id))
    tx.publish(RightsChanged(group_id, [actor.id, heir]))


async def _confirm(
    db: Repo, auth: Auth, actor: Actor, group_id: UUID, password: str, *, origin: Origin
) -> None:
    """The actor is the owner, and knows their password."""
    _demand_owner(await get_standing(db, actor.id, group_id))
    await accounts.confirm_password(db, auth, actor, (password,), field="password", origin=origin)


def _demand_owner(standing: Standing) -> None:
    if not standing.member.owner:
        raise NotGroupOwner


_FIELDS = ("name", "description", "icon_url", "default_level")
_CREATE = """
INSERT INTO groups (id, owner_id, name, description, icon_url, default_level)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_BEGIN = """
WITH role AS (
    INSERT INTO group_roles (id, group_id, name, position, permissions) VALUES ($1, $1, $2, 0, $3)
)
INSERT INTO group_channels (id, group_id, kind, name) VALUES ($4, $1, 'text', $5)
"""
_UPDATE = """
UPDATE groups SET name = $2, description = $3, icon_url = $4, default_level = $5, updated_at = now() WHERE id = $1
"""
_SOME = "SELECT user_id FROM group_members WHERE group_id = $1 LIMIT $2"
_HOLD_CHANNELS = "SELECT 1 FROM group_channels WHERE group_id = $1 ORDER BY id FOR UPDATE"
_PLACES = """
SELECT id FROM group_channels WHERE group_id = $1 AND kind <> 'category'
UNION ALL SELECT id FROM group_threads WHERE group_id = $1
"""
_HAND_OVER = """
UPDATE groups SET owner_id = $2, updated_at = now()
WHERE id = $1 AND EXISTS (SELECT FROM group_members WHERE group_id = $1 AND user_id = $2) RETURNING true
"""
