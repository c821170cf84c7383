"""Places of channels and threads: begun, left and gone."""

from datetime import UTC, datetime
from uuid import UUID

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging.sweeping import sweep
from cgraph_kit import streams
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


async def look_in(db: Transaction, place_id: UUID, actor: Actor) -> None:
    await db.value(
        "INSERT INTO participants (conversation_id, user_id, gated) VALUES ($1, $2, true)",
        place_id,
        actor.id,
    )


class TestCreatePlaces:
    async def test_they_have_streams(self, db: Transaction) -> None:
        ids = [new_id(), new_id()]
        await messaging.create_places(db, ids, "channel", at=BEGAN)
        assert await streams.last_seqs(db, ids) == dict.fromkeys(ids, 0)
        assert await messaging.get_active_at(db, ids) == dict.fromkeys(ids, BEGAN)


class TestDeletePlaces:
    async def test_nothing_of_them_stays(self, db: Transaction, ann: Actor) -> None:
        id = new_id()
        await messaging.create_place(db, id, "channel")
        await look_in(db, id, ann)
        await streams.append(db, id, "new_message", {})
        await db.value(
            "INSERT INTO messages (conversation_id, seq, nth, id, content, inserted_at) VALUES ($1, 1, 1, $2, '', now())",
            id,
            new_id(),
        )
        await messaging.delete_places(db, [id])
        (job,) = await db.values("SELECT args FROM jobs WHERE worker = 'sweep_places'")
        assert job == {"place_ids": [str(id)]}
        await sweep(db, [id])
        for table, key in (
            ("conversations", "id"),
            ("streams", "id"),
            ("participants", "conversation_id"),
            ("messages", "conversation_id"),
            ("events", "stream_id"),
        ):
            assert await db.value(f"SELECT count(*) FROM {table} WHERE {key} = $1", id) == 0

    async def test_without_any_nothing_happens(self, db: Transaction) -> None:
        await messaging.delete_places(db, [])
        assert await db.value("SELECT count(*) FROM jobs") == 0


class TestSilenceInPlaces:
    async def test_they_are_in_none_of_them(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        ids = [new_id(), new_id()]
        await messaging.create_places(db, ids, "channel")
        for actor in (ann, bob):
            await look_in(db, ids[0], actor)
        await messaging.silence_in_places(db, [ann.id], ids)
        sql = "SELECT user_id FROM participants WHERE conversation_id = $1 AND left_seq IS NULL"
        assert await db.values(sql, ids[0]) == [bob.id]
