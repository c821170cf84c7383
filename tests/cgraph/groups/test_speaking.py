"""Speaking in channels: the same message core, with rights that are asked each time."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.groups import CHANNELS, ChannelArchived, ChannelNotFound, MissingPermission, Permission
from cgraph.messaging import MessageEdit, MessageSent, NewMessage, SlowMode
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.idempotency import KeyReused
from support.channels import say
from support.communities import enter, give, make_role, overwrite
from support.talk import Happened, block, body, make_actor


class TestSendMessage:
    async def test_members_hear_each_other(
        self, db: Transaction, bob: Actor, ann: Actor, channel: UUID, happened: Happened
    ) -> None:
        first = await say(db, ann, channel, "one")
        second = await say(db, bob, channel, "two", reply_to=first.id)
        page = await messaging.list_messages(db, bob, channel, gate=CHANNELS)
        assert [message.content for message in page.items] == ["one", "two"]
        assert page.items[1].reply_to is not None
        assert (first.seq, second.seq) == (1, 2)
        event = happened(MessageSent)[-1]
        assert event.topic == f"channel:{channel}"
        assert event.participant_ids is None
        assert body(event)["conversation_id"] == str(channel)

    async def test_takes_two_statements_whoever_is_in_it(
        self, db: Transaction, bob: Actor, channel: UUID, count_queries: object
    ) -> None:
        await say(db, bob, channel)
        with count_queries(db) as queries:  # type: ignore[operator]
            await say(db, bob, channel)
        assert len(queries) == 2

    async def test_strangers_find_nothing(self, db: Transaction, eve: Actor, channel: UUID) -> None:
        with pytest.raises(ChannelNotFound):
            await say(db, eve, channel)

    async def test_who_may_not_look_finds_nothing(
        self, db: Transaction, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        await say(db, bob, channel)
        await overwrite(db, channel, group, deny=Permission.VIEW_CHANNEL)
        with pytest.raises(ChannelNotFound):
            await say(db, bob, channel)

    async def test_needs_the_right_to(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        await overwrite(db, channel, group, deny=Permission.SEND_MESSAGES)
        with pytest.raises(MissingPermission) as error:
            await say(db, bob, channel)
        assert error.value.extra == {"permission": "SEND_MESSAGES"}
        await say(db, ann, channel)

    async def test_who_is_timed_out_only_reads(
        self, db: Transaction, bob: Actor, channel: UUID
    ) -> None:
        until = clock.now() + timedelta(hours=1)
        sql = "UPDATE group_members SET timed_out_until = $2 WHERE user_id = $1"
        await db.value(sql, bob.id, until)
        with pytest.raises(MissingPermission):
            await say(db, bob, channel)
        assert (await messaging.list_messages(db, bob, channel, gate=CHANNELS)).items == []

    async def test_what_is_archived_is_read_only(
        self, db: Transaction, ann: Actor, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel)
        await db.value("UPDATE group_channels SET archived_at = now() WHERE id = $1", channel)
        with pytest.raises(ChannelArchived):
            await say(db, ann, channel)
        with pytest.raises(ChannelArchived):
            await messaging.add_reaction(db, ann, channel, sent.id, "👍", gate=CHANNELS)

    async def test_named_is_said_once(self, db: Transaction, bob: Actor, channel: UUID) -> None:
        first = await say(db, bob, channel, "hello", client_id="a")
        again = await say(db, bob, channel, "hello", client_id="a")
        assert again.replayed
        assert again.seq == first.seq
        with pytest.raises(KeyReused):
            await say(db, bob, channel, "other", client_id="a")

    async def test_from_a_category_nobody_hears_anything(
        self, db: Transaction, ann: Actor, group: UUID
    ) -> None:
        id = uuid4()
        sql = (
            "INSERT INTO group_channels (id, group_id, kind, name) VALUES ($1, $2, 'category', 'c')"
        )
        await db.value(sql, id, group)
        with pytest.raises(ChannelNotFound):
            await say(db, ann, id)

    async def test_who_came_back_speaks_again(
        self, db: Transaction, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        await say(db, bob, channel)
        await messaging.silence_in_places(db, [bob.id], [channel])
        await db.value("DELETE FROM group_members WHERE user_id = $1", bob.id)
        with pytest.raises(ChannelNotFound):
            await say(db, bob, channel)
        await enter(db, group, bob)
        assert (await say(db, bob, channel)).seq == 2


class TestSlowMode:
    @pytest.fixture(autouse=True)
    async def slow(self, db: Transaction, channel: UUID) -> None:
        await db.value("UPDATE group_channels SET slow_mode = 30 WHERE id = $1", channel)

    async def test_the_next_one_waits(self, db: Transaction, bob: Actor, channel: UUID) -> None:
        await say(db, bob, channel)
        with pytest.raises(SlowMode) as error:
            await say(db, bob, channel)
        assert 0 < error.value.retry_after <= 30

    async def test_what_failed_takes_no_time(
        self, db: Transaction, bob: Actor, channel: UUID
    ) -> None:
        with pytest.raises(messaging.MessageNotFound):
            await messaging.get_message(db, bob, channel, uuid4(), gate=CHANNELS)
        await say(db, bob, channel)

    async def test_a_repetition_is_answered_alike(
        self, db: Transaction, bob: Actor, channel: UUID
    ) -> None:
        await say(db, bob, channel, client_id="a")
        assert (await say(db, bob, channel, client_id="a")).replayed

    async def test_leaving_saves_no_time(self, db: Transaction, bob: Actor, channel: UUID) -> None:
        await say(db, bob, channel)
        await messaging.silence_in_places(db, [bob.id], [channel])
        with pytest.raises(SlowMode):
            await say(db, bob, channel)

    async def test_some_need_not_wait(
        self, db: Transaction, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        await give(db, group, bob, await make_role(db, group, Permission.BYPASS_SLOWMODE))
        await say(db, bob, channel)
        await say(db, bob, channel)

    async def test_nobody_is_seen_typing(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        assert not await messaging.can_type(db, bob, channel, gate=CHANNELS)
        assert await messaging.can_type(db, ann, channel, gate=CHANNELS)


class TestReactions:
    async def test_need_the_right_to(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel)
        count = await messaging.add_reaction(db, bob, channel, sent.id, "👍", gate=CHANNELS)
        assert count.count == 1
        await overwrite(db, channel, group, deny=Permission.ADD_REACTIONS)
        with pytest.raises(MissingPermission):
            await messaging.add_reaction(db, bob, channel, sent.id, "🎉", gate=CHANNELS)


class TestPins:
    async def test_need_the_right_to(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        sent = await say(db, bob, channel)
        with pytest.raises(MissingPermission):
            await messaging.pin_message(db, bob, channel, sent.id, gate=CHANNELS)
        await messaging.pin_message(db, ann, channel, sent.id, gate=CHANNELS)
        (pin,) = (await messaging.list_pins(db, bob, channel, gate=CHANNELS)).items
        assert pin.pinned_by == ann.id
        await messaging.unpin_message(db, ann, channel, sent.id, gate=CHANNELS)
        assert (await messaging.list_pins(db, bob, channel, gate=CHANNELS)).items == []


class TestEdits:
    async def test_are_the_author_s(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        sent = await say(db, bob, channel, "one")
        edited = await messaging.edit_message(
            db, bob, channel, sent.id, MessageEdit("two"), gate=CHANNELS
        )
        assert edited.content == "two"
        with pytest.raises(messaging.NotAuthor):
            await messaging.edit_message(
                db, ann, channel, sent.id, MessageEdit("three"), gate=CHANNELS
            )

    async def test_are_seen_by_who_manages_messages(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        carl = await make_actor(db, "carl")
        await enter(db, group, carl)
        sent = await say(db, bob, channel, "one")
        await messaging.edit_message(db, bob, channel, sent.id, MessageEdit("two"), gate=CHANNELS)
        seen = await messaging.list_edits(db, ann, channel, sent.id, gate=CHANNELS)
        assert [one.content for one in seen] == ["one", "two"]
        with pytest.raises(messaging.NotAuthor):
            await messaging.list_edits(db, carl, channel, sent.id, gate=CHANNELS)


class TestDeleteMessage:
    async def test_others_words_take_the_right_to(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel, "one")
        with pytest.raises(messaging.NotAuthor):
            await messaging.delete_message(db, bob, channel, sent.id, gate=CHANNELS)
        await give(db, group, bob, await make_role(db, group, Permission.MANAGE_MESSAGES))
        gone = await messaging.delete_message(db, bob, channel, sent.id, gate=CHANNELS)
        assert gone.content == ""
        assert gone.deleted_by == bob.id


class TestDeleteMessages:
    async def test_is_one_event(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID, happened: Happened
    ) -> None:
        sent = [await say(db, bob, channel, str(n)) for n in range(3)]
        ids = [sent[2].id, sent[0].id, uuid4()]
        gone = await messaging.delete_messages(db, ann, channel, ids, gate=CHANNELS)
        assert gone == [sent[0].id, sent[2].id]
        (event,) = happened(messaging.MessagesDeleted)
        assert event.topic == f"channel:{channel}"
        assert body(event)["message_seqs"] == [1, 3]
        page = await messaging.list_messages(db, bob, channel, gate=CHANNELS)
        assert [message.content for message in page.items] == ["", "1", ""]

    @pytest.mark.parametrize("count", [0, 1, 101])
    async def test_two_to_a_hundred(
        self, db: Transaction, ann: Actor, channel: UUID, count: int
    ) -> None:
        ids = [uuid4() for _ in range(count)]
        with pytest.raises(Invalid):
            await messaging.delete_messages(db, ann, channel, ids, gate=CHANNELS)

    async def test_each_once(self, db: Transaction, ann: Actor, channel: UUID) -> None:
        with pytest.raises(Invalid):
            await messaging.delete_messages(db, ann, channel, [uuid4()] * 2, gate=CHANNELS)

    async def test_nothing_old(self, db: Transaction, ann: Actor, channel: UUID) -> None:
        sent = [await say(db, ann, channel) for _ in range(2)]
        sql = "UPDATE messages SET inserted_at = now() - interval '15 days' WHERE id = $1"
        await db.value(sql, sent[0].id)
        with pytest.raises(Invalid):
            await messaging.delete_messages(
                db, ann, channel, [one.id for one in sent], gate=CHANNELS
            )

    async def test_needs_the_right_to(self, db: Transaction, bob: Actor, channel: UUID) -> None:
        sent = [await say(db, bob, channel) for _ in range(2)]
        with pytest.raises(MissingPermission):
            await messaging.delete_messages(
                db, bob, channel, [one.id for one in sent], gate=CHANNELS
            )


class TestDeleteMessagesOf:
    async def test_takes_what_they_said_lately(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID, happened: Happened
    ) -> None:
        old, *_ = [await say(db, bob, channel, str(n)) for n in range(3)]
        await say(db, ann, channel, "hers")
        await db.value(
            "UPDATE messages SET inserted_at = now() - interval '9 days' WHERE id = $1", old.id
        )
        since = clock.now() - timedelta(days=7)
        erased = await messaging.delete_messages_of(db, [channel], bob.id, since, by=ann.id)
        assert erased == 2
        page = await messaging.list_messages(db, ann, channel, gate=CHANNELS)
        assert [message.content for message in page.items] == ["0", "", "", "hers"]
        assert len(happened(messaging.MessagesDeleted)) == 1
        assert await messaging.delete_messages_of(db, [channel], bob.id, since) == 0


class TestHistory:
    async def test_is_for_who_may_read_it(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel)
        await overwrite(db, channel, group, deny=Permission.READ_MESSAGE_HISTORY)
        assert (await messaging.list_messages(db, bob, channel, gate=CHANNELS)).items == []
        with pytest.raises(messaging.MessageNotFound):
            await messaging.get_message(db, bob, channel, sent.id, gate=CHANNELS)
        missed = await messaging.read_since(db, bob, channel, 0, gate=CHANNELS)
        assert missed.reason == "no_history"
        assert missed.events == []

    async def test_is_not_read_by_answering(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel, "a secret")
        answer = await say(db, bob, channel, "hm", reply_to=sent.id, client_id="hm")
        await overwrite(db, channel, group, deny=Permission.READ_MESSAGE_HISTORY)
        for id in (sent.id, uuid4()):
            with pytest.raises(Invalid) as refused:
                await say(db, bob, channel, reply_to=id)
            assert refused.value.fields == {
                "reply_to_id": ["is not a message of this conversation"]
            }
        again = await say(db, bob, channel, "hm", reply_to=sent.id, client_id="hm")
        assert (again.id, again.replayed) == (answer.id, True)
        edit = MessageEdit("well")
        edited = await messaging.edit_message(db, bob, channel, answer.id, edit, gate=CHANNELS)
        assert (edited.reply_to_id, edited.reply_to) == (sent.id, None)
        deleted = await messaging.delete_message(db, bob, channel, answer.id, gate=CHANNELS)
        assert deleted.reply_to is None

    async def test_is_not_read_by_pinning(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel, "a secret")
        allow, deny = Permission.PIN_MESSAGES, Permission.READ_MESSAGE_HISTORY
        await overwrite(db, channel, group, allow=allow, deny=deny)
        for act in (messaging.pin_message, messaging.unpin_message):
            with pytest.raises(MissingPermission):
                await act(db, bob, channel, sent.id, gate=CHANNELS)

    async def test_is_resumed(self, db: Transaction, ann: Actor, bob: Actor, channel: UUID) -> None:
        await say(db, ann, channel)
        missed = await messaging.read_since(db, bob, channel, 0, gate=CHANNELS)
        assert [event.type for event in missed.events] == ["new_message"]


class TestConversationRoutes:
    """A channel's id opens no door that stands on being in a conversation."""

    async def test_nothing_is_there(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        sent = await say(db, bob, channel, "@everyone")
        await say(db, ann, channel, f"@{bob.username}")
        new, marker = NewMessage("x"), messaging.ReadMarker()
        edit = MessageEdit("y")
        for call in (
            messaging.send_message(db, bob, channel, new),
            messaging.list_messages(db, bob, channel),
            messaging.get_message(db, bob, channel, sent.id),
            messaging.list_messages(db, bob, channel, before=str(sent.id)),
            messaging.edit_message(db, bob, channel, sent.id, edit),
            messaging.delete_message(db, bob, channel, sent.id),
            messaging.list_edits(db, bob, channel, sent.id),
            messaging.add_reaction(db, bob, channel, sent.id, "👍"),
            messaging.remove_reaction(db, bob, channel, sent.id, "👍"),
            messaging.pin_message(db, bob, channel, sent.id),
            messaging.unpin_message(db, bob, channel, sent.id),
            messaging.list_pins(db, bob, channel),
            messaging.read_since(db, bob, channel, 0),
            messaging.read_since(db, bob, channel, None),
            messaging.mark_read(db, bob, channel, marker),
            messaging.mark_unread(db, bob, channel, messaging.Marker()),
            messaging.mark_delivered(db, bob, channel, messaging.DeliveredMarker(1)),
            messaging.get_unread(db, bob, channel),
            messaging.get_conversation(db, bob, channel),
            messaging.list_participants(db, bob, channel),
            messaging.leave_conversation(db, bob, channel),
            messaging.update_conversation(
                db, bob, channel, messaging.ConversationChange(name="x", message_ttl=30)
            ),
            messaging.update_conversation(
                db, bob, channel, messaging.ConversationChange(message_ttl=30)
            ),
            messaging.update_preferences(db, bob, channel, messaging.PreferencesChange(muted=True)),
            messaging.get_notification_preference(db, bob, channel),
            messaging.schedule_message(
                db,
                bob,
                channel,
                messaging.NewScheduledMessage("x", clock.now() + timedelta(hours=1)),
            ),
        ):
            with pytest.raises(messaging.ConversationNotFound):
                await call
        assert not await messaging.can_type(db, bob, channel)

    async def test_no_list_shows_it(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        await say(db, bob, channel)
        await say(db, ann, channel, f"@{bob.username}")
        assert (await messaging.list_conversations(db, bob)).items == []
        assert await messaging.list_unread(db, bob) == []
        assert await messaging.verify_unread(db, bob) == []
        assert await messaging.count_unread(db, channel, [bob.id]) == []
        assert await messaging.count_badges(db, [bob.id]) == {bob.id: 0}
        assert await messaging.list_participant_ids(db, channel) == []


class TestBlocks:
    async def test_words_of_the_blocked_are_not_unread(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        await block(db, bob, ann)
        await say(db, ann, channel, f"@{bob.username}")
        access = await CHANNELS.enter(db, bob, channel)
        unread = await messaging.count_in_place(db, bob, access)
        assert (unread.unread, unread.mentions) == (0, 0)
