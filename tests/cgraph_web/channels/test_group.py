"""`group:<id>`, as its members' devices see it."""

from typing import Any
from uuid import UUID

import pytest

from cgraph import accounts, groups
from cgraph.accounts import UpdateAccount
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


async def see(his: ClientChannel) -> dict[str, Any]:
    """Who is here, as he is told in a state."""
    state: dict[str, Any] = await his.assert_push("presence_state")
    return state


class TestPresence:
    async def test_of_everybody_in_a_small_group(
        self, app: App, connect: Connect, ada: Person, bob: Person, group: UUID
    ) -> None:
        hers = await connect(ada)
        await hers.join(f"user:{ada.id}")
        his = await (await connect(bob)).join(f"group:{group}")
        state = await see(his)
        assert [meta["status"] for meta in state[str(ada.id)]["metas"]] == ["online"]
        assert set(state) == {str(ada.id)}
        await accounts.update_account(app.db, ada.actor, UpdateAccount(status="idle"))
        diff = await his.assert_broadcast("presence_diff")
        assert [m["status"] for m in diff["joins"][str(ada.id)]["metas"]] == ["idle"]
        hers.disconnect()
        diff = await his.assert_broadcast("presence_diff")
        assert (set(diff["joins"]), set(diff["leaves"])) == (set(), {str(ada.id)})

    async def test_follows_who_comes_and_goes(
        self, app: App, connect: Connect, bob: Person, ada: Person, group: UUID
    ) -> None:
        eve = await register(app)
        await (await connect(eve)).join(f"user:{eve.id}")
        his = await (await connect(bob)).join(f"group:{group}")
        assert await see(his) == {}
        made = await groups.create_invite(app.db, ada.actor, group, groups.NewInvite())
        await groups.accept_invite(app.db, eve.actor, made.invite.code)
        diff = await his.assert_broadcast("presence_diff")
        assert set(diff["joins"]) == {str(eve.id)}
        await groups.kick_member(app.db, ada.actor, group, eve.id)
        diff = await his.assert_broadcast("presence_diff")
        assert set(diff["leaves"]) == {str(eve.id)}

    async def test_never_of_the_invisible_and_of_those_behind_a_block(
        self, app: App, connect: Connect, ada: Person, bob: Person, group: UUID
    ) -> None:
        eve, joe = await register(app), await register(app)
        await enter(app.db, group, eve.actor, joe.actor)
        await accounts.update_account(app.db, eve.actor, UpdateAccount(status="invisible"))
        await accounts.block_user(app.db, joe.actor, bob.id)
        for person in (ada, eve, joe):
            await (await connect(person)).join(f"user:{person.id}")
        his = await (await connect(bob)).join(f"group:{group}")
        assert set(await see(his)) == {str(ada.id)}
        await accounts.block_user(app.db, bob.actor, ada.id)
        diff = await his.assert_broadcast("presence_diff")
        assert set(diff["leaves"]) == {str(ada.id)}
        await accounts.update_account(app.db, eve.actor, UpdateAccount(status="online"))
        diff = await his.assert_broadcast("presence_diff")
        assert set(diff["joins"]) == {str(eve.id)}

    async def test_a_newcomer_behind_a_block_is_not_shown(
        self, app: App, connect: Connect, ada: Person, bob: Person, group: UUID
    ) -> None:
        eve, joe = await register(app), await register(app)
        await accounts.block_user(app.db, bob.actor, eve.id)
        for person in (eve, joe):
            await (await connect(person)).join(f"user:{person.id}")
        his = await (await connect(bob)).join(f"group:{group}")
        assert await see(his) == {}
        made = await groups.create_invite(app.db, ada.actor, group, groups.NewInvite())
        for person in (eve, joe):
            await groups.accept_invite(app.db, person.actor, made.invite.code)
        diff = await his.assert_broadcast("presence_diff")
        assert set(diff["joins"]) == {str(joe.id)}
        for person in (eve, joe):
            await accounts.update_account(app.db, person.actor, UpdateAccount(status="idle"))
        diff = await his.assert_broadcast("presence_diff")
        assert set(diff["joins"]) == {str(joe.id)}


class TestPresenceRange:
    @pytest.fixture
    async def crowd(self, app: App, connect: Connect, group: UUID) -> list[Person]:
        """More members, all of them here."""
        people = [await register(app) for _ in range(3)]
        await enter(app.db, group, *(person.actor for person in people))
        for person in people:
            await (await connect(person)).join(f"user:{person.id}")
        return people

    async def test_shows_those_on_the_screen_alone(
        self, app: App, connect: Connect, bob: Person, group: UUID, crowd: list[Person]
    ) -> None:
        his = await (await connect(bob)).join(f"group:{group}")
        assert set(await see(his)) == {str(person.id) for person in crowd}
        stranger = await register(app)
        wanted = [str(crowd[0].id), str(stranger.id)]
        ref = his.push("presence_range", {"user_ids": wanted})
        await his.assert_reply(ref, "ok", {"user_ids": [str(crowd[0].id)]})
        assert set(await see(his)) == {str(crowd[0].id)}
        for person in crowd:
            await accounts.update_account(app.db, person.actor, UpdateAccount(status="dnd"))
        diff = await his.assert_broadcast("presence_diff")
        assert set(diff["joins"]) == {str(crowd[0].id)}

    async def test_takes_a_page_of_the_list_of_members(
        self, app: App, connect: Connect, bob: Person, group: UUID, crowd: list[Person]
    ) -> None:
        his = await (await connect(bob)).join(f"group:{group}")
        await see(his)
        page = await groups.list_members(app.db, bob.actor, group, limit=3)
        ref = his.push("presence_range", {"after": page.after, "limit": 2})
        shown = sorted(str(person.id) for person in crowd)[-2:]
        await his.assert_reply(ref, "ok", {"user_ids": shown})
        assert set(await see(his)) == set(shown)
        ref = his.push("presence_range", {"limit": 1})
        await his.assert_reply(ref, "ok")
        assert await see(his) == {}

    async def test_large_groups_show_nobody_unasked(
        self, app: App, connect: Connect, bob: Person, group: UUID, crowd: list[Person]
    ) -> None:
        await app.db.value("UPDATE groups SET member_count = 101 WHERE id = $1", group)
        his = await (await connect(bob)).join(f"group:{group}")
        await his.refute_push("presence_state")
        his.push("presence_range", {"user_ids": [str(crowd[0].id)]})
        assert set(await see(his)) == {str(crowd[0].id)}

    @pytest.mark.parametrize(
        ("payload", "field"),
        [
            ({"user_ids": [str(new_id())] * 101}, "user_ids"),
            ({"user_ids": ["x"]}, "user_ids[0]"),
            ({"after": "x"}, "after"),
            ({"limit": 101}, "limit"),
            ({"user_ids": [], "after": "x"}, "after"),
        ],
    )
    async def test_bad_input(self, his: ClientChannel, payload: dict[str, Any], field: str) -> None:
        ref = his.push("presence_range", payload)
        answer = await his.assert_reply(ref, "error")
        assert list(answer["fields"]) == [field]
