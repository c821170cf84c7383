"""What is said reaches those whom it concerns: the inbox at once, pushes and mail a little later."""

from uuid import UUID

import pytest

from cgraph import accounts, messaging
from cgraph.accounts import Actor
from cgraph.messaging import ReadMarker
from cgraph_kit.db import Transaction
from support.phones import give_device
from support.talk import make_actors, open_between, say
from support.telling import Node, address


@pytest.fixture
def node(db: Transaction, monkeypatch: pytest.MonkeyPatch) -> Node:
    node = Node(db)
    node.hold(monkeypatch)
    return node


async def reach(db: Transaction, actor: Actor) -> None:
    """By push and by mail."""
    await give_device(db, actor.id)
    await address(db, actor.id)


async def group(db: Transaction, ann: Actor, *others: Actor) -> UUID:
    return await open_between(db, ann, *others)


class TestMention:
    async def test_of_somebody_away(self, node: Node, ann: Actor, bob: Actor, eve: Actor) -> None:
        db = node.db
        await reach(db, bob)
        id = await group(db, ann, bob, eve)
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
        id = await group(db, ann, bob, eve)
        await say(db, ann, id, f"hello @{bob.username}")
        await node.work()
        await messaging.mark_read(db, bob, id, ReadMarker())
        await node.later()
        await node.later(120)
        assert not node.pushes
        assert not node.mails
        (row,) = [row for row in await node.outcomes() if row.user_id == bob.id]
        assert (row.state, row.rule) == ("suppressed", "already_read")
