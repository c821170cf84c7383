"""`conversation:<id>`, as its people's devices see it."""

from uuid import UUID

import msgspec
import pytest

from cgraph import accounts, messaging
from cgraph.application import App
from cgraph_kit.channels import Endpoint
from cgraph_kit.channels.testing import ClientChannel, JoinRefused
from cgraph_kit.ids import new_id
from support.attached import make_file
from support.lines import written
from support.people import Person, converse, register, say

from .conftest import Connect


@pytest.fixture
async def ada(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def bob(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def conversation(app: App, ada: Person, bob: Person) -> UUID:
    return await converse(app, ada, bob)


@pytest.fixture
async def hers(connect: Connect, ada: Person, conversation: UUID) -> ClientChannel:
    return await (await connect(ada)).join(f"conversation:{conversation}")


@pytest.fixture
async def his(connect: Connect, bob: Person, conversation: UUID) -> ClientChannel:
    return await (await connect(bob)).join(f"conversation:{conversation}")


class TestLog:
    async def test_tells_who_it_is_and_nothing_they_say(
        self, connect: Connect, ada: Person, conversation: UUID, endpoint: Endpoint
    ) -> None:
        endpoint.limits = msgspec.structs.replace(endpoint.limits, slow_seconds=0.0)
        with written() as lines:
            topic = f"conversation:{conversation}"
            channel = await (await connect(ada)).join(topic)
            ref = channel.push("new_message", {"content": "in confidence"})
            await channel.assert_reply(ref, "ok")
            (line,) = [
                one for one in lines.of("slow channel event") if one["event_name"] != "phx_join"
            ]
        assert (line["topic"], line["event_name"]) == (topic, "new_message")
        assert line["user_id"] == str(ada.id)
        assert line["session_id"] == str(ada.actor.session_id)
        assert "in confidence" not in lines.text
        assert ada.token not in lines.text


class TestJoin:
    async def test_tells_where_the_conversation_stands(
        self, app: App, connect: Connect, ada: Person, bob: Person, conversation: UUID
    ) -> None:
        sent = await say(app, bob, conversation, "hi")
        channel = await (await connect(ada)).join(f"conversation:{conversation}")
        assert channel.response == {"seq": sent.seq}

    async def test_refuses_strangers_and_unknown_topics_alike(
        self, app: App, connect: Connect, conversation: UUID
    ) -> None:
        socket = await connect(await register(app))
        spelled = str(conversation).upper()
        for id in (conversation, new_id(), "nonsense", "", spelled):
            with pytest.raises(JoinRefused) as refused:
                await socket.join(f"conversation:{id}")
            assert refused.value.response["reason"] == "unauthorized"

    async def test_with_since_gives_exactly_what_was_missed(
        self, app: App, connect: Connect, ada: Person, bob: Person, conversation: UUID
    ) -> None:
        sent = [await say(app, bob, conversation, str(n)) for n in range(5)]
        channel = await (await connect(ada)).join(
            f"conversation:{conversation}", {"since": sent[1].seq}
        )
        assert channel.response["resumed"] is True
        assert [event["payload"]["content"] for event in channel.response["events"]] == [
            "2",
            "3",
            "4",
        ]
        assert channel.response["events"][0] == {
            "event": "new_message",
            "payload": {**channel.response["events"][0]["payload"], "seq": sent[2].seq},
        }

    async def test_with_since_ahead_of_the_log_says_reload(
        self, connect: Connect, ada: Person, conversation: UUID
    ) -> None:
        channel = await (await connect(ada)).join(f"conversation:{conversation}", {"since": 99})
        assert channel.response["resumed"] is False
        assert channel.response["reason"] == "ahead"


class TestNewMessage:
    async def test_reaches_everybody_and_answers_the_sender(
        self, hers: ClientChannel, his: ClientChannel, ada: Person, conversation: UUID
    ) -> None:
        reply = await hers.assert_reply(hers.push("new_message", {"content": "Hello"}), "ok")
        told = {
            "id": reply["id"],
            "seq": reply["seq"],
            "content": "Hello",
            "sender_id": str(ada.id),
            "conversation_id": str(conversation),
            "inserted_at": ...,
        }
        await his.assert_broadcast("new_message", told)
        await hers.assert_broadcast("new_message", told)

    async def test_is_what_rest_sends_too(
        self, app: App, his: ClientChannel, ada: Person, conversation: UUID
    ) -> None:
        sent = await say(app, ada, conversation, "by REST")
        await his.assert_broadcast("new_message", {"content": "by REST", "seq": sent.seq})

    async def test_brings_files_and_takes_them_away(
        self, app: App, hers: ClientChannel, his: ClientChannel, ada: Person
    ) -> None:
        named = {"file_id": str(await make_file(app.db, ada.actor)), "spoiler": True}
        sent = await hers.assert_reply(hers.push("new_message", {"attachments": [named]}), "ok")
        told = await his.assert_push("new_message", {"id": sent["id"], "content": ""})
        (shown,) = told["attachments"]
        assert (shown["id"], shown["spoiler"]) == (named["file_id"], True)
        edit = {"id": sent["id"], "content": "gone", "attachments": []}
        await hers.assert_reply(hers.push("edit_message", edit), "ok")
        await his.assert_push("message_edited", {"content": "gone", "attachments": []})
        theirs = {"attachments": [named]}
        await his.assert_reply(
            his.push("new_message", theirs), "error", {"reason": "file_not_found"}
        )

    async def test_repeated_with_its_client_id_is_said_once(
        self, hers: ClientChannel, his: ClientChannel
    ) -> None:
        new = {"content": "once", "client_id": "c1"}
        first = await hers.assert_reply(hers.push("new_message", new), "ok")
        again = await hers.assert_reply(hers.push("new_message", new), "ok")
        assert first == again
        await his.assert_push("new_message", {"content": "once"})
        await his.refute_push("new_message")
        other = {"content": "other", "client_id": "c1"}
        await hers.assert_reply(
            hers.push("new_message", other), "error", {"reason": "idempotency_key_reused"}
        )

    @pytest.mark.parametrize(
        ("payload", "field"),
        [
            ({}, "content"),
            ({"content": ""}, "content"),
            ({"content": "  \n"}, "content"),
            ({"content": "x" * 4001}, "content"),
            ({"content": "a\0b"}, "content"),
            ({"content": 7}, "content"),
            ({"content": "a", "shout": True}, "shout"),
            ({"content": "a", "reply_to_id": "x"}, "reply_to_id"),
        ],
    )
    async def test_refuses_bad_input_by_field(
        self, hers: ClientChannel, his: ClientChannel, payload: object, field: str
    ) -> None:
        reply = await hers.assert_reply(hers.push("new_message", payload), "error")
        assert reply["reason"] == "invalid"
        assert field in reply["fields"]
        await his.refute_push("new_message")

    async def test_with_half_an_emoji_is_refused_and_keeps_the_connection(
        self, hers: ClientChannel
    ) -> None:
        ref = hers.socket.next_ref()
        frame = f'["{hers.join_ref}","{ref}","{hers.topic}","new_message",{{"content":"a\\ud83d"}}]'
        hers.socket.transport.receiver.receive_text(frame.encode())
        await hers.assert_reply(ref, "error", {"reason": "invalid"})
        await hers.socket.heartbeat()


class TestEditing:
    async def test_tells_edits_and_deletions(self, hers: ClientChannel, his: ClientChannel) -> None:
        sent = await hers.assert_reply(hers.push("new_message", {"content": "teh"}), "ok")
        edit = {"id": sent["id"], "content": "the"}
        await hers.assert_reply(hers.push("edit_message", edit), "ok", {"id": sent["id"]})
        edited = await his.assert_broadcast("message_edited", edit)
        assert edited["seq"] > sent["seq"]
        await hers.assert_reply(hers.push("delete_message", {"id": sent["id"]}), "ok")
        await his.assert_broadcast("message_deleted", {"id": sent["id"], "seq": ...})

    async def test_is_for_authors_only(self, hers: ClientChannel, his: ClientChannel) -> None:
        sent = await hers.assert_reply(hers.push("new_message", {"content": "mine"}), "ok")
        edit = {"id": sent["id"], "content": "his"}
        await his.assert_reply(his.push("edit_message", edit), "error", {"reason": "not_author"})
        await his.assert_reply(
            his.push("delete_message", {"id": sent["id"]}), "error", {"reason": "not_author"}
        )
        unknown = {"id": str(new_id()), "content": "x"}
        await his.assert_reply(
            his.push("edit_message", unknown), "error", {"reason": "message_not_found"}
        )


class TestReacting:
    async def test_tells_once_however_often(self, hers: ClientChannel, his: ClientChannel) -> None:
        sent = await hers.assert_reply(hers.push("new_message", {"content": "cake?"}), "ok")
        reaction = {"message_id": sent["id"], "emoji": "🎉"}
        for _ in range(2):
            await his.assert_reply(his.push("react", reaction), "ok")
        await hers.assert_broadcast("reaction_added", {**reaction, "count": 1})
        await hers.refute_push("reaction_added")
        await his.assert_reply(his.push("unreact", reaction), "ok")
        await hers.assert_broadcast("reaction_removed", {**reaction, "count": 0})


class TestTyping:
    async def test_is_told_the_others_and_not_too_often(
        self, hers: ClientChannel, his: ClientChannel, ada: Person
    ) -> None:
        hers.push("typing")
        hers.push("typing")
        await his.assert_broadcast("user_typing", {"user_id": str(ada.id), "expires_in": ...})
        await his.refute_push("user_typing")
        await hers.refute_push("user_typing")


class TestReading:
    async def test_tells_how_far_unless_private(
        self, hers: ClientChannel, his: ClientChannel, bob: Person
    ) -> None:
        first = await hers.assert_reply(hers.push("new_message", {"content": "1"}), "ok")
        second = await hers.assert_reply(hers.push("new_message", {"content": "2"}), "ok")
        reply = await his.assert_reply(his.push("read", {"seq": first["seq"]}), "ok")
        assert reply["unread"] == 1
        await hers.assert_push("read_updated", {"user_id": str(bob.id), "read_seq": first["seq"]})
        await his.assert_reply(
            his.push("read", {"seq": second["seq"], "private": True}), "ok", {"unread": 0}
        )
        await hers.refute_push("read_updated")

    async def test_of_who_hides_what_they_read_is_told_nobody_and_not_told_them(
        self, app: App, hers: ClientChannel, his: ClientChannel, ada: Person
    ) -> None:
        await accounts.update_account(
            app.db, ada.actor, accounts.UpdateAccount(read_receipts=False)
        )
        sent = await hers.assert_reply(hers.push("new_message", {"content": "1"}), "ok")
        await his.assert_reply(his.push("read", {"seq": sent["seq"]}), "ok")
        await hers.refute_push("read_updated")
        said = await his.assert_reply(his.push("new_message", {"content": "2"}), "ok")
        await hers.assert_reply(hers.push("read", {"seq": said["seq"]}), "ok")
        await his.refute_push("read_updated", {"user_id": str(ada.id)})

    async def test_delivery_is_told(
        self, hers: ClientChannel, his: ClientChannel, bob: Person
    ) -> None:
        sent = await hers.assert_reply(hers.push("new_message", {"content": "1"}), "ok")
        his.push("delivered", {"seq": sent["seq"]})
        await hers.assert_push(
            "delivered_updated", {"user_id": str(bob.id), "delivered_seq": sent["seq"]}
        )


class TestPresence:
    async def test_shows_who_is_here(
        self, hers: ClientChannel, his: ClientChannel, ada: Person, bob: Person
    ) -> None:
        state = await his.assert_push("presence_state", {str(bob.id): {"metas": ...}})
        assert state[str(ada.id)]["metas"][0]["status"] == "online"
        assert isinstance(state[str(ada.id)]["metas"][0]["online_at"], int)

    async def test_follows_the_chosen_status(
        self, app: App, hers: ClientChannel, his: ClientChannel, ada: Person
    ) -> None:
        await his.assert_push("presence_state", {str(ada.id): ...})
        await accounts.update_account(app.db, ada.actor, accounts.UpdateAccount(status="dnd"))
        diff = await his.assert_push("presence_diff", {"joins": {str(ada.id): ...}})
        assert diff["joins"][str(ada.id)]["metas"][0]["status"] == "dnd"
        await accounts.update_account(app.db, ada.actor, accounts.UpdateAccount(status="invisible"))
        await his.assert_push("presence_diff", {"joins": {}, "leaves": {str(ada.id): ...}})

    async def test_ends_with_the_connection(
        self, hers: ClientChannel, his: ClientChannel, ada: Person
    ) -> None:
        await his.assert_push("presence_state", {str(ada.id): ...})
        hers.socket.disconnect()
        await his.assert_push("presence_diff", {"leaves": {str(ada.id): ...}})


class TestLosingAccess:
    async def test_closes_the_topic(self, app: App, connect: Connect, ada: Person) -> None:
        bob, eve = await register(app), await register(app)
        conversation = await converse(app, ada, bob, eve)
        topic = f"conversation:{conversation}"
        his = await (await connect(bob)).join(topic)
        await messaging.remove_participant(app.db, ada.actor, conversation, bob.id)
        await his.assert_push("phx_close")
        await say(app, ada, conversation, "without Bob")
        await his.refute_push("new_message", {"content": "without Bob"})
        with pytest.raises(JoinRefused):
            await his.socket.join(topic)

    async def test_by_revoking_the_session_drops_its_sockets(
        self, app: App, connect: Connect, ada: Person
    ) -> None:
        socket = await connect(ada)
        await accounts.log_out(app.db, ada.actor)
        assert await socket.wait_closed() == 4001

    async def test_by_a_block_silences_both(
        self, app: App, hers: ClientChannel, his: ClientChannel, ada: Person, bob: Person
    ) -> None:
        await accounts.block_user(app.db, ada.actor, bob.id)
        for channel in (hers, his):
            await channel.assert_reply(
                channel.push("new_message", {"content": "x"}), "error", {"reason": "cannot_send"}
            )
        his.push("typing")
        await hers.refute_push("user_typing")


class TestLateComers:
    async def test_hear_nothing_of_messages_from_before_their_time(
        self, app: App, connect: Connect, ada: Person
    ) -> None:
        bob, third, eve = [await register(app) for _ in range(3)]
        conversation = await converse(app, ada, bob, third)
        topic = f"conversation:{conversation}"
        before = await say(app, ada, conversation, "before Eve")
        new = messaging.NewParticipants([eve.id])
        await messaging.add_participants(app.db, ada.actor, conversation, new)
        his = await (await connect(bob)).join(topic)
        hers = await (await connect(eve)).join(topic)
        edit = messaging.MessageEdit("still before Eve")
        await messaging.edit_message(app.db, ada.actor, conversation, before.id, edit)
        await messaging.add_reaction(app.db, ada.actor, conversation, before.id, "👍")
        after = await say(app, ada, conversation, "with Eve")
        await his.assert_broadcast("message_edited", {"content": "still before Eve"})
        await his.assert_broadcast("reaction_added")
        await hers.assert_broadcast("new_message", {"content": "with Eve"})
        await hers.refute_push("message_edited")
        await hers.refute_push("reaction_added")
        await messaging.delete_message(app.db, ada.actor, conversation, before.id)
        again = await (await connect(eve)).join(topic, {"since": 0})
        assert again.response["resumed"] is True
        told = [(event["event"], event["payload"]["kind"]) for event in again.response["events"]]
        assert told == [("new_message", "added"), ("new_message", "text")]
        assert await messaging.read_hole(app.db, conversation, before.seq, after.seq) is None
        assert await messaging.read_hole(app.db, conversation, after.seq - 1, after.seq)
