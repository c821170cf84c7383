"""Explaining and simulating rights: what is said is what is, or would be."""

from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph.groups import (
    ChannelNotFound,
    GroupNotFound,
    MemberNotFound,
    MissingPermission,
    NewChannel,
    NewOverwrite,
    OverwriteChange,
    Permission,
    RoleChange,
    RoleNotFound,
    SimulatedRole,
    Simulation,
    TargetNotFound,
    create_channel,
    explain,
    get_channel,
    get_group,
    list_channels,
    set_overwrite,
    simulate,
    update_role,
)
from cgraph.groups.permissions import DEFAULT_EVERYONE
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from support.communities import enter, first_channel, found, give, make_role, overwrite

P = Permission
VIEW, SEND = int(P.VIEW_CHANNEL), int(P.SEND_MESSAGES)


@pytest.fixture
async def general(db: Transaction, group: UUID) -> UUID:
    return await first_channel(db, group)


@pytest.fixture
async def gardeners(db: Transaction, group: UUID, bob: Actor) -> UUID:
    """A role of Bob's, which gives nothing."""
    id = await make_role(db, group, name="gardeners")
    await give(db, group, bob, id)
    return id


class TestExplain:
    async def test_says_why_in_the_group(self, db: Transaction, bob: Actor, group: UUID) -> None:
        told = await explain(db, bob, group)
        assert told.permissions == (await get_group(db, bob, group)).permissions
        by_name = {reason.permission: reason for reason in told.reasons}
        assert by_name["SEND_MESSAGES"].rule == "roles"
        assert by_name["SEND_MESSAGES"].source_ids == [group]
        assert by_name["BAN_MEMBERS"].rule == "no_role"

    async def test_says_why_in_a_channel(
        self, db: Transaction, bob: Actor, group: UUID, general: UUID, gardeners: UUID
    ) -> None:
        await overwrite(db, general, group, deny=SEND)
        await overwrite(db, general, gardeners, allow=SEND)
        told = await explain(db, bob, group, channel_id=general)
        (sending,) = [one for one in told.reasons if one.permission == "SEND_MESSAGES"]
        assert (sending.allowed, sending.rule) == (True, "role_overwrites")
        assert sending.source_ids == [gardeners]
        assert told.permissions == (await get_channel(db, bob, general)).permissions

    async def test_of_others_is_for_who_manages_roles(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID, general: UUID
    ) -> None:
        await overwrite(db, general, bob.id, deny=VIEW)
        told = await explain(db, ann, group, user_id=bob.id, channel_id=general)
        assert told.permissions == "0"
        assert {one.rule for one in told.reasons if one.permission == "VIEW_CHANNEL"} == {
            "member_overwrite"
        }
        with pytest.raises(MissingPermission):
            await explain(db, bob, group, user_id=ann.id)
        with pytest.raises(MemberNotFound):
            await explain(db, ann, group, user_id=eve.id)

    async def test_tells_nothing_of_what_one_does_not_see(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID, general: UUID
    ) -> None:
        await overwrite(db, general, bob.id, deny=VIEW)
        with pytest.raises(ChannelNotFound):
            await explain(db, bob, group, channel_id=general)
        with pytest.raises(GroupNotFound):
            await explain(db, eve, group)
        elsewhere = await first_channel(db, await found(db, ann))
        with pytest.raises(ChannelNotFound):
            await explain(db, ann, group, channel_id=elsewhere)


class TestSimulateOverwrites:
    async def test_names_whose_rights_would_be_other_ones(
        self,
        db: Transaction,
        ann: Actor,
        bob: Actor,
        eve: Actor,
        group: UUID,
        general: UUID,
        gardeners: UUID,
    ) -> None:
        await enter(db, group, eve)
        hidden = NewOverwrite(target_id=group, deny=str(VIEW))
        seen = NewOverwrite(target_id=gardeners, allow=str(VIEW))
        told = await simulate(
            db, ann, group, Simulation(channel_id=general, overwrites=[hidden, seen])
        )
        (lost,) = told.members
        assert (lost.role_ids, lost.members, lost.after) == ([], 1, "0")
        assert "VIEW_CHANNEL" in lost.lost
        assert (told.members_changed, told.complete) == (1, True)

    async def test_names_members_the_channel_speaks_of_alone(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, general: UUID
    ) -> None:
        await overwrite(db, general, bob.id, allow=int(P.MANAGE_MESSAGES))
        gone = NewOverwrite(target_id=bob.id)
        told = await simulate(db, ann, group, Simulation(channel_id=general, overwrites=[gone]))
        (one,) = told.members
        assert (one.user_id, one.lost, one.gained) == (bob.id, ["MANAGE_MESSAGES"], [])

    async def test_is_what_becomes_true_when_it_is_saved(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, general: UUID, gardeners: UUID
    ) -> None:
        change = NewOverwrite(target_id=gardeners, deny=str(SEND))
        told = await simulate(
            db, ann, group, Simulation(user_id=bob.id, channel_id=general, overwrites=[change])
        )
        assert (await get_channel(db, bob, general)).permissions == told.channels[0].before
        await set_overwrite(db, ann, general, gardeners, OverwriteChange(deny=str(SEND)))
        assert (await get_channel(db, bob, general)).permissions == told.channels[0].after


class TestSimulateRoles:
    async def test_counts_members_who_are_alike(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID, gardeners: UUID
    ) -> None:
        await enter(db, group, eve, role_ids=[gardeners])
        role = SimulatedRole(gardeners, str(int(P.KICK_MEMBERS)))
        told = await simulate(db, ann, group, Simulation(roles=[role]))
        (one,) = told.members
        assert (one.role_ids, one.members, one.gained) == ([gardeners], 2, ["KICK_MEMBERS"])

    async def test_leaves_out_who_has_it_otherwise(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID, gardeners: UUID
    ) -> None:
        kicking = await make_role(db, group, int(P.KICK_MEMBERS))
        await enter(db, group, eve, role_ids=[gardeners, kicking])
        role = SimulatedRole(gardeners, str(int(P.KICK_MEMBERS)))
        told = await simulate(db, ann, group, Simulation(roles=[role]))
        assert told.members_changed == 1

    async def test_knows_that_the_silenced_gain_nothing(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, gardeners: UUID
    ) -> None:
        await db.value("UPDATE group_members SET pending = true WHERE user_id = $1", bob.id)
        role = SimulatedRole(gardeners, str(int(P.KICK_MEMBERS)))
        assert not (await simulate(db, ann, group, Simulation(roles=[role]))).members
        role = SimulatedRole(gardeners, str(int(P.ADMINISTRATOR)))
        (one,) = (await simulate(db, ann, group, Simulation(roles=[role]))).members
        assert one.silenced

    async def test_of_everyone_concerns_all(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID, gardeners: UUID
    ) -> None:
        await enter(db, group, eve)
        told = await simulate(db, ann, group, Simulation(roles=[SimulatedRole(group, "1024")]))
        assert told.members_changed == 2
        await update_role(db, ann, group, group, RoleChange(permissions="1024"))
        for person in (bob, eve):
            assert (await get_group(db, person, group)).permissions == told.members[0].after


class TestSimulateSomebody:
    async def test_is_seen_in_every_channel_one_sees(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, general: UUID, gardeners: UUID
    ) -> None:
        other = await create_channel(db, ann, group, NewChannel(name="beans"))
        await overwrite(db, other.id, gardeners, allow=int(P.MANAGE_MESSAGES))
        told = await simulate(db, ann, group, Simulation(role_ids=[gardeners]))
        assert told.group is not None
        assert told.group.before == told.group.after == str(DEFAULT_EVERYONE)
        listed = {one.id: one.permissions for one in await list_channels(db, bob, group)}
        assert {one.channel_id: one.after for one in told.channels} == listed
        assert not told.members

    async def test_would_a_member_have_other_roles(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, gardeners: UUID
    ) -> None:
        await db.value("UPDATE group_roles SET permissions = 2 WHERE id = $1", gardeners)
        told = await simulate(db, ann, group, Simulation(user_id=bob.id, role_ids=[]))
        assert told.group is not None
        assert (told.group.lost, told.group.gained) == (["KICK_MEMBERS"], [])

    async def test_shows_no_channels_one_does_not_see_oneself(
        self, db: Transaction, bob: Actor, group: UUID, general: UUID
    ) -> None:
        manager = await make_role(db, group, int(P.MANAGE_ROLES))
        await give(db, group, bob, manager)
        await overwrite(db, general, bob.id, deny=VIEW)
        assert not (await simulate(db, bob, group, Simulation(role_ids=[]))).channels
        with pytest.raises(ChannelNotFound):
            await simulate(db, bob, group, Simulation(channel_id=general))


class TestRefusals:
    async def test_is_for_who_manages_roles(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID, general: UUID
    ) -> None:
        for assumed in (Simulation(), Simulation(channel_id=general)):
            with pytest.raises(MissingPermission):
                await simulate(db, bob, group, assumed)
            with pytest.raises(GroupNotFound):
                await simulate(db, eve, group, assumed)
        elsewhere = await first_channel(db, await found(db, ann))
        with pytest.raises(ChannelNotFound):
            await simulate(db, ann, group, Simulation(channel_id=elsewhere))

    async def test_says_what_is_not_there(
        self, db: Transaction, ann: Actor, eve: Actor, group: UUID, general: UUID
    ) -> None:
        unknown: list[tuple[Simulation, type[Exception]]] = [
            (Simulation(user_id=eve.id), MemberNotFound),
            (Simulation(role_ids=[new_id()]), RoleNotFound),
            (Simulation(roles=[SimulatedRole(new_id(), "0")]), RoleNotFound),
            (
                Simulation(channel_id=general, overwrites=[NewOverwrite(target_id=eve.id)]),
                TargetNotFound,
            ),
        ]
        for assumed, refusal in unknown:
            with pytest.raises(refusal):
                await simulate(db, ann, group, assumed)

    def test_overwrites_need_a_channel(self) -> None:
        with pytest.raises(Invalid):
            Simulation(overwrites=[NewOverwrite(target_id=new_id())])

    def test_nothing_is_named_twice(self) -> None:
        id = new_id()
        with pytest.raises(Invalid):
            Simulation(role_ids=[id, id])
