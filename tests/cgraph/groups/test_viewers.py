"""Everybody who can see a place: the answer for all at once is the answer for each."""

from datetime import timedelta

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import NewThread, Permission
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from support.communities import enter, first_channel, found, give, make_role, overwrite
from support.talk import make_actors

VIEW, THREADS = int(Permission.VIEW_CHANNEL), int(Permission.MANAGE_THREADS)


class TestListViewers:
    async def test_agrees_with_what_each_may(self, db: Transaction, ann: Actor) -> None:
        group = await found(db, ann)
        channel = await first_channel(db, group)
        people = await make_actors(db, 12)
        await enter(db, group, *people)
        roles = [
            await make_role(db, group, bits)
            for bits in (VIEW, 0, int(Permission.ADMINISTRATOR), THREADS, THREADS)
        ]
        for person, role in zip(people, [*roles, *roles], strict=False):
            await give(db, group, person, role)
        await give(db, group, people[8], roles[0])
        await db.value(
            "UPDATE group_members SET timed_out_until = $2 WHERE user_id = ANY($1)",
            [people[4].id, people[5].id],
            clock.now() + timedelta(hours=1),
        )
        thread = await groups.create_thread(db, people[1], channel, NewThread("open"))
        secret = await groups.create_thread(db, people[10], channel, NewThread("x", private=True))
        pairs = [
            (place, who.id) for place in (channel, thread.id, secret.id) for who in (ann, *people)
        ]

        async def check(*, least: int) -> None:
            each = set(await groups.list_accesses(db, pairs))
            for place in (channel, thread.id, secret.id):
                seen = await groups.list_viewers(db, group, place)
                assert seen == {who for there, who in each if there == place}
                assert len(seen) >= least

        await check(least=3)
        await overwrite(db, channel, group, deny=VIEW)
        await overwrite(db, channel, roles[0], allow=VIEW)
        await overwrite(db, channel, roles[3], allow=VIEW)
        await overwrite(db, channel, people[9].id, deny=THREADS)
        await overwrite(db, channel, people[11].id, allow=VIEW | THREADS)
        await check(least=3)

    async def test_nobody_sees_what_is_not_there(self, db: Transaction, ann: Actor) -> None:
        group, other = await found(db, ann), await found(db, ann)
        assert await groups.list_viewers(db, group, new_id()) == set()
        assert await groups.list_viewers(db, group, await first_channel(db, other)) == set()
