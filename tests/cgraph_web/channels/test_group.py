"""`group:<id>`, as its members' devices see it."""

from uuid import UUID

import pytest

from cgraph import groups
from cgraph.application import App
from cgraph.groups import (
    GroupChange,
    Limits,
    NewChannel,
    NewRole,
    OverwriteChange,
    Permission,
    RoleChange,
    RoleOrder,
)
from cgraph_kit.channels.testing import ClientChannel, JoinRefused
from cgraph_kit.ids import new_id
from support.communities import enter, first_channel, found, give, make_role, overwrite
from support.people import Person, register

from .conftest import Connect

VIEW = int(Permission.VIEW_CHANNEL)


@pytest.fixture
async def ada(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def bob(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def group(app: App, ada: Person, bob: Person) -> UUID:
    """Ada's, in which Bob is a member."""
    group_id = await found(app.db, ada.actor)
    await enter(app.db, group_id, bob.actor)
    return group_id


@pytest.fixture
async def channel(app: App, group: UUID) -> UUID:
    return await first_channel(app.db, group)


@pytest.fixture
async def his(connect: Connect, bob: Person, group: UUID) -> ClientChannel:
    return await (await connect(bob)).join(f"group:{group}")


class TestJoin:
    async def test_is_for_members(self, app: App, connect: Connect, group: UUID) -> None:
        socket = await connect(await register(app))
        for topic in (f"group:{group}", f"group:{new_id()}", "group:x", "group:"):
            with pytest.raises(JoinRefused) as refused:
                await socket.join(topic)
            assert refused.value.response["reason"] == "unauthorized"

    async def test_takes_no_other_spelling(
        self, connect: Connect, bob: Person, group: UUID
    ) -> None:
        with pytest.raises(JoinRefused):
            await (await connect(bob)).join(f"group:{str(group).upper()}")

    async def test_goes_on_where_one_was(
        self, app: App, connect: Connect, ada: Person, bob: Person, group: UUID
    ) -> None:
        socket = await connect(bob)
        before = (await socket.join(f"group:{group}")).response["seq"]
        await groups.update_group(app.db, ada.actor, group, GroupChange(name="Orchards"))
        again = await (await connect(bob)).join(f"group:{group}", {"since": before})
        (missed,) = again.response["events"]
        assert again.response["resumed"]
        assert (missed["event"], missed["payload"]["name"]) == ("group_updated", "Orchards")
        assert missed["payload"]["seq"] == before + 1

    async def test_tells_who_was_away_too_long_to_reload(
        self, app: App, ada: Person, group: UUID
    ) -> None:
        limits = Limits(resume_max=1)
        for name in ("one", "two", "three"):
            await groups.create_role(app.db, ada.actor, group, NewRole(name=name))
        missed = await groups.read_since(app.db, ada.actor, group, 0, limits=limits)
        assert missed.reason == "too_many"


class TestPushes:
    async def test_tell_what_the_group_is_made_of(
        self, app: App, ada: Person, group: UUID, his: ClientChannel
    ) -> None:
        role = await groups.create_role(app.db, ada.actor, group, NewRole(name="gardeners"))
        await his.assert_broadcast("role_created", {"name": "gardeners", "permissions": "0"})
        other = await groups.create_role(app.db, ada.actor, group, NewRole(name="beekeepers"))
        await groups.update_role(app.db, ada.actor, group, role.id, RoleChange(color=255))
        await his.assert_broadcast("role_updated", {"id": str(role.id), "color": 255})
        await groups.order_roles(app.db, ada.actor, group, RoleOrder([other.id, role.id]))
        await his.assert_broadcast("roles_reordered", {"role_ids": [str(other.id), str(role.id)]})
        await groups.delete_role(app.db, ada.actor, group, role.id)
        await his.assert_broadcast("role_deleted", {"role_id": str(role.id)})

    async def test_name_channels_and_nothing_of_them(
        self, app: App, ada: Person, group: UUID, his: ClientChannel
    ) -> None:
        new = NewChannel(name="secret plans")
        made = await groups.create_channel(app.db, ada.actor, group, new)
        told = await his.assert_broadcast("channels_updated")
        assert {*told} == {"group_id", "channel_ids", "seq"}
        assert told["channel_ids"] == [str(made.id)]


class TestRights:
    async def test_going_ends_the_topic(
        self, app: App, bob: Person, group: UUID, his: ClientChannel
    ) -> None:
        await groups.leave_group(app.db, bob.actor, group)
        await his.assert_push("phx_close")

    async def test_losing_sight_ends_the_topic_of_the_channel_alone(
        self, app: App, connect: Connect, ada: Person, bob: Person, group: UUID, channel: UUID
    ) -> None:
        device, hers = await connect(bob), await connect(ada)
        topic, structure = (
            await device.join(f"channel:{channel}"),
            await device.join(f"group:{group}"),
        )
        still = await hers.join(f"channel:{channel}")
        deny = OverwriteChange(deny=str(VIEW))
        await groups.set_overwrite(app.db, ada.actor, channel, group, deny)
        await topic.assert_push("phx_close")
        await structure.assert_broadcast("channels_updated")
        await still.refute_push("phx_close")

    async def test_a_role_that_takes_sight_away_ends_the_topics_of_those_who_saw_by_it(
        self, app: App, connect: Connect, ada: Person, bob: Person, group: UUID, channel: UUID
    ) -> None:
        eve = await register(app)
        seeing = await make_role(app.db, group, VIEW)
        await enter(app.db, group, eve.actor)
        await give(app.db, group, bob.actor, seeing)
        await overwrite(app.db, channel, bob.id, allow=0)
        await overwrite(app.db, channel, eve.id, allow=VIEW)
        everyone = await groups.update_role(
            app.db, ada.actor, group, group, RoleChange(permissions="0")
        )
        assert everyone.permissions == "0"
        his, hers = [
            await (await connect(person)).join(f"channel:{channel}") for person in (bob, eve)
        ]
        await groups.update_role(app.db, ada.actor, group, seeing, RoleChange(permissions="0"))
        await his.assert_push("phx_close")
        await hers.refute_push("phx_close")

    async def test_a_deleted_channel_has_no_topic(
        self, app: App, connect: Connect, ada: Person, bob: Person, channel: UUID
    ) -> None:
        topic = await (await connect(bob)).join(f"channel:{channel}")
        await groups.delete_channel(app.db, ada.actor, channel)
        await topic.assert_push("phx_close")

    async def test_other_groups_are_left_alone(
        self, app: App, connect: Connect, bob: Person, group: UUID, channel: UUID
    ) -> None:
        elsewhere = await found(app.db, bob.actor)
        device = await connect(bob)
        here = await device.join(f"channel:{await first_channel(app.db, elsewhere)}")
        gone = await device.join(f"channel:{channel}")
        await groups.leave_group(app.db, bob.actor, group)
        await gone.assert_push("phx_close")
        await here.refute_push("phx_close")
