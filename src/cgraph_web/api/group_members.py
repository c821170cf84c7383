"""The members of a group: who they are, what they are called, their roles, and being shown out."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import Group, Member, MemberChange, Prune, Pruned, Rules
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_kit.validation import NO_NUL
from cgraph_web.action import Body, Query, action
from cgraph_web.exchange import Exchange
from cgraph_web.views.base import Data, Many, many

from .reason import reason_of


class FindMembers(WhichPage, frozen=True, kw_only=True):
    """Which members."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=NO_NUL)]
    """The beginning of a nickname, display name or username; case and accents do not matter."""


class WhichPrune(Prune, frozen=True):
    """Of whom one asks how many there are."""


@action(errors=(groups.GroupNotFound,))
async def index(db: Repo, actor: Actor, group_id: UUID, query: Query[WhichPage]) -> Many[Member]:
    """The members of a group, by id."""
    page = await groups.list_members(db, actor, group_id, limit=query.limit, after=query.after)
    return many(page)


@action(errors=(groups.GroupNotFound,))
async def search(db: Repo, actor: Actor, group_id: UUID, query: Query[FindMembers]) -> Many[Member]:
    """Members of whose names one begins so, by that name."""
    page = await groups.search_members(
        db, actor, group_id, query.q, limit=query.limit, after=query.after
    )
    return many(page)


@action(errors=(groups.GroupNotFound, groups.MemberNotFound))
async def show(db: Repo, actor: Actor, group_id: UUID, user_id: UUID) -> Data[Member]:
    """One member."""
    return Data(await groups.get_member(db, actor, group_id, user_id))


@action(
    errors=(
        groups.GroupNotFound,
        groups.MemberNotFound,
        groups.MissingPermission,
        groups.Outranked,
        groups.AdministratorExempt,
    )
)
async def update(
    db: Repo,
    actor: Actor,
    exchange: Exchange,
    *,
    group_id: UUID,
    user_id: UUID,
    change: Body[MemberChange],
) -> Data[Member]:
    """Name a member, replace their roles, time them out.

    One's own nickname needs CHANGE_NICKNAME, that of others MANAGE_NICKNAMES; roles need MANAGE_ROLES, and change only below
    one's own highest; a time-out needs MODERATE_MEMBERS. Nobody names or times out who stands as high, nor the owner.
    """
    reason = reason_of(exchange)
    return Data(await groups.update_member(db, actor, group_id, user_id, change, reason=reason))


@action(
    status=204,
    errors=(
        groups.GroupNotFound,
        groups.MemberNotFound,
        groups.MissingPermission,
        groups.Outranked,
    ),
)
async def kick(db: Repo, actor: Actor, exchange: Exchange, group_id: UUID, user_id: UUID) -> None:
    """Show a member out, with KICK_MEMBERS. They may come again by an invite."""
    await groups.kick_member(db, actor, group_id, user_id, reason=reason_of(exchange))


@action(errors=(groups.GroupNotFound, groups.MissingPermission))
async def count_prunable(
    db: Repo, actor: Actor, group_id: UUID, query: Query[WhichPrune]
) -> Data[Pruned]:
    """How many members without a role have not been here for so many days, with KICK_MEMBERS."""
    return Data(await groups.count_prunable(db, actor, group_id, query))


@action(status=202, errors=(groups.GroupNotFound, groups.MissingPermission))
async def prune(
    db: Repo, actor: Actor, exchange: Exchange, group_id: UUID, which: Body[Prune]
) -> Data[Pruned]:
    """Show them out, with KICK_MEMBERS: within moments, one after the other. Who comes back meanwhile stays."""
    reason = reason_of(exchange)
    return Data(await groups.prune_later(db, actor, group_id, which, reason=reason))


OF_ROLES = (
    groups.GroupNotFound,
    groups.MemberNotFound,
    groups.RoleNotFound,
    groups.EveryoneRole,
    groups.MissingPermission,
    groups.Outranked,
)


@action(errors=OF_ROLES)
async def add_role(
    db: Repo, actor: Actor, exchange: Exchange, *, group_id: UUID, user_id: UUID, role_id: UUID
) -> Data[Member]:
    """Give a member a role below one's own highest, with MANAGE_ROLES; again: nothing happens."""
    member = await groups.add_member_role(
        db, actor, groups.MemberRole(group_id, user_id, role_id), reason=reason_of(exchange)
    )
    return Data(member)


@action(errors=OF_ROLES)
async def remove_role(
    db: Repo, actor: Actor, exchange: Exchange, *, group_id: UUID, user_id: UUID, role_id: UUID
) -> Data[Member]:
    """Take a role below one's own highest from a member, with MANAGE_ROLES; where they have it not, nothing happens."""
    member = await groups.remove_member_role(
        db, actor, groups.MemberRole(group_id, user_id, role_id), reason=reason_of(exchange)
    )
    return Data(member)


@action(errors=(groups.GroupNotFound, groups.MissingPermission))
async def set_rules(
    db: Repo, actor: Actor, exchange: Exchange, group_id: UUID, new: Body[Rules]
) -> Data[Group]:
    """Say what newcomers accept before they may do more than look, with MANAGE_GROUP. No rules: nothing is asked."""
    return Data(await groups.set_rules(db, actor, group_id, new, reason=reason_of(exchange)))


@action(errors=(groups.GroupNotFound,))
async def accept_rules(db: Repo, actor: Actor, group_id: UUID) -> Data[Member]:
    """Accept the rules: from then on one may what members may. Again: nothing happens."""
    return Data(await groups.accept_rules(db, actor, group_id))
