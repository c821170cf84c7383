"""Whom a text calls in a channel: members by their names, roles, @everyone, @here.

Text alone never calls many: that takes MENTION_EVERYONE, or a role that says anybody may call it.
"""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph.messaging import AllowedMentions, Called
from cgraph_kit import clock
from cgraph_kit.db import Repo

from . import permissions
from .access import ChannelAccess, list_seers
from .permissions import Permission
from .standing import MEMBER_FACTS, MEMBERS, OVERWRITES, FactsRow, overwrites_of

MOST_ROLES = 50
"""Roles looked up in one message."""

_ROLE = re.compile(
    r"<@&([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})>", re.IGNORECASE | re.ASCII
)
_EVERYONE, _HERE = "everyone", "here"


class _Role(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class _Member(FactsRow, frozen=True):
    username: str
    overwrites: list[dict[str, Any]] | None


async def find_called(
    db: Repo, access: ChannelAccess, text: str, allowed: AllowedMentions | None
) -> Called:
    """Whom a text of a member calls there, as far as they may, and as `allowed` lets it."""
    names = messaging.names_in(text)
    plain = {name for each in names for name in each} - {_EVERYONE, _HERE}
    role_ids = [UUID(id) for id in _ROLE.findall(messaging.audible(text))[:MOST_ROLES]]
    audiences = _crowd(access, names, role_ids, allowed)
    roles = await _roles(db, access, plain, role_ids) if plain or role_ids else []
    audiences += messaging.allow_roles([role.id for role in roles], allowed)
    people = await _people(db, access, names, plain) if plain else []
    return Called(messaging.allow_people(people, allowed), list(dict.fromkeys(audiences)))


def _crowd(
    access: ChannelAccess,
    names: Sequence[Sequence[str]],
    role_ids: Sequence[UUID],
    allowed: AllowedMentions | None,
) -> list[UUID]:
    """@everyone, as the group, and @here, as the place itself."""
    if not access.may(Permission.MENTION_EVERYONE) or not messaging.allows_everyone(allowed):
        return []
    said = {name for each in names for name in each}
    found = []
    if _EVERYONE in said or access.group_id in role_ids:
        found.append(access.group_id)
    if _HERE in said:
        found.append(access.conversation_id)
    return found


async def _roles(
    db: Repo, access: ChannelAccess, names: set[str], ids: Sequence[UUID]
) -> list[_Role]:
    """Roles they may call; @everyone is none of them."""
    anyone = access.may(Permission.MENTION_EVERYONE)
    return await db.all(_Role, _ROLES, access.group_id, list(ids), sorted(names), anyone)


async def _people(
    db: Repo, access: ChannelAccess, names: Sequence[Sequence[str]], wanted: set[str]
) -> list[UUID]:
    """Others who can see the place, in the order of the text, but for those a block parts from the sender."""
    rows = await db.all(
        _Member, _MEMBERS, access.group_id, access.member.user_id, sorted(wanted), access.channel_id
    )
    now = clock.now()
    ids = {row.username: row.user_id for row in rows if _sees(row.facts(now), row.overwrites)}
    if access.private and ids:
        there = await list_seers(db, access.conversation_id, list(ids.values()))
        ids = {name: id for name, id in ids.items() if id in there}
    meant = (next((ids[name] for name in each if name in ids), None) for each in names)
    return list(dict.fromkeys(id for id in meant if id is not None))


def _sees(member: permissions.MemberFacts, overwrites: list[dict[str, Any]] | None) -> bool:
    bits = permissions.in_channel(member, overwrites_of(overwrites))
    return bool(bits & Permission.VIEW_CHANNEL)


_ROLES = """
SELECT id, name FROM group_roles
WHERE group_id = $1 AND id <> group_id AND (mentionable OR $4) AND (id = ANY($2) OR lower(name) = ANY($3))
ORDER BY position DESC
"""
_MEMBERS = f"""
SELECT {MEMBER_FACTS}, u.username, {OVERWRITES}
{MEMBERS} JOIN users u ON u.id = m.user_id JOIN group_channels c ON c.id = $4
WHERE m.group_id = $1 AND u.username = ANY($3) AND u.id <> $2
    AND NOT EXISTS (SELECT FROM blocked_pairs b WHERE b.user_id = $2 AND b.other_id = u.id)
"""
