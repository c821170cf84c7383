"""`channel:<id>` and `thread:<id>`, as members' devices see them."""

from uuid import UUID

import pytest

from cgraph import groups, messaging
from cgraph.application import App
from cgraph.groups import CHANNELS, NewThread, Permission, Thread, ThreadChange
from cgraph_kit.channels.testing import ClientChannel, JoinRefused
from support.channels import say
from support.communities import enter, first_channel, found, overwrite
from support.people import Person, register

from .conftest import Connect


@pytest.fixture
async def ada(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def bob(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def group(app: App, ada: Person, bob: Person) -> UUID:
    """Ada's, with Bob in it."""
    id = await found(app.db, ada.actor)
    await enter(app.db, id, bob.actor)
    return id


@pytest.fixture
async def place(app: App, group: UUID) -> UUID:
    """Its channel."""
    return await first_channel(app.db, group)


@pytest.fixture
async def thread(app: App, bob: Person, place: UUID) -> Thread:
    return await groups.create_thread(app.db, bob.actor, place, NewThread("plans"))


@pytest.fixture
async def hers(connect: Connect, ada: Person, place: UUID) -> ClientChannel:
    return await (await connect(ada)).join(f"channel:{place}")


@pytest.fixture
async def his(connect: Connect, bob: Person, place: UUID) -> ClientChannel:
    return await (await connect(bob)).join(f"channel:{place}")


class TestJoin:
    async def test_is_for_who_sees_it(
        self, app: App, connect: Connect, bob: Person, group: UUID, place: UUID
    ) -> None:
        stranger = await connect(await register(app))
        with pytest.raises(JoinRefused) as refused:
            await stranger.join(f"channel:{place}")
        assert refused.value.response["reason"] == "unauthorized"
        await overwrite(app.db, place, group, deny=Permission.VIEW_CHANNEL)
        with pytest.raises(JoinRefused):
            await (await connect(bob)).join(f"channel:{place}")

    async def test_is_no_conversation_and_the_other_way_round(
        self, connect: Connect, bob: Person, place: UUID, thread: Thread
    ) -> None:
        socket = await connect(bob)
        for topic in (
            f"conversation:{place}",
            f"conversation:{thread.id}",
            f"thread:{place}",
            f"channel:{thread.id}",
        ):
            with pytest.raises(JoinRefused):
                await socket.join(topic)

    async def test_gives_what_was_missed(
        self, app: App, connect: Connect, ada: Person, bob: Person, group: UUID, place: UUID
    ) -> None:
        for n in range(3):
            await say(app.db, ada.actor, place, str(n))
        joined = await (await connect(bob)).join(f"channel:{place}", {"since": 1})
        said = [event["payload"]["content"] for event in joined.response["events"]]
        assert said == ["1", "2"]
        await overwrite(app.db, place, group, deny=Permission.READ_MESSAGE_HISTORY)
        joined = await (await connect(bob)).join(f"channel:{place}", {"since": 1})
        assert joined.response == {"seq": 3, "resumed": False, "reason": "no_history"}


class TestSaying:
    async def test_reaches_everybody_there(
        self, hers: ClientChannel, his: ClientChannel, place: UUID
    ) -> None:
        reply = await his.assert_reply(his.push("new_message", {"content": "Hello"}), "ok")
        told = {"id": reply["id"], "seq": reply["seq"], "conversation_id": str(place)}
        for channel in (hers, his):
            await channel.assert_push("new_message", told)

    async def test_names_what_is_missing(
        self, app: App, his: ClientChannel, group: UUID, place: UUID
    ) -> None:
        await overwrite(app.db, place, group, deny=Permission.SEND_MESSAGES)
        ref = his.push("new_message", {"content": "Hello"})
        reply = await his.assert_reply(ref, "error")
        assert reply["reason"] == "missing_permission"
        assert reply["permission"] == "SEND_MESSAGES"

    async def test_says_how_long_to_wait_in_slow_mode(
        self, app: App, his: ClientChannel, place: UUID
    ) -> None:
        await app.db.value("UPDATE group_channels SET slow_mode = 60 WHERE id = $1", place)
        await his.assert_reply(his.push("new_message", {"content": "one"}), "ok")
        ref = his.push("new_message", {"content": "two"})
        reply = await his.assert_reply(ref, "error")
        assert reply["reason"] == "slow_mode"
        assert 0 < reply["retry_after"] <= 60

    async def test_many_deletions_are_one_push(
        self, app: App, hers: ClientChannel, ada: Person, place: UUID
    ) -> None:
        sent = [await say(app.db, ada.actor, place) for _ in range(2)]
        ids = [one.id for one in sent]
        await messaging.delete_messages(app.db, ada.actor, place, ids, gate=CHANNELS)
        await hers.assert_push("messages_deleted", {"ids": [str(id) for id in ids]})


class TestTyping:
    async def test_is_seen_by_the_others(
        self, hers: ClientChannel, his: ClientChannel, bob: Person
    ) -> None:
        his.push("typing", {})
        await hers.assert_push("user_typing", {"user_id": str(bob.id)})


class TestReading:
    async def test_tells_nobody_else(
        self, app: App, hers: ClientChannel, his: ClientChannel, ada: Person, place: UUID
    ) -> None:
        await say(app.db, ada.actor, place)
        reply = await his.assert_reply(his.push("read", {}), "ok")
        assert reply["unread"] == 0
        await say(app.db, ada.actor, place, "next")
        await hers.assert_push("new_message", {"content": "next"})
        await hers.refute_push("read_updated")


class TestThreads:
    async def test_are_told_in_their_channel(
        self, app: App, hers: ClientChannel, bob: Person, place: UUID
    ) -> None:
        thread = await groups.create_thread(app.db, bob.actor, place, NewThread("plans"))
        await hers.assert_push("thread_created", {"id": str(thread.id), "name": "plans"})

    async def test_have_their_own_topic(
        self, app: App, connect: Connect, ada: Person, bob: Person, thread: Thread
    ) -> None:
        inside = await (await connect(ada)).join(f"thread:{thread.id}")
        await say(app.db, bob.actor, thread.id, "in here")
        await inside.assert_push("new_message", {"content": "in here"})
        await groups.update_thread(app.db, ada.actor, thread.id, ThreadChange(locked=True))
        await inside.assert_push("thread_updated", {"locked": True})

    async def test_close_for_who_leaves_a_private_one(
        self, app: App, connect: Connect, bob: Person, place: UUID
    ) -> None:
        secret = await groups.create_thread(
            app.db, bob.actor, place, NewThread("secret", private=True)
        )
        inside = await (await connect(bob)).join(f"thread:{secret.id}")
        await groups.unfollow_thread(app.db, bob.actor, secret.id)
        await inside.assert_push("phx_close")


class TestPresence:
    async def test_is_not_shown_in_large_groups(
        self, app: App, connect: Connect, ada: Person, group: UUID, place: UUID
    ) -> None:
        await app.db.value("UPDATE groups SET member_count = 100000 WHERE id = $1", group)
        channel = await (await connect(ada)).join(f"channel:{place}")
        await say(app.db, ada.actor, place, "next")
        await channel.assert_push("new_message", {"content": "next"})
        await channel.refute_push("presence_state")
