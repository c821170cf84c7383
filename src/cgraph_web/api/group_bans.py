"""Bans: who may not come into a group."""

from uuid import UUID

from cgraph import accounts, groups
from cgraph.accounts import Actor
from cgraph.groups import Ban, NewBan, NewBans, NewlyBanned
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.exchange import Exchange
from cgraph_web.views.base import Data, Many, many

from .reason import reason_of


@action(errors=(groups.GroupNotFound, groups.MissingPermission))
async def index(db: Repo, actor: Actor, group_id: UUID, query: Query[WhichPage]) -> Many[Ban]:
    """The bans that hold, with BAN_MEMBERS."""
    page = await groups.list_bans(db, actor, group_id, limit=query.limit, after=query.after)
    return many(page)


@action(errors=(groups.GroupNotFound, groups.MissingPermission, groups.BanNotFound))
async def show(db: Repo, actor: Actor, group_id: UUID, user_id: UUID) -> Data[Ban]:
    """One ban that holds, with BAN_MEMBERS."""
    return Data(await groups.get_ban(db, actor, group_id, user_id))


@action(
    errors=(
        groups.GroupNotFound,
        groups.MissingPermission,
        groups.Outranked,
        accounts.UserNotFound,
    )
)
async def create(
    db: Repo, actor: Actor, exchange: Exchange, *, group_id: UUID, user_id: UUID, new: Body[NewBan]
) -> Data[Ban]:
    """Ban somebody, member or not, with BAN_MEMBERS; again: the new reason and end hold.

    They are shown out, their invites are worth nothing, and what they said in the last `delete_message_seconds` is deleted
    within moments. No invite lets them in until the ban ends.
    """
    reason = reason_of(exchange)
    return Data(await groups.ban_member(db, actor, group_id, user_id, new, reason=reason))


@action(errors=(groups.GroupNotFound, groups.MissingPermission))
async def create_many(
    db: Repo, actor: Actor, exchange: Exchange, group_id: UUID, new: Body[NewBans]
) -> Data[NewlyBanned]:
    """Ban up to 200 people at once; who is nobody, or stands as high as oneself, is left as they are."""
    reason = reason_of(exchange)
    return Data(await groups.ban_members(db, actor, group_id, new, reason=reason))


@action(status=204, errors=(groups.GroupNotFound, groups.MissingPermission, groups.BanNotFound))
async def remove(db: Repo, actor: Actor, exchange: Exchange, group_id: UUID, user_id: UUID) -> None:
    """Let somebody in again, by an invite, with BAN_MEMBERS."""
    await groups.unban_member(db, actor, group_id, user_id, reason=reason_of(exchange))
