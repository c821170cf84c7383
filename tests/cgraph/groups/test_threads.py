"""Threads: talks of their own in a channel, with its rights."""

from uuid import UUID, uuid4

import pytest

from cgraph import groups, messaging
from cgraph.accounts import Actor
from cgraph.groups import (
    CHANNELS,
    ChannelArchived,
    ChannelNotFound,
    MissingPermission,
    NewThread,
    Permission,
    Thread,
    ThreadChange,
    ThreadCreated,
    ThreadDeleted,
    ThreadExists,
    ThreadFollowed,
    ThreadFull,
    ThreadLocked,
    ThreadNotFound,
    ThreadUnfollowed,
    ThreadUpdated,
    TooManyThreads,
)
from cgraph.groups.access import get_access
from cgraph.groups.thread import FOLLOW, FOLLOWERS_MAX
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.channels import say
from support.communities import give, make_role, overwrite
from support.talk import Happened, block, body


@pytest.fixture
async def thread(db: Transaction, bob: Actor, channel: UUID) -> Thread:
    """Bob's, open to all."""
    return await groups.create_thread(db, bob, channel, NewThread("plans"))


@pytest.fixture
async def secret(db: Transaction, bob: Actor, channel: UUID) -> Thread:
    """Bob's, private."""
    return await groups.create_thread(db, bob, channel, NewThread("secret", private=True))


class TestCreateThread:
    async def test_a_group_has_so_many_open_ones(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        few = groups.Limits(group_threads_max=2)
        other = (await groups.create_channel(db, ann, group, groups.NewChannel(name="other"))).id
        first = await groups.create_thread(db, bob, channel, NewThread("1"), limits=few)
        await groups.create_thread(db, bob, other, NewThread("2"), limits=few)
        with pytest.raises(TooManyThreads):
            await groups.create_thread(db, bob, channel, NewThread("3"), limits=few)
        await groups.update_thread(db, bob, first.id, ThreadChange(archived=True), limits=few)
        await groups.create_thread(db, bob, channel, NewThread("3"), limits=few)

    async def test_whoever_begins_it_follows_it(
        self, thread: Thread, bob: Actor, channel: UUID, happened: Happened
    ) -> None:
        assert thread.following
        assert thread.follower_count == 1
        assert thread.owner_id == bob.id
        (created,) = happened(ThreadCreated)
        assert created.topic == f"channel:{channel}"
        assert body(created)["name"] == "plans"
        (followed,) = happened(ThreadFollowed)
        assert followed.user_id == bob.id

    async def test_begins_at_a_message_once(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel)
        thread = await groups.create_thread(db, bob, channel, NewThread("why"), message_id=sent.id)
        assert thread.message_id == sent.id
        with pytest.raises(ThreadExists) as error:
            await groups.create_thread(db, ann, channel, NewThread("so"), message_id=sent.id)
        assert error.value.extra == {"thread_id": str(thread.id)}

    async def test_not_at_what_is_not_there(
        self, db: Transaction, ann: Actor, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel)
        await messaging.delete_message(db, ann, channel, sent.id, gate=CHANNELS)
        for id in (sent.id, uuid4()):
            with pytest.raises(messaging.MessageNotFound):
                await groups.create_thread(db, ann, channel, NewThread("x"), message_id=id)

    async def test_none_begins_in_a_thread(
        self, db: Transaction, bob: Actor, thread: Thread
    ) -> None:
        with pytest.raises(ChannelNotFound):
            await groups.create_thread(db, bob, thread.id, NewThread("deeper"))

    @pytest.mark.parametrize(
        ("private", "permission"),
        [(False, Permission.CREATE_PUBLIC_THREADS), (True, Permission.CREATE_PRIVATE_THREADS)],
    )
    async def test_needs_the_right_to(
        self,
        db: Transaction,
        bob: Actor,
        group: UUID,
        channel: UUID,
        *,
        private: bool,
        permission: Permission,
    ) -> None:
        await overwrite(db, channel, group, deny=permission)
        with pytest.raises(MissingPermission) as error:
            await groups.create_thread(db, bob, channel, NewThread("x", private=private))
        assert error.value.extra == {"permission": permission.name}

    async def test_refuses_what_makes_no_sense(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        sent = await say(db, ann, channel)
        with pytest.raises(Invalid):
            await groups.create_thread(db, bob, channel, NewThread(" "))
        private = NewThread("x", private=True)
        with pytest.raises(Invalid):
            await groups.create_thread(db, ann, channel, private, message_id=sent.id)
        with pytest.raises(MissingPermission):
            await groups.create_thread(db, bob, channel, NewThread("x", slow_mode=5))

    async def test_none_begins_in_what_is_archived(
        self, db: Transaction, ann: Actor, channel: UUID
    ) -> None:
        await db.value("UPDATE group_channels SET archived_at = now() WHERE id = $1", channel)
        with pytest.raises(ChannelArchived):
            await groups.create_thread(db, ann, channel, NewThread("x"))


class TestSpeaking:
    async def test_has_its_own_log_and_follows(
        self, db: Transaction, ann: Actor, bob: Actor, thread: Thread, happened: Happened
    ) -> None:
        sent = await say(db, ann, thread.id)
        assert sent.seq == 1
        assert happened(messaging.MessageSent)[-1].topic == f"thread:{thread.id}"
        shown = await groups.get_thread(db, ann, thread.id)
        assert shown.following
        assert shown.follower_count == 2
        again = await say(db, ann, thread.id)
        assert again.seq == 2
        assert len(happened(ThreadFollowed)) == 2

    async def test_takes_the_channel_s_right_for_threads(
        self, db: Transaction, bob: Actor, group: UUID, channel: UUID, thread: Thread
    ) -> None:
        await overwrite(db, channel, group, deny=Permission.SEND_MESSAGES)
        await say(db, bob, thread.id)
        await overwrite(db, channel, group, deny=Permission.SEND_MESSAGES_IN_THREADS)
        with pytest.raises(MissingPermission) as error:
            await say(db, bob, thread.id)
        assert error.value.extra == {"permission": "SEND_MESSAGES_IN_THREADS"}

    async def test_opens_what_was_archived(
        self, db: Transaction, ann: Actor, bob: Actor, thread: Thread, happened: Happened
    ) -> None:
        await groups.update_thread(db, bob, thread.id, ThreadChange(archived=True))
        await say(db, ann, thread.id)
        assert (await groups.get_thread(db, ann, thread.id)).archived_at is None
        assert [event.topic.partition(":")[0] for event in happened(ThreadUpdated)] == [
            "channel",
            "thread",
        ] * 2

    async def test_leaves_nothing_where_it_is_gone_since(
        self, db: Transaction, ann: Actor, carl: Actor, thread: Thread, happened: Happened
    ) -> None:
        access = await get_access(db, carl.id, thread.id)
        await groups.delete_thread(db, ann, thread.id)
        before = len(happened(ThreadFollowed))
        await CHANNELS.said(db, carl, access)
        assert len(happened(ThreadFollowed)) == before

    async def test_is_for_moderators_where_it_is_locked(
        self, db: Transaction, ann: Actor, bob: Actor, thread: Thread
    ) -> None:
        await groups.update_thread(db, ann, thread.id, ThreadChange(archived=True, locked=True))
        with pytest.raises(ThreadLocked):
            await say(db, bob, thread.id)
        await say(db, ann, thread.id)

    async def test_has_a_pace_of_its_own(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID, thread: Thread
    ) -> None:
        await groups.update_thread(db, ann, thread.id, ThreadChange(slow_mode=60))
        await say(db, bob, thread.id)
        with pytest.raises(messaging.SlowMode):
            await say(db, bob, thread.id)
        await say(db, bob, channel)

    async def test_is_archived_with_its_channel(
        self, db: Transaction, bob: Actor, channel: UUID, thread: Thread
    ) -> None:
        await db.value("UPDATE group_channels SET archived_at = now() WHERE id = $1", channel)
        with pytest.raises(ChannelArchived):
            await say(db, bob, thread.id)


class TestPrivateThreads:
    async def test_are_not_there_for_others(
        self, db: Transaction, carl: Actor, channel: UUID, secret: Thread, happened: Happened
    ) -> None:
        assert happened(ThreadCreated) == []
        with pytest.raises(ThreadNotFound):
            await groups.get_thread(db, carl, secret.id)
        with pytest.raises(ChannelNotFound):
            await say(db, carl, secret.id)
        with pytest.raises(ThreadNotFound):
            await groups.follow_thread(db, carl, secret.id)
        assert (await groups.list_threads(db, carl, channel)).items == []

    async def test_who_manages_threads_sees_them(
        self, db: Transaction, ann: Actor, channel: UUID, secret: Thread
    ) -> None:
        (shown,) = (await groups.list_threads(db, ann, channel)).items
        assert shown.id == secret.id
        await say(db, ann, secret.id)

    async def test_who_is_brought_in_sees_them_until_they_go(
        self, db: Transaction, bob: Actor, carl: Actor, secret: Thread, happened: Happened
    ) -> None:
        await groups.add_thread_member(db, bob, secret.id, carl.id)
        await say(db, carl, secret.id)
        await groups.unfollow_thread(db, carl, secret.id)
        with pytest.raises(ChannelNotFound):
            await say(db, carl, secret.id)
        (changed,) = happened(groups.RightsChanged)[-1:]
        assert (changed.user_ids, changed.channel_ids) == ([carl.id], [secret.id])
        (event,) = happened(ThreadUnfollowed)
        assert event.user_id == carl.id

    async def test_tell_their_own_topic_of_changes(
        self, db: Transaction, bob: Actor, secret: Thread, happened: Happened
    ) -> None:
        await groups.update_thread(db, bob, secret.id, ThreadChange(name="more"))
        (event,) = happened(ThreadUpdated)
        assert event.topic == f"thread:{secret.id}"


class TestUpdateThread:
    async def test_is_its_owner_s(
        self, db: Transaction, bob: Actor, carl: Actor, thread: Thread
    ) -> None:
        named = await groups.update_thread(db, bob, thread.id, ThreadChange(name="better"))
        assert named.name == "better"
        for change in (ThreadChange(name="x"), ThreadChange(archived=True)):
            with pytest.raises(MissingPermission):
                await groups.update_thread(db, carl, thread.id, change)
        for change in (ThreadChange(locked=True), ThreadChange(slow_mode=3)):
            with pytest.raises(MissingPermission):
                await groups.update_thread(db, bob, thread.id, change)

    async def test_is_not_its_owner_s_while_they_may_not_speak(
        self, db: Transaction, bob: Actor, channel: UUID, thread: Thread
    ) -> None:
        change, right = ThreadChange(name="shout"), Permission.SEND_MESSAGES_IN_THREADS
        await db.value(
            "UPDATE group_members SET timed_out_until = now() + interval '1 hour' WHERE user_id = $1",
            bob.id,
        )
        with pytest.raises(MissingPermission):
            await groups.update_thread(db, bob, thread.id, change)
        await db.value("UPDATE group_members SET timed_out_until = NULL WHERE user_id = $1", bob.id)
        await overwrite(db, channel, bob.id, deny=right)
        for denied in (change, ThreadChange(archived=True)):
            with pytest.raises(MissingPermission):
                await groups.update_thread(db, bob, thread.id, denied)

    async def test_opening_is_for_who_may_speak(
        self, db: Transaction, ann: Actor, bob: Actor, carl: Actor, thread: Thread
    ) -> None:
        await groups.update_thread(db, bob, thread.id, ThreadChange(archived=True))
        opened = await groups.update_thread(db, carl, thread.id, ThreadChange(archived=False))
        assert opened.archived_at is None
        await groups.update_thread(db, ann, thread.id, ThreadChange(locked=True, archived=True))
        for actor in (bob, carl):
            with pytest.raises(ThreadLocked):
                await groups.update_thread(db, actor, thread.id, ThreadChange(archived=False))

    async def test_what_is_as_it_was_is_not_told(
        self, db: Transaction, bob: Actor, thread: Thread, happened: Happened
    ) -> None:
        await groups.update_thread(db, bob, thread.id, ThreadChange(name="plans", archived=False))
        assert happened(ThreadUpdated) == []

    async def test_archived_ones_are_opened_while_there_is_room(
        self, db: Transaction, bob: Actor, channel: UUID, thread: Thread
    ) -> None:
        few = groups.Limits(group_threads_max=1)
        await groups.update_thread(db, bob, thread.id, ThreadChange(archived=True), limits=few)
        other = await groups.create_thread(db, bob, channel, NewThread("other"), limits=few)
        with pytest.raises(TooManyThreads):
            await groups.update_thread(db, bob, thread.id, ThreadChange(archived=False), limits=few)
        await say(db, bob, thread.id, "but nobody is refused a word for it")
        assert (await groups.get_thread(db, bob, thread.id)).archived_at is None
        named = ThreadChange(name="others", archived=False)
        changed = await groups.update_thread(db, bob, other.id, named, limits=few)
        assert changed.name == "others"

    async def test_moderators_are_in_the_audit_log(
        self, db: Transaction, ann: Actor, group: UUID, thread: Thread
    ) -> None:
        await groups.update_thread(db, ann, thread.id, ThreadChange(locked=True))
        sql = (
            "SELECT changes FROM group_audit_log WHERE group_id = $1 AND action = 'thread_updated'"
        )
        assert await db.values(sql, group) == [{"locked": {"before": False, "after": True}}]


class TestDeleteThread:
    async def test_takes_everything_along(
        self, db: Transaction, ann: Actor, bob: Actor, thread: Thread, happened: Happened
    ) -> None:
        await say(db, bob, thread.id)
        with pytest.raises(MissingPermission):
            await groups.delete_thread(db, bob, thread.id)
        await groups.delete_thread(db, ann, thread.id)
        with pytest.raises(ThreadNotFound):
            await groups.get_thread(db, bob, thread.id)
        (event,) = happened(ThreadDeleted)
        assert body(event)["id"] == str(thread.id)


class TestListThreads:
    async def test_open_ones_newest_first(self, db: Transaction, bob: Actor, channel: UUID) -> None:
        made = [await groups.create_thread(db, bob, channel, NewThread(str(n))) for n in range(5)]
        first = await groups.list_threads(db, bob, channel, limit=3)
        rest = await groups.list_threads(db, bob, channel, limit=3, after=first.after)
        ids = [one.id for one in (*first.items, *rest.items)]
        assert ids == [one.id for one in reversed(made)]
        assert rest.after is None

    async def test_archived_ones_for_who_reads_history(
        self, db: Transaction, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        made = [await groups.create_thread(db, bob, channel, NewThread(str(n))) for n in range(3)]
        for one in (made[1], made[0]):
            await groups.update_thread(db, bob, one.id, ThreadChange(archived=True))
        assert [one.id for one in (await groups.list_threads(db, bob, channel)).items] == [
            made[2].id
        ]
        page = await groups.list_threads(db, bob, channel, archived=True)
        assert [one.id for one in page.items] == [made[0].id, made[1].id]
        await overwrite(db, channel, group, deny=Permission.READ_MESSAGE_HISTORY)
        assert (await groups.list_threads(db, bob, channel, archived=True)).items == []


class TestMembers:
    async def test_are_listed(
        self, db: Transaction, ann: Actor, bob: Actor, thread: Thread
    ) -> None:
        await groups.follow_thread(db, ann, thread.id)
        await groups.follow_thread(db, ann, thread.id)
        page = await groups.list_thread_members(db, bob, thread.id)
        assert [one.id for one in page.items] == sorted([ann.id, bob.id])

    async def test_must_see_the_channel(
        self, db: Transaction, bob: Actor, eve: Actor, carl: Actor, channel: UUID, thread: Thread
    ) -> None:
        await overwrite(db, channel, carl.id, deny=Permission.VIEW_CHANNEL)
        for id in (eve.id, carl.id, uuid4()):
            with pytest.raises(groups.MemberNotFound):
                await groups.add_thread_member(db, bob, thread.id, id)

    async def test_are_not_brought_in_past_a_block(
        self, db: Transaction, bob: Actor, carl: Actor, thread: Thread
    ) -> None:
        await block(db, carl, bob)
        with pytest.raises(messaging.CannotAdd):
            await groups.add_thread_member(db, bob, thread.id, carl.id)

    async def test_are_shown_out_by_moderators(
        self, db: Transaction, ann: Actor, bob: Actor, carl: Actor, group: UUID, thread: Thread
    ) -> None:
        await groups.follow_thread(db, carl, thread.id)
        with pytest.raises(MissingPermission):
            await groups.remove_thread_member(db, bob, thread.id, carl.id)
        await give(db, group, bob, await make_role(db, group, Permission.MANAGE_THREADS))
        await groups.remove_thread_member(db, bob, thread.id, carl.id)
        with pytest.raises(groups.MemberNotFound):
            await groups.remove_thread_member(db, bob, thread.id, carl.id)

    async def test_are_not_too_many(
        self,
        db: Transaction,
        ann: Actor,
        bob: Actor,
        thread: Thread,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        sql = FOLLOW.replace(str(FOLLOWERS_MAX), "1")
        monkeypatch.setattr("cgraph.groups.thread_members.FOLLOW", sql)
        with pytest.raises(ThreadFull):
            await groups.follow_thread(db, ann, thread.id)
        await groups.follow_thread(db, bob, thread.id)


class TestArchiveQuiet:
    async def test_archives_what_nobody_speaks_in(
        self, db: Transaction, ann: Actor, bob: Actor, channel: UUID, thread: Thread
    ) -> None:
        lively = await groups.create_thread(db, bob, channel, NewThread("lively"))
        patient = await groups.create_thread(
            db, bob, channel, NewThread("patient", auto_archive=10080)
        )
        await db.value("UPDATE group_threads SET inserted_at = now() - interval '4 days'")
        for one in (thread, patient):
            sql = "UPDATE streams SET active_at = now() - interval '3 days' WHERE id = $1"
            await db.value(sql, one.id)
        assert await groups.archive_quiet(db) >= 1
        assert (await groups.get_thread(db, bob, thread.id)).archived_at is not None
        for one in (lively, patient):
            assert (await groups.get_thread(db, bob, one.id)).archived_at is None
        assert await groups.archive_quiet(db) == 0


class TestUnread:
    async def test_is_counted_for_who_follows(
        self, db: Transaction, ann: Actor, bob: Actor, carl: Actor, group: UUID, thread: Thread
    ) -> None:
        await say(db, ann, thread.id)
        await say(db, ann, thread.id)
        counted = {
            one.conversation_id: one.unread
            for one in await groups.list_channel_unread(db, bob, group)
        }
        assert counted[thread.id] == 2
        others = await groups.list_channel_unread(db, carl, group)
        assert thread.id not in {one.conversation_id for one in others}
        await messaging.mark_read(db, bob, thread.id, messaging.ReadMarker(), gate=CHANNELS)
        assert (await groups.get_channel_unread(db, bob, thread.id)).unread == 0
