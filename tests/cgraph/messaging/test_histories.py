"""Whatever happens: everything that is said has one outcome for each who was there, and inboxes agree with them."""

import random
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

import pytest

from cgraph import messaging, notifications
from cgraph.accounts import Actor
from cgraph.messaging import ConversationNotFound, MessageEdit, NewParticipants, ReadMarker
from cgraph.notifications import PreferenceChange
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Error
from support.phones import give_device
from support.talk import block, make_actors, open_between, say
from support.telling import GRACE, Node, address

STEPS = 60


class History(NamedTuple):
    """What happens in a group, by dice."""

    node: Node
    people: list[Actor]
    conversation_id: UUID
    dice: random.Random
    there: dict[UUID, set[UUID]]
    """By message: who was there to hear it."""

    async def step(self) -> None:  # noqa: C901 (a table of what may happen)
        db, place, dice = self.node.db, self.conversation_id, self.dice
        actor, other = dice.sample(self.people, 2)
        with suppress(Error):
            match dice.randrange(12):
                case 0 | 1 | 2 | 3:
                    await self.say(actor, other)
                case 4:
                    await messaging.mark_read(db, actor, place, ReadMarker())
                case 5:
                    await messaging.delete_message(db, actor, place, dice.choice([*self.there]))
                case 6:
                    edit = MessageEdit(f"hello @{other.username} {dice.random()}")
                    await messaging.edit_message(db, actor, place, dice.choice([*self.there]), edit)
                case 7:
                    await self.leave_or_come(actor, other)
                case 8:
                    scope = notifications.conversation(place)
                    change = PreferenceChange(level=dice.choice(["all", "mentions", "none"]))
                    await notifications.change_preference(db, actor.id, scope, change)
                case 9:
                    await block(db, actor, other)
                case 10:
                    message = dice.choice([*self.there])
                    await messaging.add_reaction(db, actor, place, message, "👍")
                case _:
                    await self.node.later(dice.choice([1, 3, GRACE, 200]))

    async def say(self, actor: Actor, other: Actor) -> None:
        db, place = self.node.db, self.conversation_id
        reply = self.dice.choice([None, *self.there])
        text = self.dice.choice(["hello", f"hey @{other.username}"])
        sent = await say(db, actor, place, text, reply_to=reply)
        there = await messaging.list_participant_ids(db, place)
        self.there[sent.id] = {*there} - {actor.id}

    async def leave_or_come(self, actor: Actor, other: Actor) -> None:
        """Nobody may go unheard: what was said is told before."""
        await self.node.later(3)
        await messaging.leave_conversation(self.node.db, actor, self.conversation_id)
        new = NewParticipants([actor.id])
        await messaging.add_participants(self.node.db, other, self.conversation_id, new)


@pytest.fixture
async def history(
    db: Transaction, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> History:
    node = Node(db)
    node.hold(monkeypatch)
    people = await make_actors(db, 5)
    for actor in people[:3]:
        await give_device(db, actor.id)
        await address(db, actor.id)
    place = await open_between(db, *people)
    history = History(node, people, place, random.Random(request.param), {})  # noqa: S311
    await history.say(people[0], people[1])
    return history


class TestHistory:
    @pytest.mark.parametrize("history", range(6), indirect=True)
    async def test_gives_everything_one_outcome(self, history: History) -> None:
        for _ in range(STEPS):
            await history.step()
        for _ in range(4):
            await history.node.later(200)
        rows = await history.node.outcomes()
        pairs = [(row.event_id, row.user_id) for row in rows]
        assert len(pairs) == len(set(pairs))
        told = {pair for pair in pairs if pair[0] in history.there}
        assert told == {(id, user) for id, users in history.there.items() for user in users}
        assert {row.state for row in rows} <= {"sent", "suppressed"}
        assert await history.node.db.value("SELECT count(*) FROM notification_held") == 0
        assert await history.node.db.values(_DISAGREES) == []
        for actor in history.people:
            with suppress(ConversationNotFound):  # shown out by a block
                await messaging.mark_read(
                    history.node.db, actor, history.conversation_id, ReadMarker()
                )
            count = await notifications.count_notifications(history.node.db, actor)
            assert count.unread == 0

    @pytest.mark.parametrize("history", [7], indirect=True)
    async def test_sends_no_push_twice(self, history: History) -> None:
        for _ in range(STEPS):
            await history.step()
        sent = [(device.token, push.id) for device, push in history.node.pushers.sent]
        assert len(sent) == len(set(sent))
        assert len(sent) > 0


_DISAGREES = """
SELECT to_jsonb(n) FROM notifications n WHERE (event_count, actor_count) <> (
    SELECT count(*), count(DISTINCT o.actor_id) FROM notification_outcomes o
    WHERE o.user_id = n.user_id AND o.notification_id = n.id AND o.happened_at BETWEEN n.first_event_at AND n.last_event_at
)
"""
