"""Invites: the way into a group."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.groups import Accepted, Invitation, Invite, NewInvite
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_kit.validation import NO_NUL
from cgraph_web.action import Body, Query, action
from cgraph_web.exchange import Exchange
from cgraph_web.response import Reply
from cgraph_web.views.base import Data, Many, many

from .reason import reason_of

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=NO_NUL)]


@action(errors=(groups.GroupNotFound,))
async def index(db: Repo, actor: Actor, group_id: UUID, query: Query[WhichPage]) -> Many[Invite]:
    """Invites by which people may come, the oldest first: all with MANAGE_GROUP, else one's own."""
    page = await groups.list_invites(db, actor, group_id, limit=query.limit, after=query.after)
    return many(page)


@action(
    status=201,
    also=(200,),
    returns=Data[Invite],
    errors=(
        groups.GroupNotFound,
        groups.ChannelNotFound,
        groups.MissingPermission,
        groups.Outranked,
        groups.TooManyInvites,
    ),
)
async def create(
    db: Repo, actor: Actor, app: App, exchange: Exchange, *, group_id: UUID, new: Body[NewInvite]
) -> Reply[Data[Invite]]:
    """Make an invite, with CREATE_INVITE in its channel, or in the group.

    One's own of the same kind that is still good is given again (200), unless it is to be `unique`. Roles that it gives need
    MANAGE_ROLES, and lie below one's own highest.
    """
    made = await groups.create_invite(
        db, actor, group_id, new, reason=reason_of(exchange), limits=app.limits.groups
    )
    return Reply(Data(made.invite), 201 if made.created else 200)


@action(errors=(groups.InviteNotFound,))
async def show(db: Repo, actor: Actor, code: Code) -> Data[Invitation]:  # noqa: ARG001
    """What an invite leads to, without accepting it. One that has expired is none."""
    return Data(await groups.get_invitation(db, code))


@action(errors=(groups.InviteNotFound, groups.Banned, groups.TooManyGroups))
async def accept(db: Repo, actor: Actor, app: App, code: Code) -> Data[Accepted]:
    """Come into the group. Who is in already stays as they are, and the invite is not used up by that."""
    return Data(await groups.accept_invite(db, actor, code, limits=app.limits.groups))


@action(status=204, errors=(groups.InviteNotFound, groups.MissingPermission))
async def revoke(db: Repo, actor: Actor, exchange: Exchange, code: Code) -> None:
    """Take an invite back: one's own, or with MANAGE_GROUP any of the group's."""
    await groups.revoke_invite(db, actor, code, reason=reason_of(exchange))
