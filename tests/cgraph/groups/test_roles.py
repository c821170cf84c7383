"""Roles: who may make, change, order and delete which."""

from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph.groups import (
    EveryoneRole,
    GroupNotFound,
    Limits,
    MissingPermission,
    NewRole,
    OrderOutdated,
    Outranked,
    Permission,
    PermissionNotHeld,
    RightsChanged,
    Role,
    RoleChange,
    RoleNotFound,
    RoleOrder,
    RolesReordered,
    RoleUpdated,
    TooManyRoles,
    create_role,
    delete_role,
    get_group,
    list_roles,
    order_roles,
    update_role,
)
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from support.communities import first_channel, give, make_role, overwrite

P = Permission


@pytest.fixture
async def low(db: Transaction, group: UUID) -> UUID:
    return await make_role(db, group, name="low")


@pytest.fixture
async def his(db: Transaction, group: UUID, low: UUID, bob: Actor) -> UUID:
    """Bob's, above the low one: he manages roles, and may kick."""
    id = await make_role(db, group, int(P.MANAGE_ROLES | P.KICK_MEMBERS), name="his")
    await give(db, group, bob, id)
    return id


@pytest.fixture
async def high(db: Transaction, group: UUID, his: UUID) -> UUID:
    return await make_role(db, group, name="high")


def ids(roles: list[Role]) -> list[UUID]:
    return [role.id for role in roles]


class TestCreateRole:
    async def test_comes_just_above_everyone(
        self, db: Transaction, ann: Actor, group: UUID, low: UUID
    ) -> None:
        role = await create_role(db, ann, group, NewRole(name="gardeners", color=0x00FF00))
        assert (role.position, role.permissions, role.color) == (1, "0", 0x00FF00)
        assert ids(await list_roles(db, ann, group)) == [low, role.id, group]

    async def test_gives_only_what_one_holds(
        self, db: Transaction, bob: Actor, group: UUID, his: UUID
    ) -> None:
        new = NewRole(name="bouncers", permissions=str(int(P.KICK_MEMBERS)))
        assert (await create_role(db, bob, group, new)).bits == P.KICK_MEMBERS
        for bit in (P.BAN_MEMBERS, P.ADMINISTRATOR):
            with pytest.raises(PermissionNotHeld) as refused:
                new = NewRole(name="more", permissions=str(int(bit | P.KICK_MEMBERS)))
                await create_role(db, bob, group, new)
            assert refused.value.extra == {"permissions": [bit.name]}

    async def test_needs_a_permission(
        self, db: Transaction, bob: Actor, eve: Actor, group: UUID
    ) -> None:
        with pytest.raises(MissingPermission):
            await create_role(db, bob, group, NewRole(name="mine"))
        with pytest.raises(GroupNotFound):
            await create_role(db, eve, group, NewRole(name="mine"))

    async def test_ends_at_a_limit(self, db: Transaction, ann: Actor, group: UUID) -> None:
        with pytest.raises(TooManyRoles):
            await create_role(db, ann, group, NewRole(name="x"), limits=Limits(group_roles_max=1))

    @pytest.mark.parametrize("bits", [1 << 8, 1 << 60, 1 << 63])
    def test_has_no_bits_nobody_knows(self, bits: int) -> None:
        with pytest.raises(Invalid) as refused:
            NewRole(name="x", permissions=str(bits))
        assert refused.value.fields == {"permissions": [f"has unknown bits: {bits}"]}


class TestUpdateRole:
    async def test_tells_and_has_rights_looked_at(
        self, db: Transaction, ann: Actor, group: UUID, low: UUID
    ) -> None:
        await update_role(db, ann, group, low, RoleChange(name="lower", hoist=True))
        assert [type(event) for event in db.events] == [RoleUpdated]
        await update_role(db, ann, group, low, RoleChange(permissions="2"))
        assert db.events[-1] == RightsChanged(group)

    async def test_of_nothing_tells_nobody(
        self, db: Transaction, ann: Actor, group: UUID, low: UUID
    ) -> None:
        await update_role(db, ann, group, low, RoleChange(name="low"))
        assert not db.events

    async def test_is_for_roles_below_ones_own(
        self, db: Transaction, bob: Actor, group: UUID, low: UUID, his: UUID, high: UUID
    ) -> None:
        assert (await update_role(db, bob, group, low, RoleChange(name="x"))).name == "x"
        for role in (his, high):
            with pytest.raises(Outranked):
                await update_role(db, bob, group, role, RoleChange(name="x"))

    async def test_takes_no_bit_one_does_not_hold(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, low: UUID, his: UUID
    ) -> None:
        both = str(int(P.BAN_MEMBERS | P.KICK_MEMBERS))
        await update_role(db, ann, group, low, RoleChange(permissions=both))
        with pytest.raises(PermissionNotHeld):
            await update_role(db, bob, group, low, RoleChange(permissions="0"))
        kept = RoleChange(permissions=str(int(P.BAN_MEMBERS)))
        assert (await update_role(db, bob, group, low, kept)).bits == P.BAN_MEMBERS

    async def test_of_everyone_changes_permissions_alone(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        await update_role(db, ann, group, group, RoleChange(permissions="1024"))
        assert (await get_group(db, bob, group)).permissions == "1024"
        with pytest.raises(Invalid) as refused:
            await update_role(db, ann, group, group, RoleChange(name="all"))
        assert "name" in refused.value.fields

    async def test_knows_no_roles_of_other_groups(
        self, db: Transaction, ann: Actor, group: UUID
    ) -> None:
        with pytest.raises(RoleNotFound):
            await update_role(db, ann, group, new_id(), RoleChange(name="x"))


class TestDeleteRole:
    async def test_takes_it_from_all_and_from_channels(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, his: UUID
    ) -> None:
        channel = await first_channel(db, group)
        await overwrite(db, channel, his, allow=2048)
        await delete_role(db, ann, group, his)
        assert his not in ids(await list_roles(db, ann, group))
        assert not int((await get_group(db, bob, group)).permissions) & P.KICK_MEMBERS
        assert (
            await db.value("SELECT count(*) FROM group_overwrites WHERE target_id = $1", his) == 0
        )
        assert RightsChanged(group) in db.events

    async def test_is_for_roles_below_ones_own(
        self, db: Transaction, bob: Actor, group: UUID, low: UUID, his: UUID
    ) -> None:
        with pytest.raises(Outranked):
            await delete_role(db, bob, group, his)
        await delete_role(db, bob, group, low)

    async def test_never_takes_everyone(self, db: Transaction, ann: Actor, group: UUID) -> None:
        with pytest.raises(EveryoneRole):
            await delete_role(db, ann, group, group)


class TestOrderRoles:
    async def test_is_whole(
        self, db: Transaction, ann: Actor, group: UUID, low: UUID, his: UUID, high: UUID
    ) -> None:
        roles = await order_roles(db, ann, group, RoleOrder([low, high, his]))
        assert ids(roles) == [low, high, his, group]
        assert [role.position for role in roles] == [3, 2, 1, 0]
        assert [type(event) for event in db.events] == [RolesReordered]

    async def test_of_nothing_tells_nobody(
        self, db: Transaction, ann: Actor, group: UUID, low: UUID, his: UUID
    ) -> None:
        await order_roles(db, ann, group, RoleOrder([his, low]))
        assert not db.events

    async def test_names_every_role_once(
        self, db: Transaction, ann: Actor, group: UUID, low: UUID, his: UUID
    ) -> None:
        for order in ([low], [low, his, new_id()], []):
            with pytest.raises(OrderOutdated):
                await order_roles(db, ann, group, RoleOrder(order))
        with pytest.raises(Invalid):
            await order_roles(db, ann, group, RoleOrder([low, his, low]))
        with pytest.raises(EveryoneRole):
            await order_roles(db, ann, group, RoleOrder([low, his, group]))

    async def test_moves_nothing_as_high_as_oneself(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, low: UUID, his: UUID, high: UUID
    ) -> None:
        lowest = await make_role(db, group, name="moved down")
        await order_roles(db, ann, group, RoleOrder([high, his, low, lowest]))
        swapped = await order_roles(db, bob, group, RoleOrder([high, his, lowest, low]))
        assert ids(swapped) == [high, his, lowest, low, group]
        for order in ([his, high, low, lowest], [high, low, his, lowest], [low, high, his, lowest]):
            with pytest.raises(Outranked):
                await order_roles(db, bob, group, RoleOrder(order))
