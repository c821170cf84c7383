"""Files in channels and threads: who may bring them, and who may see them."""

import base64
from typing import Any
from uuid import UUID

import pytest

from cgraph import groups, messaging
from cgraph.accounts import Actor
from cgraph.files import Hung, NewAttachment
from cgraph.groups import CHANNELS, MissingPermission, NewThread, Permission
from cgraph.messaging import MessageEdit, NewMessage, NewVoice, Sent
from cgraph.messaging.sweeping import sweep
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from support.attached import exists, make_file, with_file
from support.channels import say
from support.communities import enter, overwrite
from support.talk import make_actor, open_between

VOICE = NewVoice(base64.b64encode(b"\x01\x40").decode(), 1.0)


async def show(db: Transaction, actor: Actor, place: UUID, **more: Any) -> Sent:
    """Say it with a file."""
    kind = "audio/ogg" if "voice" in more else "image/png"
    new = NewMessage(attachments=[await with_file(db, actor, content_type=kind)], **more)
    return await messaging.send_message(db, actor, place, new, gate=CHANNELS)


async def may(db: Transaction, actor: Actor | None, sent: Sent) -> bool:
    """Whether somebody may see what came with a message."""
    shown = await groups.list_shown(db, actor, [Hung("message", sent.id, sent.conversation_id)])
    assert shown <= {sent.id}
    return bool(shown)


class TestSendMessage:
    async def test_needs_the_right_to_attach(
        self, db: Transaction, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        thread = await groups.create_thread(db, bob, channel, NewThread("Bees"))
        await overwrite(db, channel, group, deny=Permission.ATTACH_FILES)
        for place in (channel, thread.id):
            with pytest.raises(MissingPermission) as caught:
                await show(db, bob, place)
            assert "ATTACH_FILES" in caught.value.message
            await say(db, bob, place, "words")
            await show(db, bob, place, voice=VOICE)

    async def test_and_for_a_voice_its_own(
        self, db: Transaction, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        await overwrite(db, channel, group, deny=Permission.SEND_VOICE_MESSAGES)
        with pytest.raises(MissingPermission):
            await show(db, bob, channel, voice=VOICE)
        await show(db, bob, channel)

    async def test_to_edit_more_in_needs_it_too(
        self, db: Transaction, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        named = await with_file(db, bob)
        new = NewMessage("Look", attachments=[named])
        sent = await messaging.send_message(db, bob, channel, new, gate=CHANNELS)
        await overwrite(db, channel, group, deny=Permission.ATTACH_FILES)
        with pytest.raises(MissingPermission):
            edit = MessageEdit(attachments=[named, await with_file(db, bob)])
            await messaging.edit_message(db, bob, channel, sent.id, edit, gate=CHANNELS)
        for kept in ([named], []):
            edit = MessageEdit(attachments=kept)
            await messaging.edit_message(db, bob, channel, sent.id, edit, gate=CHANNELS)
        assert not await exists(db, named.file_id)

    async def test_who_is_timed_out_brings_none(
        self, db: Transaction, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        sql = (
            "UPDATE group_members SET timed_out_until = now() + interval '1 day' WHERE user_id = $1"
        )
        await db.value(sql, bob.id)
        with pytest.raises(MissingPermission):
            await show(db, bob, channel)


class TestListShown:
    async def test_members_see_it_as_long_as_they_read_it(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, group: UUID, channel: UUID
    ) -> None:
        sent = await show(db, ann, channel)
        assert await may(db, bob, sent)
        for stranger in (eve, None):
            assert not await may(db, stranger, sent)
        for bit in (Permission.VIEW_CHANNEL, Permission.READ_MESSAGE_HISTORY):
            await overwrite(db, channel, bob.id, deny=bit)
            assert not await may(db, bob, sent)
            await overwrite(db, channel, bob.id)
            assert await may(db, bob, sent)

    @pytest.mark.parametrize("how", ["kick", "ban", "leave"])
    async def test_who_is_out_sees_nothing(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID, how: str
    ) -> None:
        sent = await show(db, ann, channel)
        match how:
            case "kick":
                await groups.kick_member(db, ann, group, bob.id)
            case "ban":
                await groups.ban_member(db, ann, group, bob.id, groups.NewBan())
            case "leave":
                await groups.leave_group(db, bob, group)
        assert not await may(db, bob, sent)

    async def test_private_threads_are_for_who_follows_them(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        await enter(db, group, other := await make_actor(db))
        thread = await groups.create_thread(db, bob, channel, NewThread("Ours", private=True))
        sent = await show(db, bob, thread.id)
        assert await may(db, bob, sent)
        assert not await may(db, other, sent)

    async def test_of_conversations_who_was_there(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        conversation = await open_between(db, ann, bob, await make_actor(db))
        new = NewMessage(attachments=[await with_file(db, ann)])
        before = await messaging.send_message(db, ann, conversation, new)
        assert await may(db, bob, before)
        await messaging.add_participants(db, ann, conversation, messaging.NewParticipants([eve.id]))
        after = await messaging.send_message(db, ann, conversation, new)
        assert not await may(db, eve, before)
        assert await may(db, eve, after)
        await messaging.leave_conversation(db, eve, conversation)
        assert not await may(db, eve, after)

    async def test_asks_two_statements_for_many(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID, count_queries: Any
    ) -> None:
        conversation = await open_between(db, ann, bob)
        new = NewMessage(attachments=[await with_file(db, ann)])
        said = [
            await show(db, ann, channel),
            await messaging.send_message(db, ann, conversation, new),
        ]
        hung = [Hung("message", one.id, one.conversation_id) for one in said]
        hung.append(Hung("message", new_id(), channel))
        with count_queries(db) as queries:
            shown = await groups.list_shown(db, bob, hung)
        assert shown == {one.id for one in said}
        assert len(queries) == 2


class TestRemoving:
    async def test_many_at_once_keep_none(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        sent = [await show(db, bob, channel), await show(db, bob, channel)]
        file_ids = await db.values("SELECT id FROM files WHERE user_id = $1", bob.id)
        ids = [one.id for one in sent]
        await messaging.delete_messages(db, ann, channel, ids, gate=CHANNELS)
        assert [await exists(db, id) for id in file_ids] == [False, False]
        assert not await may(db, ann, sent[0])

    async def test_a_place_that_is_gone_keeps_none(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID
    ) -> None:
        made = await groups.create_channel(db, ann, group, groups.NewChannel(name="bees"))
        named = NewAttachment(await make_file(db, bob))
        sent = await messaging.send_message(
            db, bob, made.id, NewMessage(attachments=[named]), gate=CHANNELS
        )
        await groups.delete_channel(db, ann, made.id)
        assert not await may(db, bob, sent)
        await sweep(db, [made.id])
        assert not await exists(db, named.file_id)
