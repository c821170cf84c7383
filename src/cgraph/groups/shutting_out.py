"""Who has lost sight of a group, a channel or a thread: many people and places at once, for open topics.

Facts are read by kind, in a fixed number of statements however many are asked about; rights are worked out in Python.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo

from . import permissions
from .overwrite_facts import read_overwrite_facts
from .permissions import MemberFacts, Overwrite, Permission, RoleFacts

Pair = tuple[UUID, UUID]
"""A place (the group itself, a channel or a thread) and a person."""


async def find_shut_out(db: Repo, group_id: UUID, pairs: Collection[Pair]) -> set[Pair]:
    """Those of these pairs where the person may not, or no longer, see the place; or where there is none.

    The places are the group itself, its channels and threads.
    """
    if not pairs:
        return set()
    group = await _read(db, group_id, pairs)
    return {pair for pair in pairs if not group.shows(*pair)}


async def map_places(db: Repo, place_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The group of each of these channels and threads that there are. It never changes."""
    return {row.id: row.group_id for row in await db.all(_Place, _PLACES, list(place_ids))}


class _Place(msgspec.Struct, frozen=True):
    id: UUID
    group_id: UUID
    channel_id: UUID
    """Of a thread: that of its channel."""
    private: bool


class _Member(msgspec.Struct, frozen=True):
    user_id: UUID
    owner: bool
    pending: bool
    timed_out_until: datetime | None
    role_ids: list[UUID]

    def facts(self, group_id: UUID, roles: Mapping[UUID, RoleFacts], now: datetime) -> MemberFacts:
        """What decides, as it is now."""
        timed_out = self.timed_out_until is not None and self.timed_out_until > now
        return MemberFacts(
            self.user_id,
            group_id,
            self.owner,
            roles[group_id].permissions,
            [roles[id] for id in self.role_ids if id in roles],
            self.pending or timed_out,
        )


class _Follower(msgspec.Struct, frozen=True):
    thread_id: UUID
    user_id: UUID


class _Group(msgspec.Struct, frozen=True):
    """What decides about the places and people that are asked about."""

    id: UUID
    places: Mapping[UUID, _Place]
    members: Mapping[UUID, MemberFacts]
    overwrites: Mapping[UUID, Mapping[UUID, Overwrite]]
    followers: Collection[Pair]
    """Of private threads."""

    def shows(self, place_id: UUID, user_id: UUID) -> bool:
        """Whether somebody sees a place."""
        member, place = self.members.get(user_id), self.places.get(place_id)
        if member is None:
            return False
        if place is None:
            return place_id == self.id
        overwrites = self.overwrites.get(place.channel_id, {})
        bits = permissions.in_channel(member, overwrites.values())
        if place.private and (place_id, user_id) not in self.followers:
            return bool(bits & Permission.MANAGE_THREADS)
        return bool(bits & Permission.VIEW_CHANNEL)


async def _read(db: Repo, group_id: UUID, pairs: Collection[Pair]) -> _Group:
    now = clock.now()
    place_ids = list({place_id for place_id, _ in pairs})
    user_ids = list({user_id for _, user_id in pairs})
    rows = await db.all(_Place, _PLACES, place_ids)
    places = {row.id: row for row in rows if row.group_id == group_id}
    roles = {role.id: role for role in await db.all(RoleFacts, _ROLES, group_id)}
    members = await db.all(_Member, _MEMBERS, group_id, user_ids)
    private = [place.id for place in places.values() if place.private]
    followers = await db.all(_Follower, _FOLLOWERS, private, user_ids) if private else []
    channel_ids = {place.channel_id for place in places.values()}
    return _Group(
        group_id,
        places,
        {one.user_id: one.facts(group_id, roles, now) for one in members},
        await read_overwrite_facts(db, list(channel_ids)),
        {(one.thread_id, one.user_id) for one in followers},
    )


_PLACES = """
SELECT id, group_id, id, false FROM group_channels WHERE id = ANY($1) AND kind <> 'category'
UNION ALL SELECT id, group_id, channel_id, private FROM group_threads WHERE id = ANY($1)
"""
_ROLES = "SELECT id, position, permissions FROM group_roles WHERE group_id = $1"
_MEMBERS = """
SELECT m.user_id, g.owner_id = m.user_id, m.pending, m.timed_out_until, coalesce(r.ids, '{}')
FROM group_members m JOIN groups g ON g.id = m.group_id LEFT JOIN (
    SELECT user_id, array_agg(role_id) AS ids FROM group_member_roles
    WHERE group_id = $1 AND user_id = ANY($2) GROUP BY user_id
) r ON r.user_id = m.user_id
WHERE m.group_id = $1 AND m.user_id = ANY($2)
"""
_FOLLOWERS = "SELECT thread_id, user_id FROM group_thread_members WHERE thread_id = ANY($1) AND user_id = ANY($2)"
