"""Who has lost sight of what: the answer for many is the answer for each."""

from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph.groups import Permission, find_shut_out, list_accesses, map_places
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from support.communities import enter, first_channel, found, give, make_role, overwrite
from support.talk import make_actors

VIEW = int(Permission.VIEW_CHANNEL)


@pytest.fixture
async def general(db: Transaction, group: UUID) -> UUID:
    return await first_channel(db, group)


async def thread(db: Transaction, group: UUID, channel: UUID, *, private: bool = False) -> UUID:
    """A thread; nothing is said in it."""
    id = new_id()
    await db.value("INSERT INTO streams (id) VALUES ($1)", id)
    await db.value("INSERT INTO conversations (id, kind) VALUES ($1, 'thread')", id)
    await db.value(
        "INSERT INTO group_threads (id, group_id, channel_id, name, private) VALUES ($1, $2, $3, 'thread', $4)",
        *(id, group, channel, private),
    )
    return id


class TestFindShutOut:
    async def test_agrees_with_what_each_may(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, general: UUID
    ) -> None:
        people = await make_actors(db, 5)
        seeing, blind = [await make_role(db, group, bits) for bits in (VIEW, 0)]
        boss = await make_role(db, group, int(Permission.ADMINISTRATOR))
        await enter(db, group, *people)
        for person, role in zip(people, (seeing, blind, boss, blind), strict=False):
            await give(db, group, person, role)
        await overwrite(db, general, group, deny=VIEW)
        await overwrite(db, general, seeing, allow=VIEW)
        await overwrite(db, general, people[3].id, allow=VIEW)
        public, private = [
            await thread(db, group, general, private=hidden) for hidden in (False, True)
        ]
        await db.value("INSERT INTO group_thread_members VALUES ($1, $2)", private, people[0].id)
        everybody = [ann, bob, *people]
        pairs = {(place, who.id) for place in (general, public, private) for who in everybody}
        seen = pairs - await find_shut_out(db, group, pairs)
        assert seen == set(await list_accesses(db, pairs))
        assert seen

    async def test_is_everybody_where_nothing_is(
        self, db: Transaction, ann: Actor, group: UUID
    ) -> None:
        pair = (new_id(), ann.id)
        assert await find_shut_out(db, group, [pair]) == {pair}
        assert await find_shut_out(db, pair[0], [pair]) == {pair}

    async def test_is_who_is_no_member(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID
    ) -> None:
        pairs = [(group, ann.id), (group, eve.id)]
        assert await find_shut_out(db, group, pairs) == {(group, eve.id)}

    async def test_asks_as_much_for_many_as_for_one(
        self, db: Transaction, group: UUID, general: UUID
    ) -> None:
        people = await make_actors(db, 8)
        await enter(db, group, *people)
        counts = []
        for some in (people[:1], people):
            counting = Counting(db)
            await find_shut_out(counting, group, [(general, one.id) for one in some])  # type: ignore[arg-type]
            counts.append(counting.statements)
        assert counts[0] == counts[1]


class Counting:
    """A transaction that counts what it is asked."""

    def __init__(self, db: Transaction) -> None:
        self._db = db
        self.statements = 0

    def __getattr__(self, name: str) -> object:
        self.statements += 1
        return getattr(self._db, name)


class TestMapPlaces:
    async def test_knows_channels_and_threads(
        self, db: Transaction, ann: Actor, group: UUID, general: UUID
    ) -> None:
        talk = await thread(db, group, general)
        other = await found(db, ann)
        elsewhere = await first_channel(db, other)
        asked = [general, talk, elsewhere, new_id()]
        assert await map_places(db, asked) == {general: group, talk: group, elsewhere: other}
