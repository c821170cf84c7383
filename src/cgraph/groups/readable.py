"""What a person reads of all their groups: two statements, however many groups, channels and threads there are."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo

from . import permissions
from .permissions import MemberFacts, Permission
from .standing import MEMBER_FACTS, MEMBERS, POOLED, FactsRow, unpooled

_VIEW = int(Permission.VIEW_CHANNEL)
_READ = int(Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY)
_MANAGE = int(Permission.MANAGE_THREADS)


class Readable(msgspec.Struct, frozen=True):
    """What a member sees and reads now, by what says it in fewest words."""

    group_ids: frozenset[UUID] = frozenset()
    """The groups they are in."""
    whole: frozenset[UUID] = frozenset()
    """Those all of whose channels and public threads they read, but for these channels and what hangs on them:"""
    excluded: frozenset[UUID] = frozenset()
    """Beside them, channels and public threads that are gone and may be held somewhere: see `places_gone`."""
    listed: frozenset[UUID] = frozenset()
    """Channels and public threads of other groups they read, and all private threads they read."""
    seen: frozenset[UUID] = frozenset()
    """Channels and threads they see without reading back what was said."""
    private: Mapping[UUID, UUID] = {}
    """By the private threads among these their groups."""
    audiences: frozenset[UUID] = frozenset()
    """The calls to many they hear: their roles, and the groups for @everyone."""


class _Channel(msgspec.Struct, frozen=True):
    id: UUID
    pooled: list[int | None] | None
    """What it allows and denies the member: see `standing.POOLED`."""


class _Row(FactsRow, frozen=True):
    bits: int
    """What roles alone give."""
    channels: list[dict[str, Any]] | None
    """Those with overwrites that concern the member; all where roles alone do not let them read back."""
    gone: list[UUID] | None
    """Of the group, whatever was said of them."""


class _Thread(msgspec.Struct, frozen=True):
    id: UUID
    channel_id: UUID
    group_id: UUID
    private: bool
    follows: bool


class _Rights(msgspec.Struct, frozen=True):
    """Bits in channels: of each group where nothing is said of a channel, and of the channels of which something is."""

    groups: Mapping[UUID, int]
    channels: Mapping[UUID, int]
    group_of: Mapping[UUID, UUID]
    """Of these channels."""
    gone: Mapping[UUID, Collection[UUID]]
    """By the group."""
    audiences: frozenset[UUID]

    def of(self, channel_id: UUID, group_id: UUID) -> int:
        found = self.channels.get(channel_id)
        return self.groups.get(group_id, 0) if found is None else found

    @property
    def whole(self) -> frozenset[UUID]:
        return frozenset(id for id, bits in self.groups.items() if _reads(bits))

    @property
    def managed(self) -> tuple[list[UUID], list[UUID]]:
        """Groups and channels whose private threads are all read."""
        groups = [id for id, bits in self.groups.items() if bits & _MANAGE and bits & _VIEW]
        channels = [id for id, bits in self.channels.items() if bits & _MANAGE and bits & _VIEW]
        return groups, channels


async def get_readable(db: Repo, actor: Actor) -> Readable:
    """All of it, by the same facts and the same function as everything done in a channel."""
    rights = await _rights(db, actor.id)
    if not rights.groups:
        return Readable()
    whole = rights.whole
    odd = [id for id, bits in rights.channels.items() if _differs(rights, id, bits, whole)]
    shown = [id for id in odd if rights.channels[id] & _VIEW]
    threads = await db.all(_Thread, _THREADS, actor.id, shown, *rights.managed)
    places = [(id, rights.group_of[id], rights.channels[id]) for id in odd]
    private = []
    for one in threads:
        bits = rights.of(one.channel_id, one.group_id)
        if not one.private:
            places.append((one.id, one.group_id, bits))
        elif bits & _VIEW and (one.follows or bits & _MANAGE):
            private.append((one.id, one.group_id, bits))
    return Readable(
        frozenset(rights.groups),
        whole,
        frozenset(id for id in odd if rights.group_of[id] in whole).union(
            *(ids for group_id, ids in rights.gone.items() if group_id in whole)
        ),
        frozenset(id for id, group_id, bits in places if group_id not in whole and _reads(bits))
        | frozenset(id for id, _, bits in private if _reads(bits)),
        frozenset(id for id, _, bits in [*places, *private] if bits & _VIEW and not _reads(bits)),
        {id: group_id for id, group_id, _ in private},
        rights.audiences,
    )


class ReadablePlace(msgspec.Struct, frozen=True):
    """A channel or thread whose messages somebody reads."""

    id: UUID
    entered_at: datetime
    """Since when they are in its group."""


async def list_readable_places(db: Repo, actor: Actor, readable: Readable) -> list[ReadablePlace]:
    """The same place by place; one statement."""
    whole, excluded, listed = readable.whole, readable.excluded, readable.listed
    return await db.all(ReadablePlace, _PLACES, actor.id, list(whole), list(excluded), list(listed))


def _reads(bits: int) -> bool:
    return bits & _READ == _READ


def _differs(rights: _Rights, id: UUID, bits: int, whole: Collection[UUID]) -> bool:
    """Whether a channel has to be said by itself: it is not read although its group is, or seen although that is not."""
    return not _reads(bits) if rights.group_of[id] in whole else bool(bits & _VIEW)


async def _rights(db: Repo, user_id: UUID) -> _Rights:
    now = clock.now()
    groups: dict[UUID, int] = {}
    channels: dict[UUID, int] = {}
    group_of: dict[UUID, UUID] = {}
    gone: dict[UUID, list[UUID]] = {}
    audiences: set[UUID] = set()
    for row in await db.all(_Row, _FACTS, user_id, _READ):
        member = row.facts(now)
        audiences.update([row.group_id, *(role.id for role in member.roles)])
        groups[row.group_id] = permissions.in_channel(member, ())
        if row.gone:
            gone[row.group_id] = row.gone
        for one in msgspec.convert(row.channels or [], list[_Channel]):
            channels[one.id] = _bits(member, one)
            group_of[one.id] = row.group_id
    return _Rights(groups, channels, group_of, gone, frozenset(audiences))


def _bits(member: MemberFacts, channel: _Channel) -> int:
    return permissions.in_channel(member, unpooled(member, channel.pooled))


_FACTS = f"""
WITH me AS MATERIALIZED (
    SELECT {MEMBER_FACTS} AS roles, e.permissions | coalesce((
        SELECT bit_or(r.permissions) FROM group_member_roles mr JOIN group_roles r ON r.id = mr.role_id
        WHERE mr.group_id = m.group_id AND mr.user_id = m.user_id
    ), 0) AS bits
    {MEMBERS} WHERE m.user_id = $1
), own AS (
    SELECT o.channel_id, {POOLED} AS pooled FROM me AS m, group_overwrites o
    WHERE o.target_id = ANY(ARRAY(
        SELECT role_id FROM group_member_roles mr WHERE mr.group_id = m.group_id AND mr.user_id = m.user_id
    ) || m.group_id || m.user_id)
    GROUP BY o.channel_id
), said AS (
    SELECT c.group_id, c.id, own.pooled FROM own JOIN group_channels c ON c.id = own.channel_id AND c.kind <> 'category'
    UNION ALL
    SELECT c.group_id, c.id, NULL FROM me AS m JOIN group_channels c ON c.group_id = m.group_id AND c.kind <> 'category'
    WHERE m.bits & $2 <> $2 AND NOT EXISTS (SELECT FROM own WHERE own.channel_id = c.id)
)
SELECT m.*, s.channels, g.ids FROM me AS m LEFT JOIN (
    SELECT group_id, jsonb_agg(jsonb_build_object('id', id, 'pooled', pooled)) AS channels FROM said GROUP BY group_id
) s USING (group_id) LEFT JOIN (
    SELECT group_id, array_agg(id) AS ids FROM me JOIN group_places_gone USING (group_id)
    WHERE NOT with_channel GROUP BY group_id
) g USING (group_id)
"""
_THREADS = """
SELECT t.id, t.channel_id, t.group_id, t.private, f.user_id IS NOT NULL
FROM group_threads t LEFT JOIN group_thread_members f ON f.thread_id = t.id AND f.user_id = $1
WHERE t.id IN (
    SELECT id FROM group_threads WHERE channel_id = ANY ($2::uuid[]) AND NOT private
    UNION ALL SELECT id FROM group_threads WHERE group_id = ANY ($3::uuid[]) AND private
    UNION ALL SELECT id FROM group_threads WHERE channel_id = ANY ($4::uuid[]) AND private
    UNION ALL SELECT o.id FROM group_thread_members n JOIN group_threads o ON o.id = n.thread_id AND o.private
    WHERE n.user_id = $1
)
"""
_PLACES = """
SELECT p.id, m.joined_at FROM (
    SELECT id, group_id FROM group_channels WHERE group_id = ANY ($2::uuid[]) AND kind <> 'category' AND id <> ALL ($3::uuid[])
    UNION ALL SELECT id, group_id FROM group_threads WHERE group_id = ANY ($2) AND NOT private AND channel_id <> ALL ($3)
    UNION ALL SELECT id, group_id FROM group_channels WHERE id = ANY ($4::uuid[])
    UNION ALL SELECT id, group_id FROM group_threads WHERE id = ANY ($4)
) p JOIN group_members m ON m.group_id = p.group_id AND m.user_id = $1
"""
