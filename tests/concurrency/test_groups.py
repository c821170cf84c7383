"""Many change the structure of one group at once, with real commits: what comes out is what some order of them gives."""

import asyncio
import random
from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph.groups import (
    ChannelOrder,
    Limits,
    Move,
    NewChannel,
    NewRole,
    OrderOutdated,
    OverwriteChange,
    Permission,
    RoleOrder,
    TooManyChannels,
    TooManyRoles,
    create_channel,
    create_role,
    delete_role,
    list_channels,
    list_overwrites,
    list_roles,
    order_channels,
    order_roles,
    set_overwrite,
)
from cgraph_kit.db import Database
from support.communities import found
from support.talk import make_actor


@pytest.fixture
async def ann(database: Database) -> Actor:
    return await make_actor(database, "ann")


@pytest.fixture
async def group(database: Database, ann: Actor) -> UUID:
    return await found(database, ann)


class TestOrdering:
    async def test_channels_stand_as_one_of_them_said(
        self, database: Database, ann: Actor, group: UUID
    ) -> None:
        for number in range(7):
            await create_channel(database, ann, group, NewChannel(name=f"channel {number}"))
        ids = [one.id for one in await list_channels(database, ann, group)]
        wanted = [random.sample(ids, len(ids)) for _ in range(12)]

        async def order(ids: list[UUID]) -> None:
            moves = [Move(id=id, position=position) for position, id in enumerate(ids)]
            await order_channels(database, ann, group, ChannelOrder(moves))

        await asyncio.gather(*map(order, wanted))
        assert [one.id for one in await list_channels(database, ann, group)] in wanted

    async def test_roles_stand_as_one_of_them_said_while_others_come_and_go(
        self, database: Database, ann: Actor, group: UUID
    ) -> None:
        roles = [await create_role(database, ann, group, NewRole(name=str(n))) for n in range(6)]
        ids = [role.id for role in roles]

        async def order() -> None:
            try:
                order = RoleOrder(random.sample(ids, len(ids)))
                await order_roles(database, ann, group, order)
            except OrderOutdated:
                pass

        async def come_and_go() -> None:
            role = await create_role(database, ann, group, NewRole(name="short"))
            await delete_role(database, ann, group, role.id)

        await asyncio.gather(*(work() for _ in range(8) for work in (order, come_and_go)))
        left = await list_roles(database, ann, group)
        positions = [role.position for role in left]
        assert {role.id for role in left} == {*ids, group}
        assert positions == sorted(set(positions), reverse=True)


class TestLimits:
    async def test_hold(self, database: Database, ann: Actor, group: UUID) -> None:
        limits = Limits(group_channels_max=4, group_roles_max=4)
        channels = [
            create_channel(database, ann, group, NewChannel(name="x"), limits=limits)
            for _ in range(8)
        ]
        roles = [
            create_role(database, ann, group, NewRole(name="x"), limits=limits) for _ in range(8)
        ]
        outcomes = await asyncio.gather(*channels, *roles, return_exceptions=True)
        refused = [type(one) for one in outcomes if isinstance(one, Exception)]
        assert refused.count(TooManyChannels) == refused.count(TooManyRoles) == 5
        assert len(await list_channels(database, ann, group)) == 4
        assert len(await list_roles(database, ann, group)) == 4


class TestFollowing:
    async def test_channels_say_what_their_category_says(
        self, database: Database, ann: Actor, group: UUID
    ) -> None:
        new = NewChannel(name="Beds", kind="category")
        category = (await create_channel(database, ann, group, new)).id
        bits = [int(bit) for bit in (Permission.SEND_MESSAGES, Permission.ADD_REACTIONS)]

        async def change(number: int) -> None:
            deny = OverwriteChange(deny=str(bits[number % 2]))
            await set_overwrite(database, ann, category, group, deny)

        async def join(number: int) -> UUID:
            new = NewChannel(name=f"channel {number}", category_id=category)
            return (await create_channel(database, ann, group, new)).id

        made = await asyncio.gather(*(join(n) for n in range(6)), *(change(n) for n in range(9)))
        said = await list_overwrites(database, ann, category)
        for id in made[:6]:
            assert id is not None
            assert await list_overwrites(database, ann, id) == said
