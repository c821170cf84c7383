"""Showing out members who have not been here for long: counted first, then done by a job."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.jobs import OnePending, job
from cgraph_kit.validation import Input

from . import audit
from .absence import AT_ONCE, ROLELESS, dismiss_absent, list_absent
from .permissions import Permission
from .standing import get_standing

if TYPE_CHECKING:
    from cgraph.application import App

Days = Annotated[int, msgspec.Meta(ge=1, le=30)]


class Prune(Input, frozen=True):
    """Whom to show out: members without a role who have not been here for so many days."""

    days: Days = 30


class Pruned(msgspec.Struct, frozen=True):
    """How many members it concerns."""

    count: int


class PruneMembers(msgspec.Struct, frozen=True):
    """What somebody has decided."""

    group_id: UUID
    actor_id: UUID
    days: int
    since: datetime
    reason: str | None = None


@job(queue="default", timeout=3600, unique=OnePending(keys=("group_id",)))
async def prune_members(app: "App", args: PruneMembers) -> None:
    """Show out who has not been here, a member a transaction. Twice is harmless: who is gone is found no more."""
    count = 0
    async for user_ids in _absent(app.db, args.group_id, args.since):
        for user_id in user_ids:
            count += await dismiss_absent(app.db, args.group_id, user_id, args.since)
    await _note(app.db, args, count)


async def count_prunable(db: Repo, actor: Actor, group_id: UUID, prune: Prune) -> Pruned:
    """How many members pruning would show out now. Raises `GroupNotFound`, `MissingPermission`."""
    (await get_standing(db, actor.id, group_id)).demand(Permission.KICK_MEMBERS)
    since = clock.now() - timedelta(days=prune.days)
    return Pruned(sum([len(ids) async for ids in _absent(db, group_id, since)]))


async def prune_later(
    db: Repo, actor: Actor, group_id: UUID, prune: Prune, *, reason: str | None = None
) -> Pruned:
    """Have them shown out, as many as there are by now. Raises as `count_prunable`."""
    counted = await count_prunable(db, actor, group_id, prune)
    since = clock.now() - timedelta(days=prune.days)
    await prune_members.enqueue(
        db, group_id=group_id, actor_id=actor.id, days=prune.days, since=since, reason=reason
    )
    return counted


async def _absent(db: Repo, group_id: UUID, since: datetime) -> AsyncIterator[list[UUID]]:
    after = UUID(int=0)
    while ids := await db.values(_SOME, group_id, since, after, AT_ONCE):
        yield await list_absent(db, ids, since)
        after = ids[-1]


async def _note(db: Repo, args: PruneMembers, count: int) -> None:
    async with db.transaction() as tx:
        if await tx.value("SELECT true FROM groups WHERE id = $1 FOR KEY SHARE", args.group_id):
            after = {"days": args.days, "count": count}
            await audit.record(
                tx, args.group_id, args.actor_id, "members_pruned", args.group_id,
                after=after, reason=args.reason,
            )  # fmt: skip


_SOME = f"""
SELECT m.user_id FROM group_members m JOIN groups g ON g.id = m.group_id
WHERE m.group_id = $1 AND m.user_id > $3 AND {ROLELESS.format(since="$2")} ORDER BY m.user_id LIMIT $4
"""
