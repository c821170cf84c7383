"""What comes with words, or instead of them."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from cgraph import files, messaging
from cgraph.accounts import Actor
from cgraph.files import NewAttachment
from cgraph.messaging import (
    ConversationNotFound,
    Limits,
    MessageEdit,
    MessageEdited,
    NewMessage,
    NewScheduledMessage,
    NewVoice,
    ScheduledMessageChange,
    Sent,
    VoiceStays,
    edit_message,
    send_message,
)
from cgraph.messaging.attaching import words_of
from cgraph.messaging.disappearing import erase_expired
from cgraph.messaging.due import send_due
from cgraph.notifications import Wanted
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.idempotency import KeyReused
from support.attached import exists, hangs_on, make_file, with_file
from support.talk import body, open_between, say

Counter = Callable[[Any], Any]
WAVE = base64.b64encode(bytes(range(64))).decode()


async def show(db: Transaction, actor: Actor, id: UUID, *named: NewAttachment, **more: Any) -> Sent:
    return await send_message(db, actor, id, NewMessage(attachments=list(named), **more))


async def ids_of(db: Transaction, actor: Actor, id: UUID, message_id: UUID) -> list[UUID]:
    message = await messaging.get_message(db, actor, id, message_id)
    return [one.id for one in message.attachments]


class TestChangeFile:
    async def test_is_for_what_is_said_from_then_on(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        named = await with_file(db, ann, name="before.pdf")
        said = await show(db, ann, id, named)
        change = files.FileChange(name="after.pdf", alt_text="Words")
        await files.change_file(db, ann, named.file_id, change)
        later = await show(db, ann, id, named)
        seen = [
            (await messaging.get_message(db, bob, id, one.id)).attachments[0]
            for one in (said, later)
        ]
        assert [(one.name, one.alt_text) for one in seen] == [
            ("before.pdf", None),
            ("after.pdf", "Words"),
        ]
        content = await files.get_content(db, {}, ann, named.file_id)
        assert content.name == "after.pdf"


class TestSendMessage:
    async def test_everybody_sees_what_came_with_it(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        one = NewAttachment(await make_file(db, ann), alt_text="A bee", spoiler=True)
        two = await with_file(db, ann, name="b.pdf", content_type="application/pdf")
        sent = await show(db, ann, id, one, two, content="look")
        pushed = msgspec.json.decode(sent.payload)
        read = (await messaging.list_messages(db, bob, id)).items[0]
        assert pushed["attachments"] == msgspec.to_builtins(read.attachments, str_keys=True)
        assert [(a.id, a.alt_text, a.spoiler) for a in read.attachments] == [
            (one.file_id, "A bee", True),
            (two.file_id, None, False),
        ]
        assert await hangs_on(db, one.file_id) == [("message", sent.id)]
        missed = await messaging.read_since(db, bob, id, 0)
        assert missed.events[0].body() == sent.payload

    async def test_needs_no_words_then(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await open_between(db, ann, bob)
        sent = await show(db, ann, id, await with_file(db, ann))
        assert msgspec.json.decode(sent.payload)["content"] == ""
        overview = await messaging.get_conversation(db, bob, id)
        assert overview.unread == 1
        assert overview.last_message is not None
        assert overview.last_message.attached == ["image/png"]
        answer = await say(db, bob, id, "nice", reply_to=sent.id)
        quoted = (await messaging.get_message(db, ann, id, answer.id)).reply_to
        assert quoted is not None
        assert (quoted.content, quoted.attached, quoted.voice) == ("", ["image/png"], False)

    async def test_words_alone_are_one_statement_and_as_before(
        self, db: Transaction, ann: Actor, bob: Actor, count_queries: Counter
    ) -> None:
        id = await open_between(db, ann, bob)
        with count_queries(db) as queries:
            await say(db, ann, id)
        (sql,) = queries
        assert "attachments" not in sql

    async def test_of_a_name_the_first_is_answered(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        one, two = await with_file(db, ann), await with_file(db, ann)
        sent = await show(db, ann, id, one, client_id="c")
        again = await show(db, ann, id, one, client_id="c")
        assert (again.id, again.replayed) == (sent.id, True)
        with pytest.raises(KeyReused):
            await show(db, ann, id, two, client_id="c")
        await messaging.delete_message(db, ann, id, sent.id)
        again = await show(db, ann, id, one, client_id="c")
        assert (again.id, again.replayed) == (sent.id, True)
        assert len((await messaging.list_messages(db, ann, id)).items) == 1

    async def test_takes_no_others_files(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await open_between(db, ann, bob)
        for named in (await with_file(db, bob), NewAttachment(uuid4())):
            with pytest.raises(files.FileNotFound) as caught:
                await show(db, ann, id, named)
            assert "attachments" in caught.value.fields
        assert (await messaging.list_messages(db, ann, id)).items == []

    @pytest.mark.parametrize("state", ["uploading", "processing", "refused"])
    async def test_takes_only_what_is_ready(self, db: Transaction, ann: Actor, state: str) -> None:
        id = await open_between(db, ann)
        with pytest.raises(files.FileNotReady) as caught:
            await show(db, ann, id, await with_file(db, ann, state=state))
        assert caught.value.extra == {"state": state}
        assert "attachments" in caught.value.fields

    async def test_bounds_how_many(self, db: Transaction, ann: Actor) -> None:
        id = await open_between(db, ann)
        named = [await with_file(db, ann) for _ in range(3)]
        new = NewMessage(attachments=named)
        with pytest.raises(files.TooManyFiles):
            await send_message(db, ann, id, new, limits=Limits(message_attachments_max=2))
        with pytest.raises(Invalid):
            await show(db, ann, id, named[0], named[0])

    async def test_what_cannot_be_said_attaches_nothing(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        named = await with_file(db, eve)
        with pytest.raises(ConversationNotFound):
            await show(db, eve, id, named)
        assert await hangs_on(db, named.file_id) == []


class TestVoice:
    async def send(
        self, db: Transaction, actor: Actor, id: UUID, voice: NewVoice, **facts: Any
    ) -> Sent:
        named = await with_file(db, actor, **{"content_type": "audio/ogg"} | facts)
        return await show(db, actor, id, named, voice=voice)

    async def test_says_how_long_and_how_loud(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        sent = await self.send(db, ann, id, NewVoice(WAVE, 99.0), duration=2.5)
        message = await messaging.get_message(db, bob, id, sent.id)
        assert message.voice == messaging.Voice(2.5, WAVE)
        assert msgspec.json.decode(sent.payload)["voice"] == {"duration": 2.5, "waveform": WAVE}
        told = await self.send(db, ann, id, NewVoice(WAVE, 3.0))
        assert msgspec.json.decode(told.payload)["voice"]["duration"] == 3.0

    async def test_is_one_sound_and_nothing_else(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        voice = NewVoice(WAVE, 1.0)
        sounds = [await with_file(db, ann, content_type="audio/ogg") for _ in range(2)]
        for new in (
            NewMessage("and words", attachments=sounds[:1], voice=voice),
            NewMessage(attachments=sounds, voice=voice),
            NewMessage(voice=voice),
            NewMessage(attachments=[await with_file(db, ann)], voice=voice),
        ):
            with pytest.raises(Invalid):
                await send_message(db, ann, id, new)

    async def test_is_bounded(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await open_between(db, ann, bob)
        for voice, facts in (
            (NewVoice(WAVE, 300.5), {}),
            (NewVoice(WAVE), {"duration": 301.0}),
            (NewVoice(WAVE), {}),
            (NewVoice(WAVE, 1.0), {"size": 10_485_761}),
        ):
            with pytest.raises(Invalid):
                await self.send(db, ann, id, voice, **facts)

    @pytest.mark.parametrize(
        "waveform", ["", "no base64!", base64.b64encode(bytes(257)).decode(), "AAE"]
    )
    def test_refuses_what_is_no_waveform(self, waveform: str) -> None:
        with pytest.raises(Invalid):
            NewVoice(waveform, 1.0)

    async def test_stays_as_it_is(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await open_between(db, ann, bob)
        sent = await self.send(db, ann, id, NewVoice(WAVE, 1.0))
        with pytest.raises(VoiceStays):
            await edit_message(db, ann, id, sent.id, MessageEdit("words"))
        assert (await messaging.delete_message(db, ann, id, sent.id)).voice is None


class TestEditMessage:
    async def test_words_leave_what_came_with_them(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        named = await with_file(db, ann)
        sent = await show(db, ann, id, named, content="a")
        edited = await edit_message(db, ann, id, sent.id, MessageEdit("b"))
        assert [one.id for one in edited.attachments] == [named.file_id]
        edited = await edit_message(db, ann, id, sent.id, MessageEdit(""))
        assert edited.content == ""

    async def test_takes_away_adds_and_orders(
        self, db: Transaction, ann: Actor, bob: Actor, happened: Any
    ) -> None:
        id = await open_between(db, ann, bob)
        one, two, three = [await make_file(db, ann) for _ in range(3)]
        sent = await show(
            db, ann, id, NewAttachment(one, alt_text="One"), NewAttachment(two), content="a"
        )
        named = [NewAttachment(three), NewAttachment(one, spoiler=True)]
        await edit_message(db, ann, id, sent.id, MessageEdit(attachments=named))
        message = await messaging.get_message(db, bob, id, sent.id)
        assert message.content == "a"
        assert [(a.id, a.alt_text, a.spoiler) for a in message.attachments] == [
            (three, None, False),
            (one, "One", True),
        ]
        assert not await exists(db, two)
        (event,) = happened(MessageEdited)
        assert [a["id"] for a in body(event)["attachments"]] == [str(three), str(one)]

    async def test_something_must_be_left(self, db: Transaction, ann: Actor) -> None:
        id = await open_between(db, ann)
        sent = await show(db, ann, id, await with_file(db, ann))
        with pytest.raises(Invalid):
            await edit_message(db, ann, id, sent.id, MessageEdit(attachments=[]))
        await edit_message(db, ann, id, sent.id, MessageEdit("words", attachments=[]))
        assert await ids_of(db, ann, id, sent.id) == []

    async def test_to_what_it_is_nothing_happens(
        self, db: Transaction, ann: Actor, happened: Any
    ) -> None:
        id = await open_between(db, ann)
        named = await with_file(db, ann)
        sent = await show(db, ann, id, named)
        await edit_message(db, ann, id, sent.id, MessageEdit(attachments=[named]))
        await edit_message(db, ann, id, sent.id, MessageEdit())
        assert happened(MessageEdited) == []

    async def test_takes_no_others_files(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await open_between(db, ann, bob)
        sent = await say(db, ann, id)
        edit = MessageEdit(attachments=[await with_file(db, bob)])
        with pytest.raises(files.FileNotFound):
            await edit_message(db, ann, id, sent.id, edit)


class TestRemoving:
    async def test_a_deleted_message_keeps_no_file(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        named = await with_file(db, ann, name="secret.png")
        sent = await show(db, ann, id, named)
        await messaging.delete_message(db, ann, id, sent.id)
        assert not await exists(db, named.file_id)
        assert await ids_of(db, bob, id, sent.id) == []
        missed = await messaging.read_since(db, bob, id, 0)
        assert all(b"secret" not in event.body() for event in missed.events)

    async def test_what_hangs_elsewhere_too_stays_there(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        named = await with_file(db, ann)
        first, second = await show(db, ann, id, named), await show(db, ann, id, named)
        await messaging.delete_message(db, ann, id, first.id)
        assert await hangs_on(db, named.file_id) == [("message", second.id)]
        assert await ids_of(db, bob, id, second.id) == [named.file_id]

    async def test_so_it_is_when_its_time_has_come(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        await messaging.update_conversation(
            db, ann, id, messaging.ConversationChange(message_ttl=30)
        )
        named = await with_file(db, ann)
        await show(db, ann, id, named)
        await db.value("UPDATE messages SET expires_at = now() WHERE conversation_id = $1", id)
        await erase_expired(db)
        assert not await exists(db, named.file_id)


class TestScheduling:
    async def test_waits_with_its_files(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await open_between(db, ann, bob)
        one, two = await with_file(db, ann), NewAttachment(await make_file(db, ann), "Two")
        at = clock.now() + timedelta(minutes=5)
        new = NewScheduledMessage("", at, attachments=[one])
        kept = await messaging.schedule_message(db, ann, id, new)
        assert [a.id for a in kept.attachments] == [one.file_id]
        change = ScheduledMessageChange(attachments=[two])
        changed = await messaging.update_scheduled_message(db, ann, kept.id, change)
        assert [(a.id, a.alt_text) for a in changed.attachments] == [(two.file_id, "Two")]
        assert not await exists(db, one.file_id)
        await db.value("UPDATE scheduled_messages SET send_at = now() WHERE id = $1", kept.id)
        await send_due(db, kept.id)
        (message,) = (await messaging.list_messages(db, bob, id)).items
        assert [(a.id, a.alt_text) for a in message.attachments] == [(two.file_id, "Two")]
        assert await hangs_on(db, two.file_id) == [("message", message.id)]

    async def test_what_is_not_said_keeps_none(self, db: Transaction, ann: Actor) -> None:
        id = await open_between(db, ann)
        named = await with_file(db, ann)
        at = clock.now() + timedelta(minutes=5)
        new = NewScheduledMessage("", at, attachments=[named])
        kept = await messaging.schedule_message(db, ann, id, new)
        await messaging.cancel_scheduled_message(db, ann, kept.id)
        assert not await exists(db, named.file_id)


class TestLook:
    async def test_tells_what_came_instead_of_words(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        sent = await show(db, ann, id, await with_file(db, ann))
        wanted = Wanted(bob.id, id, sent.id, sent.seq)
        (look,) = await messaging.look(db, [wanted])
        assert look.text == "sent an image"


@pytest.mark.parametrize(
    ("types", "words"),
    [
        ([], None),
        (["image/png"], "sent an image"),
        (["image/png", "image/webp"], "sent 2 images"),
        (["video/mp4"], "sent a video"),
        (["image/png", "application/pdf"], "sent 2 files"),
        (["audio/ogg"], "sent a file"),
    ],
)
def test_words_of(types: list[str], words: str | None) -> None:
    assert words_of(types) == words


def test_a_voice_is_called_one() -> None:
    assert words_of(["audio/ogg"], voice=True) == "sent a voice message"
