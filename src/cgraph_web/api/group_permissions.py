"""Why somebody may, and what would be if roles and channels said something else."""

from uuid import UUID

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import Explained, Simulated, Simulation
from cgraph_kit.db import Repo
from cgraph_kit.validation import Input
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data


class Asked(Input, frozen=True):
    """Whose rights, and where."""

    user_id: UUID | None = None
    """Left out: one's own."""
    channel_id: UUID | None = None
    """A channel, category or thread; left out: the group itself."""


@action(
    errors=(
        groups.GroupNotFound,
        groups.ChannelNotFound,
        groups.MemberNotFound,
        groups.MissingPermission,
    )
)
async def explain(db: Repo, actor: Actor, group_id: UUID, query: Query[Asked]) -> Data[Explained]:
    """For each permission whether one holds it, and which rule decided that; with MANAGE_ROLES of other members, too."""
    return Data(
        await groups.explain(
            db, actor, group_id, user_id=query.user_id, channel_id=query.channel_id
        )
    )


@action(
    idempotency="none",
    example={"role_ids": [], "channel_id": None},
    errors=(
        groups.GroupNotFound,
        groups.ChannelNotFound,
        groups.MemberNotFound,
        groups.RoleNotFound,
        groups.TargetNotFound,
        groups.MissingPermission,
    ),
)
async def simulate(
    db: Repo, actor: Actor, group_id: UUID, assumed: Body[Simulation]
) -> Data[Simulated]:
    """What would change if roles gave, or a channel allowed, something else, with MANAGE_ROLES there. Nothing is saved.

    It is seen as a member, as somebody with some roles, or as nobody; whose rights would be other ones is named in any case.
    """
    return Data(await groups.simulate(db, actor, group_id, assumed))
