"""Simulating rights, for those who manage them: the facts of a group, compared as `simulation` says."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo

from .channel_list import list_channels
from .errors import ChannelNotFound, RoleNotFound, TargetNotFound
from .explained import get_member_facts
from .overwrite_facts import read_overwrite_facts
from .permissions import MemberFacts, Overwrite, Permission, RoleFacts
from .simulation import (
    Change,
    Difference,
    Here,
    InChannel,
    OfMembers,
    Simulated,
    Simulation,
    differing,
)
from .standing import Standing, get_place, get_standing, list_standings

MOST = 1000
"""Kinds of members that are told apart."""


async def simulate(db: Repo, actor: Actor, group_id: UUID, assumed: Simulation) -> Simulated:
    """What would be, with MANAGE_ROLES there; nothing is changed.

    Raises `GroupNotFound`, `ChannelNotFound`, `MissingPermission`, `MemberNotFound`, `RoleNotFound`, `TargetNotFound`.
    """
    standing = await get_standing(db, actor.id, group_id)
    await _demand(db, actor, standing, assumed.channel_id)
    roles = {role.id: role for role in await db.all(RoleFacts, _ROLES, group_id)}
    change = await _change(db, group_id, assumed, roles)
    current: Mapping[UUID, Overwrite] = {}
    here = Here()
    if assumed.channel_id is not None:
        current = (await read_overwrite_facts(db, [assumed.channel_id])).get(assumed.channel_id, {})
        here = Here(list(current.values()), change.of_channel(current))
    subject = await _subject(db, group_id, assumed, roles)
    group, channels = None, list[InChannel]()
    if subject is not None:
        before, after = subject[0], change.of_member(*subject)
        group = Difference(**differing(*Here().compare(before, after)))
        channels = await _in_channels(db, actor, group_id, assumed, (before, after, change))
    members, complete = await _members(db, group_id, change, here, current)
    changed = sum(one.members for one in members)
    return Simulated(
        group=group, channels=channels, members=members, members_changed=changed, complete=complete
    )


async def _demand(db: Repo, actor: Actor, standing: Standing, channel_id: UUID | None) -> None:
    if channel_id is None:
        standing.demand(Permission.MANAGE_ROLES)
        return
    place = await get_place(db, actor.id, channel_id)
    if place.standing.group_id != standing.group_id:
        raise ChannelNotFound
    place.demand(Permission.MANAGE_ROLES)


async def _change(
    db: Repo, group_id: UUID, assumed: Simulation, roles: Mapping[UUID, RoleFacts]
) -> Change:
    given = {one.id: int(one.permissions) for one in assumed.roles or ()}
    if not given.keys() <= roles.keys():
        raise RoleNotFound
    overwrites = {
        one.target_id: Overwrite(one.target_id, one.allowed, one.denied)
        for one in assumed.overwrites or ()
    }
    others = [id for id in overwrites if id not in roles]
    if len(await list_standings(db, group_id, others)) < len(others):
        raise TargetNotFound
    return Change(given, overwrites)


async def _subject(
    db: Repo, group_id: UUID, assumed: Simulation, roles: Mapping[UUID, RoleFacts]
) -> tuple[MemberFacts, Sequence[RoleFacts] | None] | None:
    """As whom it is seen, and the roles they would have; None: as nobody, or with their own."""
    wanted = None
    if assumed.role_ids is not None:
        if not set(assumed.role_ids) <= roles.keys():
            raise RoleNotFound
        wanted = [roles[id] for id in assumed.role_ids if id != group_id]
    if assumed.user_id is not None:
        return await get_member_facts(db, group_id, assumed.user_id), wanted
    if wanted is None:
        return None
    everyone = roles[group_id].permissions
    return MemberFacts(_NOBODY, group_id, owner=False, everyone=everyone, roles=wanted), None


async def _in_channels(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    assumed: Simulation,
    compared: tuple[MemberFacts, MemberFacts, Change],
) -> list[InChannel]:
    before, after, change = compared
    if assumed.channel_id is not None:
        ids = [assumed.channel_id]
    else:
        seen = await list_channels(db, actor, group_id)
        ids = [one.id for one in seen if one.bits]
    overwrites = await read_overwrite_facts(db, ids)
    found = []
    for id in ids:
        own = overwrites.get(id, {})
        bits = Here(list(own.values()), change.of_channel(own)).compare(before, after)
        found.append(InChannel(channel_id=id, **differing(*bits)))
    return found


async def _members(
    db: Repo,
    group_id: UUID,
    change: Change,
    here: Here,
    current: Mapping[UUID, Overwrite],
) -> tuple[list[OfMembers], bool]:
    """Whose rights would differ, and whether that is all of them. Members are compared by what tells them apart here."""
    if not change.roles and not change.overwrites:
        return [], True
    targets = {*current, *change.overwrites}
    telling = [*targets, *change.roles]
    kinds = await db.all(_Kind, _KINDS, group_id, telling, MOST + 1, list(targets), clock.now())
    roles = {role.id: role for role in await db.all(RoleFacts, _ROLES, group_id)}
    found = []
    for kind in kinds[:MOST]:
        member = kind.member(group_id, roles)
        before, after = here.compare(member, change.of_member(member))
        if before != after:
            found.append(
                OfMembers(
                    user_id=None,
                    role_ids=kind.role_ids,
                    silenced=kind.silenced,
                    members=kind.members,
                    **differing(before, after),
                )
            )
    for standing in await list_standings(db, group_id, list(targets)):
        member = standing.member
        before, after = here.compare(member, change.of_member(member))
        if before != after:
            found.append(
                OfMembers(
                    user_id=member.user_id,
                    role_ids=[role.id for role in member.roles if role.id in set(telling)],
                    silenced=member.silenced,
                    members=1,
                    **differing(before, after),
                )
            )
    return sorted(found, key=lambda one: -one.members), len(kinds) <= MOST


class _Kind(msgspec.Struct, frozen=True):
    """Members who are alike: they have the same of the roles that matter, and the others give them the same."""

    role_ids: list[UUID]
    rest: int
    silenced: bool
    members: int

    def member(self, group_id: UUID, roles: Mapping[UUID, RoleFacts]) -> MemberFacts:
        """One of them."""
        having = [roles[id] for id in self.role_ids]
        rest = RoleFacts(_NOBODY, 0, self.rest)
        everyone = roles[group_id].permissions
        return MemberFacts(_NOBODY, group_id, False, everyone, [*having, rest], self.silenced)


_NOBODY = UUID(int=0)
_ROLES = "SELECT id, position, permissions FROM group_roles WHERE group_id = $1"
_KINDS = """
SELECT k.role_ids, k.rest, k.silenced, count(*) FROM (
    SELECT coalesce(array_agg(r.id ORDER BY r.id) FILTER (WHERE r.id = ANY($2)), '{}') AS role_ids,
        coalesce(bit_or(r.permissions) FILTER (WHERE r.id <> ALL($2)), 0) AS rest,
        m.pending OR coalesce(m.timed_out_until > $5, false) AS silenced
    FROM group_members m JOIN groups g ON g.id = m.group_id
    LEFT JOIN group_member_roles mr ON mr.group_id = m.group_id AND mr.user_id = m.user_id
    LEFT JOIN group_roles r ON r.id = mr.role_id
    WHERE m.group_id = $1 AND m.user_id <> g.owner_id AND m.user_id <> ALL($4)
    GROUP BY m.user_id, m.pending, m.timed_out_until
) k GROUP BY k.role_ids, k.rest, k.silenced ORDER BY count(*) DESC LIMIT $3
"""
