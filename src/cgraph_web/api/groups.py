"""Groups: communities with channels, roles and members."""

from uuid import UUID

from cgraph import accounts, files, groups
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.files import Picture
from cgraph.groups import Confirmation, Group, GroupChange, NewGroup, Transfer
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.exchange import Exchange
from cgraph_web.views.base import Data, Many, many

from .origin import origin_of
from .reason import reason_of


@action()
async def index(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[Group]:
    """One's groups, the one joined first first, each with what one may in it."""
    return many(await groups.list_groups(db, actor, limit=query.limit, after=query.after))


@action(status=201, errors=(groups.TooManyGroups,))
async def create(db: Repo, actor: Actor, app: App, new: Body[NewGroup]) -> Data[Group]:
    """Make a group, which one owns. It begins with one channel, and @everyone may talk."""
    return Data(await groups.create_group(db, actor, new, limits=app.limits.groups))


@action(errors=(groups.GroupNotFound,))
async def show(db: Repo, actor: Actor, group_id: UUID) -> Data[Group]:
    """One group."""
    return Data(await groups.get_group(db, actor, group_id))


@action(errors=(groups.GroupNotFound, groups.MissingPermission))
async def update(
    db: Repo, actor: Actor, exchange: Exchange, group_id: UUID, change: Body[GroupChange]
) -> Data[Group]:
    """Change name, description, icon or default notification level, with MANAGE_GROUP."""
    reason = reason_of(exchange)
    return Data(await groups.update_group(db, actor, group_id, change, reason=reason))


@action(
    errors=(
        groups.GroupNotFound,
        groups.MissingPermission,
        files.FileNotFound,
        files.FileNotReady,
    ),
    example={"file_id": "01933e5c-7a10-7c3e-9d52-5b0a4f6e2c11"},
)
async def set_icon(
    db: Repo, actor: Actor, exchange: Exchange, group_id: UUID, picture: Body[Picture]
) -> Data[Group]:
    """Show the group by an image that was uploaded, with MANAGE_GROUP. The one before it is gone.

    `icon_url` is then a path below this server's address, which anybody may read.
    """
    reason = reason_of(exchange)
    return Data(await groups.set_icon(db, actor, group_id, picture, reason=reason))


@action(status=204, errors=(groups.GroupNotFound, groups.MissingPermission))
async def remove_icon(db: Repo, actor: Actor, exchange: Exchange, group_id: UUID) -> None:
    """Show the group by no picture, with MANAGE_GROUP; again: nothing happens."""
    await groups.remove_icon(db, actor, group_id, reason=reason_of(exchange))


# Neither of the two takes an Idempotency-Key: what is kept of a named request would be a fast hash of a password.
@action(
    status=204,
    idempotency="none",
    errors=(
        groups.GroupNotFound,
        groups.NotGroupOwner,
        accounts.WrongPassword,
        accounts.TooManyAttempts,
        Unavailable,
    ),
)
async def delete(
    db: Repo,
    actor: Actor,
    app: App,
    exchange: Exchange,
    *,
    group_id: UUID,
    confirmation: Body[Confirmation],
) -> None:
    """Delete a group with everything in it, as its owner, who gives their password once more."""
    origin = origin_of(exchange)
    await groups.delete_group(db, app.auth, actor, group_id, confirmation, origin=origin)


@action(
    idempotency="none",
    errors=(
        groups.GroupNotFound,
        groups.NotGroupOwner,
        groups.MemberNotFound,
        accounts.WrongPassword,
        accounts.TooManyAttempts,
        Unavailable,
    ),
)
async def transfer(
    db: Repo, actor: Actor, app: App, exchange: Exchange, *, group_id: UUID, to: Body[Transfer]
) -> Data[Group]:
    """Hand a group over to another member, as its owner, who gives their password once more."""
    origin, reason = origin_of(exchange), reason_of(exchange)
    group = await groups.transfer_group(
        db, app.auth, actor, group_id, to, origin=origin, reason=reason
    )
    return Data(group)


@action(status=204, errors=(groups.GroupNotFound, groups.OwnerCannotLeave))
async def leave(db: Repo, actor: Actor, group_id: UUID) -> None:
    """Leave a group. Its owner hands it over first."""
    await groups.leave_group(db, actor, group_id)
