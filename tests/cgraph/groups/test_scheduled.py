"""What is said later in channels and threads: with the rights of its time."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from cgraph import groups, messaging
from cgraph.accounts import Actor
from cgraph.files import NewAttachment
from cgraph.groups import (
    CHANNELS,
    ChannelArchived,
    ChannelNotFound,
    MissingPermission,
    NewThread,
    Permission,
    ThreadChange,
    ThreadLocked,
)
from cgraph.messaging import (
    AllowedMentions,
    NewScheduledMessage,
    ScheduledMessage,
    ScheduledMessageChange,
    SlowMode,
)
from cgraph.messaging.due import send_due
from cgraph.messaging.scheduled import AT_MOST_LATE
from cgraph.messaging.sweeping import sweep
from cgraph_kit import clock, jobs
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.jobs import testing
from support.attached import exists, make_file, with_file
from support.channels import say
from support.communities import overwrite
from support.talk import Happened


@pytest.fixture
async def thread(db: Transaction, ann: Actor, channel: UUID) -> UUID:
    return (await groups.create_thread(db, ann, channel, NewThread("Bees"))).id


def soon() -> datetime:
    return clock.now() + timedelta(minutes=5)


async def schedule(
    db: Transaction, actor: Actor, place: UUID, content: str = "later", **more: Any
) -> ScheduledMessage:
    new = NewScheduledMessage(content, soon(), **more)
    return await messaging.schedule_message(db, actor, place, new, gate=CHANNELS)


async def come(db: Transaction, message: ScheduledMessage, ago: timedelta | None = None) -> Any:
    """Its time has come; the seconds it has to wait all the same."""
    at = clock.now() - (ago or timedelta(seconds=1))
    await db.value("UPDATE scheduled_messages SET send_at = $2 WHERE id = $1", message.id, at)
    return await send_due(db, message.id, channels=CHANNELS)


async def said(db: Transaction, actor: Actor, place: UUID) -> list[str]:
    page = await messaging.list_messages(db, actor, place, gate=CHANNELS)
    return [message.content for message in page.items if message.kind == "text"]


async def failure(db: Transaction, actor: Actor, message: ScheduledMessage) -> str | None:
    return (await messaging.get_scheduled_message(db, actor, message.id)).failure


async def time_out(db: Transaction, person: Actor) -> None:
    sql = "UPDATE group_members SET timed_out_until = $2 WHERE user_id = $1"
    await db.value(sql, person.id, clock.now() + timedelta(days=1))


async def slow(db: Transaction, channel: UUID, seconds: int) -> None:
    await db.value("UPDATE group_channels SET slow_mode = $2 WHERE id = $1", channel, seconds)


class TestScheduleMessage:
    async def test_says_where_it_is_for(
        self, db: Transaction, bob: Actor, channel: UUID, thread: UUID
    ) -> None:
        made = [await schedule(db, bob, place) for place in (channel, thread)]
        assert [one.place for one in made] == ["channel", "thread"]
        listed = (await messaging.list_scheduled_messages(db, bob)).items
        assert sorted(listed, key=lambda one: one.id) == made

    async def test_is_for_members_who_may_look(
        self, db: Transaction, bob: Actor, eve: Actor, group: UUID, channel: UUID
    ) -> None:
        with pytest.raises(ChannelNotFound):
            await schedule(db, eve, channel)
        await overwrite(db, channel, group, deny=Permission.VIEW_CHANNEL)
        with pytest.raises(ChannelNotFound):
            await schedule(db, bob, channel)

    async def test_asks_for_the_right_to_speak(
        self, db: Transaction, bob: Actor, group: UUID, channel: UUID, thread: UUID
    ) -> None:
        deny = Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS
        await overwrite(db, channel, group, deny=deny)
        for place in (channel, thread):
            with pytest.raises(MissingPermission):
                await schedule(db, bob, place)

    async def test_asks_for_the_right_to_attach(
        self, db: Transaction, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        await overwrite(db, channel, group, deny=Permission.ATTACH_FILES)
        with pytest.raises(MissingPermission):
            await schedule(db, bob, channel, attachments=[await with_file(db, bob)])

    async def test_is_not_for_who_is_timed_out(
        self, db: Transaction, bob: Actor, channel: UUID
    ) -> None:
        await time_out(db, bob)
        with pytest.raises(MissingPermission):
            await schedule(db, bob, channel)

    async def test_is_not_for_where_one_can_only_read(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID, thread: UUID
    ) -> None:
        await groups.update_thread(db, ann, thread, ThreadChange(locked=True))
        with pytest.raises(ThreadLocked):
            await schedule(db, bob, thread)
        await groups.update_channel(db, ann, channel, groups.ChannelChange(archived=True))
        with pytest.raises(ChannelArchived):
            await schedule(db, bob, channel)

    async def test_answers_what_one_can_read_back(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        first = await say(db, ann, channel)
        assert (await schedule(db, bob, channel, reply_to_id=first.id)).reply_to_id == first.id
        await overwrite(db, channel, group, deny=Permission.READ_MESSAGE_HISTORY)
        with pytest.raises(Invalid):
            await schedule(db, bob, channel, reply_to_id=first.id)


class TestSendDue:
    async def test_says_it_once(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID, happened: Happened
    ) -> None:
        later = await schedule(db, bob, channel)
        assert await come(db, later) is None
        assert await send_due(db, later.id, channels=CHANNELS) is None
        assert await said(db, ann, channel) == ["later"]
        (sent,) = happened(messaging.MessageSent)
        assert sent.topic == f"channel:{channel}"
        assert happened(messaging.ScheduledMessageRemoved)[-1].payload.message_id == sent.id

    async def test_opens_and_follows_a_thread(
        self, db: Transaction, ann: Actor, bob: Actor, thread: UUID
    ) -> None:
        later = await schedule(db, bob, thread)
        await groups.update_thread(db, ann, thread, ThreadChange(archived=True))
        await come(db, later)
        assert await said(db, ann, thread) == ["later"]
        seen = await groups.get_thread(db, bob, thread)
        assert (seen.archived_at, seen.following) == (None, True)

    @pytest.mark.parametrize(
        ("bit", "code"),
        [
            (Permission.VIEW_CHANNEL, "channel_not_found"),
            (Permission.SEND_MESSAGES, "missing_permission"),
            (Permission.ATTACH_FILES, "missing_permission"),
        ],
    )
    async def test_fails_for_who_has_lost_the_right(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID,
        bit: Permission, code: str,
    ) -> None:  # fmt: skip
        file = await make_file(db, bob)
        later = await schedule(db, bob, channel, attachments=[NewAttachment(file)])
        await overwrite(db, channel, group, deny=bit)
        await come(db, later)
        assert await failure(db, bob, later) == code
        assert await said(db, ann, channel) == []
        assert await exists(db, file)

    async def test_fails_for_who_is_timed_out_or_banned(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        first, second = await schedule(db, bob, channel), await schedule(db, bob, channel)
        await time_out(db, bob)
        await come(db, first)
        await groups.ban_member(db, ann, group, bob.id, groups.NewBan())
        await come(db, second)
        failures = [await failure(db, bob, one) for one in (first, second)]
        assert failures == ["missing_permission", "channel_not_found"]

    async def test_fails_where_one_can_only_read_now(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID, thread: UUID
    ) -> None:
        in_thread, in_channel = await schedule(db, bob, thread), await schedule(db, bob, channel)
        await groups.update_thread(db, ann, thread, ThreadChange(locked=True))
        await come(db, in_thread)
        await groups.update_channel(db, ann, channel, groups.ChannelChange(archived=True))
        await come(db, in_channel)
        failures = [await failure(db, bob, one) for one in (in_thread, in_channel)]
        assert failures == ["thread_locked", "channel_archived"]

    async def test_waits_for_slow_mode(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        await slow(db, channel, 600)
        later = await schedule(db, bob, channel)
        await say(db, bob, channel, "now")
        assert await come(db, later) == pytest.approx(600, abs=60)
        assert await failure(db, bob, later) is None
        await db.value("UPDATE participants SET slow_until = NULL WHERE user_id = $1", bob.id)
        assert await come(db, later) is None
        assert await said(db, ann, channel) == ["now", "later"]

    async def test_waits_for_it_no_longer_than_a_day(
        self, db: Transaction, bob: Actor, channel: UUID
    ) -> None:
        await slow(db, channel, 600)
        later = await schedule(db, bob, channel)
        await say(db, bob, channel, "now")
        await come(db, later, AT_MOST_LATE + timedelta(minutes=1))
        assert await failure(db, bob, later) == "too_late"

    async def test_calls_whom_its_author_may_call_then(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        text = f"@everyone @{ann.username}"
        before, after = (
            await schedule(db, bob, channel, text),
            await schedule(db, bob, channel, text),
        )
        await come(db, before)
        await overwrite(db, channel, group, allow=Permission.MENTION_EVERYONE)
        await come(db, after)
        page = await messaging.list_messages(db, ann, channel, gate=CHANNELS)
        assert [list(one.mention_roles) for one in page.items] == [[], [group]]
        assert [list(one.mentions) for one in page.items] == [[ann.id], [ann.id]]

    async def test_calls_nobody_it_shall_not_call(
        self, db: Transaction, ann: Actor, group: UUID, channel: UUID, bob: Actor
    ) -> None:
        allowed = AllowedMentions(users=[bob.id])
        later = await schedule(
            db, ann, channel, f"@everyone @{bob.username}", allowed_mentions=allowed
        )
        kept = (await messaging.get_scheduled_message(db, ann, later.id)).allowed_mentions
        assert kept is not None
        assert list(kept.users) == [bob.id]
        await come(db, later)
        (message,) = (await messaging.list_messages(db, ann, channel, gate=CHANNELS)).items
        assert (list(message.mentions), list(message.mention_roles)) == ([bob.id], [])


class TestUpdateScheduledMessage:
    async def test_tries_again_what_had_failed(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        later = await schedule(db, bob, channel, allowed_mentions=AllowedMentions())
        await overwrite(db, channel, group, deny=Permission.SEND_MESSAGES)
        await come(db, later)
        await overwrite(db, channel, group)
        change = ScheduledMessageChange(content="again", send_at=soon(), allowed_mentions=None)
        changed = await messaging.update_scheduled_message(db, bob, later.id, change)
        assert (changed.state, changed.allowed_mentions) == ("scheduled", None)
        await come(db, later)
        assert await said(db, ann, channel) == ["again"]


class TestSendNow:
    async def test_does_not_wait(
        self, db: Transaction, ann: Actor, bob: Actor, thread: UUID
    ) -> None:
        later = await schedule(db, bob, thread)
        await messaging.send_scheduled_message_now(db, bob, later.id, channels=CHANNELS)
        assert await said(db, ann, thread) == ["later"]
        assert (await groups.get_thread(db, bob, thread)).following

    async def test_stays_where_it_is_refused(
        self, db: Transaction, bob: Actor, channel: UUID
    ) -> None:
        await slow(db, channel, 600)
        later = await schedule(db, bob, channel)
        await say(db, bob, channel)
        with pytest.raises(SlowMode):
            await messaging.send_scheduled_message_now(db, bob, later.id, channels=CHANNELS)
        assert await messaging.get_scheduled_message(db, bob, later.id) == later


class TestDeleteChannel:
    @pytest.mark.parametrize("first", ["sweep", "time"])
    async def test_cancels_it(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, first: str, happened: Happened
    ) -> None:
        made = await groups.create_channel(db, ann, group, groups.NewChannel(name="bees"))
        thread = await groups.create_thread(db, ann, made.id, NewThread("Hives"))
        file = await make_file(db, bob)
        kept = [
            await schedule(db, bob, made.id, attachments=[NewAttachment(file)]),
            await schedule(db, bob, thread.id),
        ]
        await groups.delete_channel(db, ann, made.id)
        if first == "time":
            for one in kept:
                await come(db, one)
        await sweep(db, [made.id, thread.id])
        gone = [event.payload for event in happened(messaging.ScheduledMessageRemoved)]
        assert [(one.id, one.message_id) for one in gone] == [(one.id, None) for one in kept]
        assert (await messaging.list_scheduled_messages(db, bob)).items == []
        waiting = await testing.list_enqueued(db, messaging.send_scheduled, states=jobs.PENDING)
        assert (waiting, await exists(db, file)) == ([], False)
