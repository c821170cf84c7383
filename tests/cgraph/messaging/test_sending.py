"""Saying something."""

from uuid import uuid4

import msgspec
import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import (
    CannotSend,
    ConversationNotFound,
    Limits,
    MessageSent,
    NewMessage,
    send_message,
)
from cgraph_kit import streams
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.idempotency import KeyReused
from support.talk import block, make_actor, make_actors, open_between, say


class TestSendMessage:
    async def test_takes_the_next_number_and_is_read_by_both(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        first = await say(db, ann, id, "hi")
        second = await say(db, bob, id, "hello you")
        assert (first.seq, second.seq) == (1, 2)
        page = await messaging.list_messages(db, bob, id)
        assert [(m.seq, m.content, m.sender_id) for m in page.items] == [
            (1, "hi", ann.id),
            (2, "hello you", bob.id),
        ]

    async def test_answer_push_and_log_are_the_same_bytes(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        sent = await say(db, ann, id, "hé", client_id="c1")
        (event,) = [e for e in db.events if isinstance(e, MessageSent)]
        missed = await messaging.read_since(db, bob, id, 0)
        assert sent.payload == event.payload == missed.events[0].body()
        decoded = msgspec.json.decode(sent.payload)
        assert decoded["seq"] == 1
        assert decoded["content"] == "hé"
        assert decoded["sender"]["username"] == ann.username
        assert decoded["client_id"] == "c1"
        assert decoded["inserted_at"].endswith("Z")

    async def test_tells_whose_lists_move(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await open_between(db, ann, bob)
        await say(db, ann, id)
        (event,) = [e for e in db.events if isinstance(e, MessageSent)]
        assert set(event.participant_ids or ()) == {ann.id, bob.id}

    async def test_strangers_find_nothing(self, db: Transaction, ann: Actor, eve: Actor) -> None:
        id = await open_between(db, ann)
        with pytest.raises(ConversationNotFound):
            await say(db, eve, id)
        with pytest.raises(ConversationNotFound):
            await say(db, ann, uuid4())
        assert await streams.last_seq(db, id) == 0

    @pytest.mark.parametrize("content", ["", " \n\t", "\u200b\u2060", "\u00a0"])
    async def test_blank_content_is_refused(
        self, db: Transaction, ann: Actor, content: str
    ) -> None:
        id = await open_between(db, ann)
        with pytest.raises(Invalid) as refused:
            await say(db, ann, id, content)
        assert refused.value.fields == {"content": ["can't be blank"]}

    async def test_length_is_counted_in_code_points(self, db: Transaction, ann: Actor) -> None:
        id = await open_between(db, ann)
        limits = Limits(message_max=3)
        await send_message(db, ann, id, NewMessage("👍👍👍"), limits=limits)
        with pytest.raises(Invalid, match="at most 3"):
            await send_message(db, ann, id, NewMessage("1234"), limits=limits)

    async def test_moves_the_own_marker(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await open_between(db, ann, bob)
        await say(db, ann, id)
        await say(db, bob, id)
        assert (await messaging.get_unread(db, bob, id)).unread == 0
        assert (await messaging.get_unread(db, ann, id)).unread == 1


class TestReplies:
    async def test_name_a_message_of_the_conversation(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        asked = await say(db, ann, id, "what?")
        await say(db, bob, id, "that", reply_to=asked.id)
        answer = (await messaging.list_messages(db, ann, id)).items[-1]
        assert answer.reply_to_id == asked.id
        assert answer.reply_to is not None
        assert answer.reply_to.content == "what?"
        assert answer.reply_to.sender is not None
        assert answer.reply_to.sender.username == ann.username

    async def test_to_another_conversation_are_refused(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        elsewhere = await say(db, ann, await open_between(db, ann))
        id = await open_between(db, ann, bob)
        with pytest.raises(Invalid) as refused:
            await say(db, ann, id, reply_to=elsewhere.id)
        assert "reply_to_id" in refused.value.fields
        assert await streams.last_seq(db, id) == 0

    async def test_to_what_was_said_before_one_joined_are_refused(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, await make_actor(db))
        early = await say(db, ann, group)
        await messaging.add_participants(db, ann, group, messaging.NewParticipants([eve.id]))
        with pytest.raises(Invalid):
            await say(db, eve, group, reply_to=early.id)

    async def test_lose_their_preview_when_it_is_deleted(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        asked = await say(db, ann, id, "secret")
        answer = await say(db, bob, id, "oh", reply_to=asked.id)
        await messaging.delete_message(db, ann, id, asked.id)
        seen = await messaging.get_message(db, bob, id, answer.id)
        assert seen.reply_to_id == asked.id
        assert seen.reply_to is None


class TestClientId:
    async def test_again_is_answered_with_the_original(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        first = await say(db, ann, id, "once", client_id="k")
        again = await say(db, ann, id, "once", client_id="k")
        assert again.replayed
        assert again.payload == first.payload
        assert await streams.last_seq(db, id) == 1

    async def test_answers_as_it_was_sent_even_after_an_edit(
        self, db: Transaction, ann: Actor
    ) -> None:
        id = await open_between(db, ann)
        first = await say(db, ann, id, "once", client_id="k")
        await messaging.edit_message(db, ann, id, first.id, messaging.MessageEdit("twice"))
        assert (await say(db, ann, id, "once", client_id="k")).payload == first.payload

    async def test_for_something_else_is_refused(self, db: Transaction, ann: Actor) -> None:
        id = await open_between(db, ann)
        await say(db, ann, id, "once", client_id="k")
        with pytest.raises(KeyReused):
            await say(db, ann, id, "other", client_id="k")

    async def test_is_each_persons_own(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await open_between(db, ann, bob)
        await say(db, ann, id, "a", client_id="k")
        assert (await say(db, bob, id, "b", client_id="k")).seq == 2

    async def test_is_answered_after_leaving(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, eve)
        first = await say(db, bob, group, "bye", client_id="k")
        await messaging.leave_conversation(db, bob, group)
        assert (await say(db, bob, group, "bye", client_id="k")).payload == first.payload
        with pytest.raises(ConversationNotFound):
            await say(db, bob, group, "hello?")


class TestMentions:
    async def test_participants_are_counted_as_mentioned(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, eve)
        await say(db, ann, group, f"@{bob.username} and `@{eve.username}`", client_id="k")
        assert (await messaging.get_unread(db, bob, group)).mentions == 1
        assert (await messaging.get_unread(db, eve, group)).mentions == 0
        message = (await messaging.list_messages(db, eve, group)).items[-1]
        assert message.mentions == [bob.id]

    async def test_who_is_not_there_is_not_mentioned(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        await say(db, ann, id, f"@{eve.username} @{ann.username}")
        assert (await messaging.list_messages(db, ann, id)).items[-1].mentions == []

    async def test_a_block_silences_them(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, eve)
        await block(db, bob, ann)
        await say(db, ann, group, f"@{bob.username}")
        (event,) = [e for e in db.events if isinstance(e, MessageSent)]
        assert list(event.mentioned) == []


class TestBlocks:
    async def test_close_a_direct_conversation_for_both(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        sent = await say(db, ann, id)
        await block(db, bob, ann)
        for actor in (ann, bob):
            with pytest.raises(CannotSend):
                await say(db, actor, id)
            with pytest.raises(CannotSend):
                await messaging.add_reaction(db, actor, id, sent.id, "👍")
            with pytest.raises(CannotSend):
                await messaging.pin_message(db, actor, id, sent.id)
            assert not await messaging.can_type(db, actor, id)
            assert (await messaging.get_conversation(db, actor, id)).read_only
        with pytest.raises(CannotSend):
            await messaging.edit_message(db, ann, id, sent.id, messaging.MessageEdit("x"))
        assert len((await messaging.list_messages(db, ann, id)).items) == 1

    async def test_do_not_close_a_group(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        group = await open_between(db, ann, bob, *await make_actors(db, 1))
        await block(db, bob, ann)
        assert (await say(db, ann, group)).seq == 1
