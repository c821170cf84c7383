"""What a client has missed."""

from uuid import uuid4

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import ConversationNotFound, Limits, read_since
from cgraph_kit.db import Transaction
from support.talk import make_actor, open_between, say


class TestReadSince:
    async def test_all_of_it_in_order(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        id = await open_between(db, ann, bob)
        sent = await say(db, ann, id)
        await messaging.add_reaction(db, bob, id, sent.id, "👍")
        await messaging.remove_reaction(db, bob, id, sent.id, "👍")
        await messaging.pin_message(db, bob, id, sent.id)
        await messaging.unpin_message(db, bob, id, sent.id)
        await messaging.edit_message(db, ann, id, sent.id, messaging.MessageEdit("x"))
        missed = await read_since(db, bob, id, 0)
        assert [(e.seq, e.type) for e in missed.events] == [
            (1, "new_message"),
            (2, "reaction_added"),
            (3, "reaction_removed"),
            (4, "new_message"),
            (5, "message_unpinned"),
            (6, "message_edited"),
        ]
        assert (await read_since(db, bob, id, 5)).events == missed.events[5:]
        durable = [e for e in db.events if isinstance(e, messaging.ConversationEvent)]
        assert [e.payload for e in durable] == [e.body() for e in missed.events]

    async def test_or_the_reason_to_reload(self, db: Transaction, ann: Actor) -> None:
        id = await open_between(db, ann)
        for _ in range(3):
            await say(db, ann, id)
        assert (await read_since(db, ann, id, 4)).reason == "ahead"
        limits = Limits(resume_max=2)
        assert (await read_since(db, ann, id, 0, limits=limits)).reason == "too_many"
        await db.value("DELETE FROM events WHERE stream_id = $1 AND seq = 1", id)
        assert (await read_since(db, ann, id, 0)).reason == "expired"
        assert (await read_since(db, ann, id, 1)).reason is None

    async def test_nothing_from_before_one_joined(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        group = await open_between(db, ann, bob, await make_actor(db))
        await say(db, ann, group, "secret")
        await messaging.add_participants(db, ann, group, messaging.NewParticipants([eve.id]))
        missed = await read_since(db, eve, group, 0)
        assert [e.seq for e in missed.events] == [2]

    async def test_where_it_stands(self, db: Transaction, ann: Actor) -> None:
        id = await open_between(db, ann)
        await say(db, ann, id)
        missed = await read_since(db, ann, id, None)
        assert (missed.seq, missed.events) == (1, [])

    async def test_not_for_strangers(self, db: Transaction, ann: Actor, eve: Actor) -> None:
        id = await open_between(db, ann)
        for unknown in (id, uuid4()):
            with pytest.raises(ConversationNotFound):
                await read_since(db, eve, unknown, 0)
