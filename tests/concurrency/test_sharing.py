"""Messages of many senders in one statement: each as if it had gone alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cgraph import messaging
from cgraph.messaging import CannotSend, ConversationNotFound, MessageSent
from cgraph_kit import streams
from cgraph_kit.db import Database
from cgraph_kit.errors import Conflict, Invalid
from support.talk import block, body, make_actors, open_between, say


@pytest.fixture
async def there(dsn: str) -> AsyncIterator[Database]:
    """Another node."""
    database = await Database.connect(dsn, pool_size=10)
    yield database
    await database.close()


class TestOneStatement:
    async def test_answers_each_for_itself(self, database: Database) -> None:
        ann, bob, eve, joe = await make_actors(database, 4)
        plain, blocked, strange = [
            await open_between(database, ann, other) for other in (bob, eve, joe)
        ]
        group = await open_between(database, ann, bob, eve)
        asked = await say(database, bob, group, "what?")
        own = await open_between(database, bob)
        await block(database, eve, ann)
        events: list[Any] = []
        before, database.subscriber = database.subscriber, events.extend
        try:
            told = await asyncio.gather(
                say(database, ann, plain, "plain"),
                say(database, ann, blocked, "blocked"),
                say(database, bob, strange, "strange"),
                say(database, ann, group, "that", reply_to=asked.id, client_id="k"),
                say(database, bob, own, "nothing", reply_to=asked.id),
                return_exceptions=True,
            )
        finally:
            database.subscriber = before
        said, cannot, nowhere, answer, wrong = told
        assert isinstance(cannot, CannotSend)
        assert isinstance(nowhere, ConversationNotFound)
        assert isinstance(wrong, Invalid)
        assert isinstance(said, messaging.Sent)
        assert isinstance(answer, messaging.Sent)
        assert (said.seq, answer.seq) == (1, 2)
        sent = {e.conversation_id: e for e in events if isinstance(e, MessageSent)}
        assert {id: e.payload for id, e in sent.items()} == {
            plain: said.payload,
            group: answer.payload,
        }
        assert set(sent[plain].participant_ids or ()) == {ann.id, bob.id}
        assert body(sent[group])["reply_to_id"] == str(asked.id)
        for id in (blocked, strange, own):
            assert await streams.last_seq(database, id) == 0

    async def test_mentions_whom_each_message_means(self, database: Database) -> None:
        ann, bob, eve = await make_actors(database, 3)
        first, second = [await open_between(database, ann, bob, eve) for _ in range(2)]
        quiet = await open_between(database, ann, bob)
        await asyncio.gather(
            say(database, ann, first, f"@{eve.username} @{bob.username}"),
            say(database, bob, second, f"@{eve.username}"),
            say(database, bob, quiet, "nobody@"),
        )
        found = {
            id: (await messaging.list_messages(database, ann, id)).items[-1].mentions
            for id in (first, second, quiet)
        }
        assert found == {first: [eve.id, bob.id], second: [eve.id], quiet: []}
        counts = [
            (await messaging.get_unread(database, eve, id)).mentions for id in (first, second)
        ]
        assert counts == [1, 1]

    async def test_takes_a_name_once(self, database: Database) -> None:
        ann, *others = await make_actors(database, 9)
        ids = [await open_between(database, ann, other) for other in others]
        tries = await asyncio.gather(
            *(say(database, ann, id, "x", client_id="k") for id in ids for _ in range(2)),
            return_exceptions=True,
        )
        sent = [t for t in tries if isinstance(t, messaging.Sent)]
        assert sorted(s.replayed for s in sent) == [False, True]
        assert len({s.payload for s in sent}) == 1
        assert len([t for t in tries if isinstance(t, Conflict)]) == 14
        assert sum([await streams.last_seq(database, id) for id in ids]) == 1

    async def test_does_not_wait_long_for_one_conversation(self, database: Database) -> None:
        ann, bob, eve = await make_actors(database, 3)
        ids = [await open_between(database, ann, other) for other in (bob, eve)]
        async with database.transaction() as tx:
            await say(tx, ann, ids[0])
            stuck = asyncio.ensure_future(say(database, ann, ids[0], "stuck"))
            async with asyncio.timeout(5):
                assert (await say(database, ann, ids[1])).seq == 1
                assert (await say(database, ann, ids[1])).seq == 2
            assert not stuck.done()
        assert (await stuck).seq == 2


class TestTwoNodes:
    async def test_share_conversations_without_deadlocks_or_holes(
        self, database: Database, there: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        people = await make_actors(database, 8)
        ids = [await open_between(database, *people) for _ in range(10)]
        for n in range(4):
            await asyncio.gather(
                *(
                    say(db, actor, id, str(n), client_id=f"{n}{id}" if named else None)
                    for db, half, order in ((database, people[:4], 1), (there, people[4:], -1))
                    for named, actor in enumerate(half)
                    for id in ids[::order]
                )
            )
        assert "trying each alone" not in caplog.text
        for id in ids:
            missed = await messaging.read_since(database, people[0], id, 0)
            assert [e.seq for e in missed.events] == list(range(1, 33))
        for actor in people:
            counted = await messaging.verify_unread(database, actor)
            assert all(one.unread == one.recounted_unread for one in counted)
