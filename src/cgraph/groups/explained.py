"""Why members may what they may, asked by themselves or by those who manage roles."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .access import ChannelAccess, get_access
from .errors import ChannelNotFound, MemberNotFound
from .explaining import Explanation, Reason, explain_in_channel, explain_in_group
from .overwrite_facts import read_overwrite_facts
from .permissions import MemberFacts, Permission
from .standing import Place, get_place, get_standing, list_standings


class Explained(msgspec.Struct, frozen=True):
    """What somebody may, and why."""

    group_id: UUID
    channel_id: UUID | None
    user_id: UUID
    permissions: str
    """Bits as a decimal number; "0" in a channel they do not see."""
    reasons: Sequence[Reason]
    """Of every bit that has a name, the lowest first."""


async def explain(
    db: Repo,
    actor: Actor,
    group_id: UUID,
    *,
    user_id: UUID | None = None,
    channel_id: UUID | None = None,
) -> Explained:
    """Why the actor, or with MANAGE_ROLES there another member, may what they may: in the group, or a channel, category or thread.

    Raises `GroupNotFound`, `ChannelNotFound` for what the actor does not see, `MissingPermission`, `MemberNotFound`.
    """
    standing = await get_standing(db, actor.id, group_id)
    place = None if channel_id is None else await _place(db, actor, group_id, channel_id)
    member = standing.member
    if user_id is not None and user_id != actor.id:
        (place or standing).demand(Permission.MANAGE_ROLES)
        member = await get_member_facts(db, group_id, user_id)
    why = explain_in_group(member) if place is None else await _explain(db, member, place)
    return Explained(group_id, channel_id, member.user_id, str(why.permissions), why.reasons)


async def _explain(db: Repo, member: MemberFacts, place: Place | ChannelAccess) -> Explanation:
    overwrites = (await read_overwrite_facts(db, [place.channel_id])).get(place.channel_id, {})
    if isinstance(place, Place):
        return explain_in_channel(member, overwrites.values())
    outside = place.private and not await db.value(_FOLLOWS, place.conversation_id, member.user_id)
    return explain_in_channel(member, overwrites.values(), thread=True, outside=outside)


async def _place(db: Repo, actor: Actor, group_id: UUID, channel_id: UUID) -> Place | ChannelAccess:
    """The actor's place in a channel or category, or their access to a thread."""
    try:
        place = await get_place(db, actor.id, channel_id)
    except ChannelNotFound:
        access = await get_access(db, actor.id, channel_id)
        if access.group_id != group_id:
            raise
        return access
    if place.standing.group_id != group_id:
        raise ChannelNotFound
    return place


async def get_member_facts(db: Repo, group_id: UUID, user_id: UUID) -> MemberFacts:
    """A member, as far as they decide what they may. Raises `MemberNotFound`."""
    found = await list_standings(db, group_id, [user_id])
    if not found:
        raise MemberNotFound
    return found[0].member


_FOLLOWS = "SELECT true FROM group_thread_members WHERE thread_id = $1 AND user_id = $2"
