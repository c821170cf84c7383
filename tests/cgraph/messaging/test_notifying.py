"""What is said reaches those whom it concerns: the inbox at once, pushes and mail a little later."""

from datetime import timedelta

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import ImportedMessage, MessageEdit, NewScheduledMessage, ReadMarker
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.jobs.testing import refute_enqueued
from support.phones import give_device
from support.talk import block, open_between, say
from support.telling import REST, Node, address


@pytest.fixture
def node(db: Transaction, monkeypatch: pytest.MonkeyPatch) -> Node:
    node = Node(db)
    node.hold(monkeypatch)
    return node


async def reach(db: Transaction, actor: Actor) -> None:
    """By push and by mail."""
    await give_device(db, actor.id)
    await address(db, actor.id)


class TestMention:
    async def test_of_somebody_away(self, node: Node, ann: Actor, bob: Actor, eve: Actor) -> None:
        db = node.db
        await reach(db, bob)
        id = await open_between(db, ann, bob, eve)
        sent = await say(db, ann, id, f"hello @{bob.username}")
        await node.work()
        (entry,) = await node.inbox(bob.id)
        assert (entry["kind"], entry["subject_id"]) == ("mention", str(sent.id))
        assert entry["read_at"] is None
        assert not node.pushes
        await node.later()
        (push,) = node.pushes
        assert push.id == str(sent.id)
        assert push.title == ann.username
        assert push.body == "mentioned you"
        assert push.badge == 1
        assert not node.mails
        await node.later(120)
        (mail,) = node.mails
        assert mail.subject == f"{ann.username} mentioned you"
        rows = {row.user_id: row for row in await node.outcomes()}
        assert (rows[bob.id].state, rows[bob.id].rule) == ("sent", "default")
        assert (rows[eve.id].state, rows[eve.id].rule) == ("suppressed", "no_device")
        assert ann.id not in rows

    async def test_that_was_read_meanwhile(
        self, node: Node, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        db = node.db
        await reach(db, bob)
        id = await open_between(db, ann, bob, eve)
        await say(db, ann, id, f"hello @{bob.username}")
        await node.work()
        await messaging.mark_read(db, bob, id, ReadMarker())
        await node.later()
        await node.later(120)
        assert not node.pushes
        assert not node.mails
        (entry,) = await node.inbox(bob.id)
        assert entry["read_at"] is not None
        (row,) = [row for row in await node.outcomes() if row.user_id == bob.id]
        assert (row.state, row.rule) == ("suppressed", "already_read")

    async def test_by_an_edit(self, node: Node, ann: Actor, bob: Actor, eve: Actor) -> None:
        id = await open_between(node.db, ann, bob, eve)
        sent = await say(node.db, ann, id, "hello")
        await node.work()
        assert not await node.inbox(bob.id)
        for text in (f"hello @{bob.username}", "hello", f"hello again @{bob.username}"):
            await messaging.edit_message(node.db, ann, id, sent.id, MessageEdit(text))
            await node.later(REST)
            assert len(await node.inbox(bob.id)) == (text.startswith("hello @")), text
        mentions = [row for row in await node.outcomes() if row.kind == "mention"]
        assert [row.user_id for row in mentions] == [bob.id]

    async def test_is_none_once_edited_away(
        self, node: Node, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        id = await open_between(node.db, ann, bob, eve)
        sent = await say(node.db, ann, id, f"hello @{bob.username}")
        await messaging.edit_message(node.db, ann, id, sent.id, MessageEdit("hello"))
        await node.work()
        assert not [row for row in await node.outcomes() if row.kind == "mention"]

    async def test_that_is_deleted_is_gone(
        self, node: Node, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        await reach(node.db, bob)
        id = await open_between(node.db, ann, bob, eve)
        sent = await say(node.db, ann, id, f"hello @{bob.username}")
        await node.work()
        await messaging.delete_message(node.db, ann, id, sent.id)
        assert not await node.inbox(bob.id)
        await node.later()
        await node.later(120)
        assert not node.pushes + node.mails
        (row,) = [row for row in await node.outcomes() if row.user_id == bob.id]
        assert (row.state, row.rule) == ("suppressed", "gone")

    async def test_of_somebody_who_is_shown_out(
        self, node: Node, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        await reach(node.db, bob)
        id = await open_between(node.db, ann, bob, eve)
        await say(node.db, ann, id, f"hello @{bob.username}")
        await node.work()
        await messaging.remove_participant(node.db, ann, id, bob.id)
        assert not await node.inbox(bob.id)
        await node.later()
        assert not node.pushes
        (row,) = [row for row in await node.outcomes() if row.user_id == bob.id]
        assert (row.state, row.rule) == ("suppressed", "no_access")


class TestDirect:
    async def test_is_one_entry_until_it_is_read(self, node: Node, ann: Actor, bob: Actor) -> None:
        id = await open_between(node.db, ann, bob)
        for text in ("one", "two", "three"):
            await say(node.db, ann, id, text)
        await node.later(REST)
        (entry,) = await node.inbox(bob.id)
        assert (entry["kind"], entry["event_count"], entry["actor_count"]) == ("dm", 3, 1)
        await messaging.mark_read(node.db, bob, id, ReadMarker())
        (entry,) = await node.inbox(bob.id)
        assert entry["read_at"] is not None
        await say(node.db, ann, id, "four")
        await node.later(REST)
        (anew,) = await node.inbox(bob.id)
        assert (anew["id"], anew["event_count"], anew["read_at"]) == (entry["id"], 1, None)

    async def test_several_are_one_push(self, node: Node, ann: Actor, bob: Actor) -> None:
        await reach(node.db, bob)
        id = await open_between(node.db, ann, bob)
        for text in ("one", "two"):
            await say(node.db, ann, id, text)
            await node.later(REST)
        await node.later()
        (push,) = node.pushes
        assert (push.collapse, push.badge) == (f"conversation:{id}", 2)
        assert {row.state for row in await node.outcomes()} == {"sent"}


class TestReaction:
    async def test_folds_and_is_taken_back(
        self, node: Node, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        id = await open_between(node.db, ann, bob, eve)
        sent = await say(node.db, ann, id, "hello")
        for actor in (bob, eve, ann):
            await messaging.add_reaction(node.db, actor, id, sent.id, "👍")
        await node.later(REST)
        (entry,) = await node.inbox(ann.id)
        assert (entry["kind"], entry["event_count"], entry["actor_count"]) == ("reaction", 2, 2)
        await messaging.remove_reaction(node.db, bob, id, sent.id, "👍")
        (entry,) = await node.inbox(ann.id)
        assert (entry["event_count"], entry["actor_ids"]) == (1, [str(eve.id)])
        await messaging.remove_reaction(node.db, eve, id, sent.id, "👍")
        assert not await node.inbox(ann.id)


class TestTellParticipants:
    async def test_tells_much_in_several_steps(
        self, node: Node, ann: Actor, bob: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cgraph.messaging.notifying.AT_ONCE", 3)
        id = await open_between(node.db, ann, bob)
        for n in range(7):
            await say(node.db, ann, id, f"{n}")
        await node.work()
        assert len(await node.outcomes()) == 7
        (entry,) = await node.inbox(bob.id)
        assert entry["event_count"] == 7

    async def test_tells_nobody_of_notes_to_self(self, node: Node, ann: Actor) -> None:
        id = await open_between(node.db, ann)
        await say(node.db, ann, id)
        await refute_enqueued(node.db, messaging.notify_participants)

    async def test_tells_nobody_of_history(self, node: Node, ann: Actor, bob: Actor) -> None:
        """What was imported is in no log."""
        id = await open_between(node.db, ann, bob)
        old = ImportedMessage(new_id(), ann.id, "long ago", clock.now())
        await messaging.import_messages(node.db, id, [old])
        await say(node.db, ann, id, "now")
        await node.work()
        (entry,) = await node.inbox(bob.id)
        assert entry["event_count"] == 1

    async def test_tells_who_could_not_say_it_later(
        self, node: Node, ann: Actor, bob: Actor
    ) -> None:
        await reach(node.db, ann)
        id = await open_between(node.db, ann, bob)
        new = NewScheduledMessage("later", clock.now() + timedelta(minutes=5))
        scheduled = await messaging.schedule_message(node.db, ann, id, new)
        await block(node.db, bob, ann)
        await node.later(301)
        (entry,) = await node.inbox(ann.id)
        assert (entry["kind"], entry["subject_id"]) == (
            "scheduled_send_failed",
            str(scheduled.id),
        )
        await node.later()
        (push,) = node.pushes
        assert push.title == "A scheduled message could not be sent"
