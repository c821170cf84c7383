"""Many at once in channels, with real commits; and on two nodes."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from cgraph import groups, messaging
from cgraph.accounts import Actor
from cgraph.groups import CHANNELS, ChannelNotFound, NewThread, ThreadFull
from cgraph.groups.thread import FOLLOW, FOLLOWERS_MAX
from cgraph.messaging import Sent, SlowMode
from cgraph_kit.db import Database
from support.channels import say
from support.communities import enter, first_channel, found
from support.later import until
from support.talk import make_actor, make_actors, open_between
from support.talk import say as speak


@pytest.fixture
async def other(dsn: str) -> AsyncIterator[Database]:
    """Another node's."""
    database = await Database.connect(dsn, pool_size=5)
    yield database
    await database.close()


class Scene:
    """A group's channel and its people; the first owns it."""

    def __init__(self, people: list[Actor], group: UUID, channel: UUID) -> None:
        self.people, self.group, self.channel = people, group, channel


@pytest.fixture
async def scene(database: Database) -> Scene:
    people = await make_actors(database, 6)
    group = await found(database, people[0])
    await enter(database, group, *people[1:])
    return Scene(people, group, await first_channel(database, group))


class TestSlowMode:
    async def test_lets_one_of_many_through_on_two_nodes(
        self, database: Database, other: Database, scene: Scene
    ) -> None:
        sql = "UPDATE group_channels SET slow_mode = 600 WHERE id = $1"
        await database.value(sql, scene.channel)
        bob = scene.people[1]
        outcomes = await asyncio.gather(
            *(
                say(node, bob, scene.channel, str(n))
                for n in range(10)
                for node in (database, other)
            ),
            return_exceptions=True,
        )
        assert len([one for one in outcomes if isinstance(one, Sent)]) == 1
        assert len([one for one in outcomes if isinstance(one, SlowMode)]) == 19


class TestShowingOut:
    async def test_nothing_is_said_by_who_is_being_banned(
        self, database: Database, other: Database, scene: Scene
    ) -> None:
        owner, bob, *_ = scene.people
        await say(database, bob, scene.channel, "hello")
        async with database.transaction() as tx:
            await groups.ban_member(tx, owner, scene.group, bob.id, groups.NewBan())
            # Their rights are still there to see; their row is held.
            late = asyncio.create_task(say(other, bob, scene.channel, "one more thing"))
            await _until_somebody_waits(database)
        with pytest.raises(ChannelNotFound):
            await late
        said = await messaging.list_messages(database, owner, scene.channel, gate=CHANNELS)
        assert [one.content for one in said.items] == ["hello"]

    async def test_nobody_is_let_in_by_a_row_made_too_late(
        self, database: Database, other: Database, scene: Scene
    ) -> None:
        owner, bob, *_ = scene.people
        await say(database, owner, scene.channel, "for members")
        async with database.transaction() as tx:
            # Bob has never looked in: he is allowed to, and then his row cannot be made for a while.
            sql = "SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE"
            await tx.value(sql, scene.channel)
            late = asyncio.create_task(
                messaging.list_messages(other, bob, scene.channel, gate=CHANNELS)
            )
            await _until_somebody_waits(database)
            await groups.ban_member(database, owner, scene.group, bob.id, groups.NewBan())
        with pytest.raises(ChannelNotFound):
            await late


async def _until_somebody_waits(database: Database) -> None:
    """For a row that another transaction holds."""
    sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple'))"

    async def waits() -> bool:
        found: bool = await database.value(sql)
        return found

    await until(waits)


class TestSending:
    async def test_numbers_have_no_holes_on_two_nodes(
        self, database: Database, other: Database, scene: Scene
    ) -> None:
        # Nobody has looked in yet: their rows are made meanwhile.
        sent = await asyncio.gather(
            *(
                say(node, person, scene.channel, str(n))
                for n in range(5)
                for person in scene.people
                for node in (database, other)
            )
        )
        assert sorted(one.seq for one in sent) == list(range(1, 61))
        for verified in await groups.verify_channel_unread(database, scene.people[0], scene.group):
            assert not verified.drifted

    async def test_shares_statements_with_conversations(
        self, database: Database, scene: Scene
    ) -> None:
        ann, bob, *_ = scene.people
        talks = [await open_between(database, ann, one) for one in scene.people[1:]]
        heard: list[messaging.MessageSent] = []
        before, database.subscriber = database.subscriber, heard.extend  # type: ignore[assignment]
        try:
            await asyncio.gather(
                *(speak(database, ann, id, f"hello @{bob.username}") for id in talks),
                *(say(database, one, scene.channel, "@everyone") for one in scene.people),
                *(speak(database, ann, id) for id in talks),
            )
        finally:
            database.subscriber = before
        said = [event for event in heard if isinstance(event, messaging.MessageSent)]
        topics = [event.topic.partition(":")[0] for event in said]
        assert (topics.count("conversation"), topics.count("channel")) == (10, 6)
        for event in said:
            assert (event.participant_ids is None) == (event.place == "channel")
        for id in talks:
            assert (await messaging.get_unread(database, ann, id)).last_seq == 2

    async def test_ends_where_the_channel_is_deleted(
        self, database: Database, other: Database, scene: Scene
    ) -> None:
        async def talk(person: Actor, node: Database) -> int:
            for n in range(40):
                try:
                    await say(node, person, scene.channel, str(n))
                except ChannelNotFound:
                    return n
            return 40

        async def end() -> None:
            await asyncio.sleep(0)
            async with database.transaction() as tx:
                await messaging.delete_places(tx, [scene.channel])
                await tx.value("DELETE FROM group_channels WHERE id = $1", scene.channel)

        talks = [talk(one, node) for one in scene.people for node in (database, other)]
        await asyncio.gather(end(), *talks)
        with pytest.raises(ChannelNotFound):
            await say(database, scene.people[0], scene.channel)

    async def test_ends_for_who_leaves(self, database: Database, scene: Scene) -> None:
        bob = scene.people[1]

        async def talk() -> None:
            for n in range(50):
                await say(database, bob, scene.channel, str(n))

        outcome, _ = await asyncio.gather(
            talk(), groups.leave_group(database, bob, scene.group), return_exceptions=True
        )
        assert outcome is None or isinstance(outcome, ChannelNotFound)
        with pytest.raises(ChannelNotFound):
            await say(database, bob, scene.channel)


class TestThreads:
    async def test_one_begins_at_a_message(
        self, database: Database, other: Database, scene: Scene
    ) -> None:
        owner, bob, *_ = scene.people
        sent = await say(database, owner, scene.channel)
        new = NewThread("x")
        async with database.transaction() as tx:
            first = await groups.create_thread(tx, owner, scene.channel, new, message_id=sent.id)
            late = asyncio.create_task(
                groups.create_thread(other, bob, scene.channel, new, message_id=sent.id)
            )
            await _until_somebody_waits(database)
        with pytest.raises(groups.ThreadExists) as there:
            await late
        assert there.value.extra == {"thread_id": str(first.id)}

    async def test_none_begins_where_the_channel_is_being_deleted(
        self, database: Database, other: Database, scene: Scene
    ) -> None:
        owner, bob, *_ = scene.people
        async with database.transaction() as tx:
            await groups.delete_channel(tx, owner, scene.channel)
            late = asyncio.create_task(
                groups.create_thread(other, bob, scene.channel, NewThread("x"))
            )
            await _until_somebody_waits(database)
        with pytest.raises(ChannelNotFound):
            await late

    async def test_are_never_too_full(
        self, database: Database, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        thread = await groups.create_thread(
            database, scene.people[0], scene.channel, NewThread("x")
        )
        sql = FOLLOW.replace(str(FOLLOWERS_MAX), "3")
        monkeypatch.setattr("cgraph.groups.thread_members.FOLLOW", sql)
        outcomes = await asyncio.gather(
            *(groups.follow_thread(database, person, thread.id) for person in scene.people[1:]),
            return_exceptions=True,
        )
        assert len([one for one in outcomes if isinstance(one, ThreadFull)]) == 3

    async def test_go_with_the_channel_though_begun_just_before(
        self, database: Database, other: Database, scene: Scene
    ) -> None:
        owner, bob, *_ = scene.people
        async with database.transaction() as tx:
            thread = await groups.create_thread(tx, bob, scene.channel, NewThread("x"))
            gone = asyncio.create_task(groups.delete_channel(other, owner, scene.channel))
            await _until_somebody_waits(database)
        await gone
        sql = "SELECT count(*) FROM streams WHERE id = $1"
        assert await database.value(sql, thread.id) == 0

    async def test_nobody_is_brought_in_who_is_being_shown_out(
        self, database: Database, other: Database, scene: Scene
    ) -> None:
        owner, bob, eve, *_ = scene.people
        new = NewThread("x", private=True)
        thread = await groups.create_thread(database, bob, scene.channel, new)
        async with database.transaction() as tx:
            await groups.ban_member(tx, owner, scene.group, eve.id, groups.NewBan())
            late = asyncio.create_task(groups.add_thread_member(other, bob, thread.id, eve.id))
            await _until_somebody_waits(database)
        with pytest.raises(groups.MemberNotFound):
            await late

    async def test_are_opened_once_by_many(self, database: Database, scene: Scene) -> None:
        thread = await groups.create_thread(
            database, scene.people[0], scene.channel, NewThread("x")
        )
        change = groups.ThreadChange(archived=True)
        await groups.update_thread(database, scene.people[0], thread.id, change)
        await asyncio.gather(*(say(database, one, thread.id) for one in scene.people))
        shown = await groups.get_thread(database, scene.people[0], thread.id)
        assert shown.archived_at is None
        assert shown.follower_count == len(scene.people)
        sql = "SELECT count(*) FROM events WHERE stream_id = $1 AND type = 'thread_updated'"
        assert await database.value(sql, scene.channel) == 2


class TestCalls:
    async def test_are_counted_by_who_reads_meanwhile(
        self, database: Database, scene: Scene
    ) -> None:
        ann, *others = scene.people
        carl = await make_actor(database, "carl")

        async def read(person: Actor) -> None:
            for _ in range(10):
                marker = messaging.ReadMarker()
                await messaging.mark_read(database, person, scene.channel, marker, gate=CHANNELS)

        await asyncio.gather(
            *(say(database, ann, scene.channel, "@everyone") for _ in range(10)),
            *(read(person) for person in others),
            enter(database, scene.group, carl),
        )
        for person in (*others, carl):
            for verified in await groups.verify_channel_unread(database, person, scene.group):
                assert not verified.drifted
