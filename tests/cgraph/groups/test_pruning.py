"""Showing out who has not been here, and letting go who came for a while."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from cgraph import accounts, groups
from cgraph.accounts import Actor
from cgraph.groups import (
    GroupNotFound,
    MemberLeft,
    MissingPermission,
    Permission,
    Prune,
    WhichEntries,
)
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.jobs.testing import drain
from support.communities import enter, give, make_role
from support.talk import make_actor

DAY = timedelta(days=1)


def app_of(db: Transaction) -> Any:
    """What the jobs need of an application."""
    return type("App", (), {"db": db})


async def arrive(db: Transaction, group: UUID, *, at: datetime) -> Actor:
    """A member who has been here then, for the last time."""
    actor = await make_actor(db)
    await enter(db, group, actor)
    await db.value("UPDATE group_members SET joined_at = $2 WHERE user_id = $1", actor.id, at - DAY)
    await db.value("UPDATE users SET last_seen_at = $2 WHERE id = $1", actor.id, at)
    return actor


async def do(db: Transaction) -> None:
    """The prunes that wait."""
    await drain(db, app_of(db), [groups.prune_members], queue="default")


class TestPruneMembers:
    async def test_shows_out_who_was_away(
        self, db: Transaction, ann: Actor, group: UUID, happened: Callable[[type[Any]], list[Any]]
    ) -> None:
        now = clock.now()
        away = await arrive(db, group, at=now - 8 * DAY)
        await arrive(db, group, at=now - 6 * DAY)
        roled = await arrive(db, group, at=now - 8 * DAY)
        await give(db, group, roled, await make_role(db, group))
        there = await arrive(db, group, at=now - 8 * DAY)
        await accounts.come_online(db, "node", [there.id])
        db.events.clear()
        counted = await groups.count_prunable(db, ann, group, Prune(days=7))
        assert counted.count == 1
        assert happened(MemberLeft) == []
        asked = await groups.prune_later(db, ann, group, Prune(days=7), reason="spring")
        assert asked.count == 1
        await do(db)
        assert [event.user_id for event in happened(MemberLeft)] == [away.id]
        which = WhichEntries(action="members_pruned")
        (entry,) = (await groups.list_audit_entries(db, ann, group, which)).items
        assert entry.reason == "spring"
        assert {name: c.after for name, c in entry.changes.items()} == {"days": 7, "count": 1}
        assert (await groups.count_prunable(db, ann, group, Prune(days=7))).count == 0

    async def test_leaves_who_has_come_back_meanwhile(
        self, db: Transaction, ann: Actor, group: UUID, happened: Callable[[type[Any]], list[Any]]
    ) -> None:
        away = await arrive(db, group, at=clock.now() - 8 * DAY)
        await groups.prune_later(db, ann, group, Prune(days=7))
        await accounts.come_online(db, "node", [away.id])
        await do(db)
        assert happened(MemberLeft) == []

    async def test_is_for_who_may_kick(
        self, db: Transaction, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        for ask in (groups.count_prunable, groups.prune_later):
            with pytest.raises(MissingPermission):
                await ask(db, bob, group, Prune())
            with pytest.raises(GroupNotFound):
                await ask(db, eve, group, Prune())
        await give(db, group, bob, await make_role(db, group, Permission.KICK_MEMBERS))
        assert (await groups.prune_later(db, bob, group, Prune())).count == 0


class TestRemoveTemporaryMembers:
    async def test_lets_go_who_is_offline_without_a_role(
        self, db: Transaction, group: UUID, happened: Callable[[type[Any]], list[Any]]
    ) -> None:
        now = clock.now()
        gone = await arrive(db, group, at=now - timedelta(minutes=6))
        back = await arrive(db, group, at=now - timedelta(minutes=4))
        there = await arrive(db, group, at=now - timedelta(minutes=6))
        await accounts.come_online(db, "node", [there.id])
        roled = await arrive(db, group, at=now - timedelta(minutes=6))
        await give(db, group, roled, await make_role(db, group))
        await db.value(
            "UPDATE group_members SET temporary = true WHERE user_id = ANY($1)",
            [gone.id, back.id, there.id, roled.id],
        )
        for _ in range(2):
            job = groups.remove_temporary_members
            await job.handler(app_of(db), job.args())
        assert [event.user_id for event in happened(MemberLeft)] == [gone.id]


class TestPurgeMessages:
    async def test_does_nothing_where_there_is_no_group(self, db: Transaction, ann: Actor) -> None:
        job = groups.purge_messages
        await job.handler(app_of(db), job.args(uuid4(), ann.id, clock.now() - DAY, ann.id))
