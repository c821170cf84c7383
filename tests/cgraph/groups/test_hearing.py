"""Who is told of what is said in channels and threads: those whom it concerns, and nobody else."""

from uuid import UUID

import pytest

from cgraph import groups, messaging, notifications
from cgraph.accounts import Actor
from cgraph.groups import CHANNELS, NewThread, Permission
from cgraph.messaging import MessageEdit, ReadMarker
from cgraph.notifications import PreferenceChange
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from support.channels import say
from support.communities import enter, give, make_role, overwrite
from support.phones import give_device
from support.talk import make_actor
from support.telling import Node


@pytest.fixture
def node(db: Transaction, monkeypatch: pytest.MonkeyPatch) -> Node:
    node = Node(db)
    node.hold(monkeypatch)
    return node


async def told(node: Node) -> dict[UUID, list[str]]:
    """By person the kinds of what they were told, or might have been."""
    found: dict[UUID, list[str]] = {}
    for row in await node.outcomes():
        found.setdefault(row.user_id, []).append(row.kind)
    return found


class TestMessages:
    async def test_concern_nobody_by_themselves(
        self, node: Node, ann: Actor, bob: Actor, carl: Actor, channel: UUID
    ) -> None:
        for actor in (bob, carl):
            await say(node.db, actor, channel)
        await node.work()
        assert await told(node) == {}

    async def test_reach_whom_they_name_answer_and_react_to(
        self, node: Node, ann: Actor, bob: Actor, carl: Actor, channel: UUID
    ) -> None:
        first = await say(node.db, bob, channel)
        await say(node.db, ann, channel, f"@{carl.username}", reply_to=first.id)
        await messaging.add_reaction(node.db, ann, channel, first.id, "👍", gate=CHANNELS)
        await node.work()
        assert await told(node) == {bob.id: ["reply", "reaction"], carl.id: ["mention"]}
        (entry,) = await node.inbox(carl.id)
        assert (entry["scope"], entry["scope_id"]) == ("channel", str(channel))

    async def test_are_shown_in_a_push(
        self, node: Node, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        await give_device(node.db, bob.id)
        await say(node.db, ann, channel, f"look @{bob.username}")
        await node.work()
        await node.later()
        (push,) = node.pushes
        assert push.title == f"{ann.username} in #general"

    async def test_do_not_reach_who_lost_the_right_meanwhile(
        self, node: Node, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        await give_device(node.db, bob.id)
        await say(node.db, ann, channel, f"look @{bob.username}")
        await node.work()
        await overwrite(node.db, channel, bob.id, deny=Permission.VIEW_CHANNEL)
        await node.later()
        assert not node.pushes
        (row,) = await node.outcomes()
        assert (row.state, row.rule) == ("suppressed", "no_access")

    async def test_are_read_with_the_channel(
        self, node: Node, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        await say(node.db, ann, channel, f"look @{bob.username}")
        await node.work()
        await messaging.mark_read(node.db, bob, channel, ReadMarker(), gate=CHANNELS)
        (entry,) = await node.inbox(bob.id)
        assert entry["read_at"] is not None

    async def test_edits_call_whom_they_newly_name(
        self, node: Node, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        sent = await say(node.db, ann, channel, "-")
        edit = MessageEdit(f"@{bob.username}")
        await messaging.edit_message(node.db, ann, channel, sent.id, edit, gate=CHANNELS)
        await node.work()
        assert await told(node) == {bob.id: ["mention"]}


class TestLevels:
    async def test_all_hears_everything(
        self, node: Node, ann: Actor, bob: Actor, carl: Actor, group: UUID, channel: UUID
    ) -> None:
        change = PreferenceChange(level="all")
        await groups.change_channel_preference(node.db, bob, channel, change)
        await groups.change_group_preference(node.db, carl, group, change)
        await say(node.db, ann, channel)
        await node.work()
        assert await told(node) == {bob.id: ["message"], carl.id: ["message"]}

    async def test_of_the_group_holds_where_none_is_set(
        self, node: Node, ann: Actor, bob: Actor, carl: Actor, group: UUID, channel: UUID
    ) -> None:
        for actor in (bob, carl):
            await give_device(node.db, actor.id)
        await node.db.value("UPDATE groups SET default_level = 'all' WHERE id = $1", group)
        own = PreferenceChange(level="mentions")
        await groups.change_group_preference(node.db, carl, group, own)
        await say(node.db, ann, channel)
        await node.work()
        await node.later()
        rows = {row.user_id: (row.state, row.rule) for row in await node.outcomes()}
        assert rows == {bob.id: ("sent", "default"), carl.id: ("suppressed", "level")}

    async def test_of_a_large_group_does_not_tell_everybody_everything(
        self, node: Node, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        sql = "UPDATE groups SET default_level = 'all', member_count = 251 WHERE id = $1"
        await node.db.value(sql, group)
        await say(node.db, ann, channel)
        await node.work()
        assert await told(node) == {}

    async def test_mentions_of_the_group_leave_answers_out(
        self, node: Node, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        await give_device(node.db, bob.id)
        await node.db.value("UPDATE groups SET default_level = 'mentions' WHERE id = $1", group)
        first = await say(node.db, bob, channel)
        await say(node.db, ann, channel, reply_to=first.id)
        await node.work()
        (row,) = await node.outcomes()
        assert (row.kind, row.state, row.rule) == ("reply", "suppressed", "level")

    async def test_near_ones_come_first(
        self, node: Node, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        thread = await groups.create_thread(node.db, bob, channel, NewThread("x"))
        scopes = await groups.get_thread_scopes(node.db, bob, thread.id)
        assert [(one.kind, one.id) for one in scopes] == [
            ("thread", thread.id),
            ("channel", channel),
            ("group", group),
        ]

    async def test_are_forgotten_by_who_leaves(
        self, node: Node, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        change = PreferenceChange(muted=True)
        await groups.change_channel_preference(node.db, bob, channel, change)
        await groups.leave_group(node.db, bob, group)
        assert (await notifications.list_preferences(node.db, bob)).items == []


class TestThreads:
    async def test_tell_who_follows(
        self, node: Node, ann: Actor, bob: Actor, carl: Actor, channel: UUID
    ) -> None:
        thread = await groups.create_thread(node.db, bob, channel, NewThread("x"))
        await say(node.db, ann, thread.id, "one")
        await say(node.db, ann, thread.id, "two")
        await node.work()
        assert await told(node) == {bob.id: ["thread_reply", "thread_reply"]}
        (entry,) = await node.inbox(bob.id)
        assert (entry["subject_id"], entry["event_count"]) == (str(thread.id), 2)

    async def test_private_ones_tell_nobody_else(
        self, node: Node, ann: Actor, bob: Actor, carl: Actor, channel: UUID
    ) -> None:
        thread = await groups.create_thread(node.db, bob, channel, NewThread("x", private=True))
        change = PreferenceChange(level="all")
        await groups.change_channel_preference(node.db, carl, channel, change)
        await say(node.db, ann, thread.id, "@everyone")
        await node.work()
        assert set(await told(node)) == {bob.id}


class TestCalls:
    async def test_reach_everybody_who_can_see_it(
        self, node: Node, ann: Actor, bob: Actor, carl: Actor, channel: UUID
    ) -> None:
        await overwrite(node.db, channel, carl.id, deny=Permission.VIEW_CHANNEL)
        await say(node.db, ann, channel, "@everyone")
        await node.work()
        assert await told(node) == {bob.id: ["everyone"]}

    async def test_say_it_once_and_best(
        self, node: Node, ann: Actor, bob: Actor, carl: Actor, group: UUID, channel: UUID
    ) -> None:
        dora = await make_actor(node.db, "dora")
        role = await make_role(node.db, group, name="guild")
        await enter(node.db, group, dora, role_ids=[role])
        await say(node.db, ann, channel, f"@everyone @guild @{bob.username}")
        await node.work()
        expected = {bob.id: ["mention"], carl.id: ["everyone"], dora.id: ["role_mention"]}
        assert await told(node) == expected

    async def test_here_is_for_who_is_online(
        self, node: Node, ann: Actor, bob: Actor, carl: Actor, channel: UUID
    ) -> None:
        await node.db.value(
            "INSERT INTO online (user_id, node, seen_at) VALUES ($1, 'n', $2)",
            bob.id,
            clock.now(),
        )
        await say(node.db, ann, channel, "@here")
        await node.work()
        assert await told(node) == {bob.id: ["everyone"]}
        for actor, mentions in ((bob, 1), (carl, 0)):
            counted = await groups.get_channel_unread(node.db, actor, channel)
            assert counted.mentions == mentions

    async def test_can_be_ignored(
        self, node: Node, ann: Actor, bob: Actor, group: UUID, channel: UUID
    ) -> None:
        ignoring = PreferenceChange(ignore_everyone=True)
        await give_device(node.db, bob.id)
        await groups.change_group_preference(node.db, bob, group, ignoring)
        await say(node.db, ann, channel, "@everyone")
        await node.work()
        (row,) = await node.outcomes()
        assert (row.state, row.rule) == ("suppressed", "everyone_ignored")

    async def test_are_taken_back_with_the_message(
        self, node: Node, ann: Actor, bob: Actor, carl: Actor, channel: UUID
    ) -> None:
        sent = await say(node.db, ann, channel, "@everyone")
        await node.work()
        assert await node.inbox(bob.id)
        await messaging.delete_message(node.db, ann, channel, sent.id, gate=CHANNELS)
        await node.work()
        assert not await node.inbox(bob.id)
        assert not await node.inbox(carl.id)

    async def test_of_what_is_deleted_before_reach_nobody(
        self, node: Node, ann: Actor, bob: Actor, channel: UUID
    ) -> None:
        sent = await say(node.db, ann, channel, "@everyone")
        await messaging.delete_message(node.db, ann, channel, sent.id, gate=CHANNELS)
        await node.work()
        assert await told(node) == {}

    async def test_reach_many_in_parts(
        self,
        node: Node,
        ann: Actor,
        group: UUID,
        channel: UUID,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("cgraph.groups.calling.AT_ONCE", 2)
        role = await make_role(node.db, group, name="guild")
        people = [await make_actor(node.db, f"m{n}") for n in range(5)]
        await enter(node.db, group, *people)
        for person in people:
            await give(node.db, group, person, role)
        await say(node.db, ann, channel, "@guild")
        await node.work()
        assert set(await told(node)) == {person.id for person in people}
