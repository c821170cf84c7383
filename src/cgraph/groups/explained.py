"""Why members may what they may, asked by themselves or by those who manage roles."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .access import get_access
from .errors import ChannelNotFound, MemberNotFound
from .explaining import Explanation, Reason, explain_in_channel, explain_in_group
from .overwrite_facts import read_overwrite_facts
from .permissions import MemberFacts, Permission
from .standing import get_place, get_standing, list_standings


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
    """Why the actor, or with MANAGE_ROLES another member, may what they may: in the group, or a channel, category or thread.

    Raises `GroupNotFound`, `ChannelNotFound` for what the actor does not see, `MissingPermission`, `MemberNotFound`.
    """
    standing = await get_standing(db, actor.id, group_id)
    member = standing.member
    if user_id is not None and user_id != actor.id:
        standing.demand(Permission.MANAGE_ROLES)
        member = await get_member_facts(db, group_id, user_id)
    why = await _explain(db, actor, member, channel_id)
    return Explained(group_id, channel_id, member.user_id, str(why.permissions), why.reasons)


async def _explain(
    db: Repo, actor: Actor, member: MemberFacts, channel_id: UUID | None
) -> Explanation:
    if channel_id is None:
        return explain_in_group(member)
    channel, thread = await _place(db, actor, member.group_id, channel_id)
    overwrites = (await read_overwrite_facts(db, [channel])).get(channel, {})
    return explain_in_channel(member, overwrites.values(), thread=thread)


async def _place(db: Repo, actor: Actor, group_id: UUID, channel_id: UUID) -> tuple[UUID, bool]:
    """The channel or category, or that of a thread, and whether it is one."""
    try:
        place = await get_place(db, actor.id, channel_id)
        found, of, thread = channel_id, place.standing.group_id, False
    except ChannelNotFound:
        access = await get_access(db, actor.id, channel_id)
        found, of, thread = access.channel_id, access.group_id, access.is_thread
    if of != group_id:
        raise ChannelNotFound
    return found, thread


async def get_member_facts(db: Repo, group_id: UUID, user_id: UUID) -> MemberFacts:
    """A member, as far as they decide what they may. Raises `MemberNotFound`."""
    found = await list_standings(db, group_id, [user_id])
    if not found:
        raise MemberNotFound
    return found[0].member
