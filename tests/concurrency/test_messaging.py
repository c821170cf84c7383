"""Many at once, with real commits."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.files import FileNotFound, NewAttachment
from cgraph.messaging import (
    AccessLost,
    CannotSend,
    ConversationNotFound,
    MessageEdit,
    MessageSent,
    NewMessage,
    NewParticipants,
    ReadMarker,
)
from cgraph_kit import streams
from cgraph_kit.db import Database
from cgraph_kit.errors import Conflict
from support.attached import exists, make_file
from support.talk import block, make_actor, make_actors, open_between, say


@pytest.fixture
def events(database: Database) -> Iterator[list[Any]]:
    """What is published meanwhile, in order."""
    events: list[Any] = []
    before, database.subscriber = database.subscriber, events.extend
    yield events
    database.subscriber = before


async def everything(db: Database, actor: Actor, id: UUID) -> list[messaging.Message]:
    """All messages, in order."""
    page = await messaging.list_messages(db, actor, id, limit=100)
    found = page.items
    while page.before:
        page = await messaging.list_messages(db, actor, id, limit=100, before=page.before)
        found = [*page.items, *found]
    return found


class TestSending:
    async def test_numbers_have_no_holes_and_follow_the_commits(self, database: Database) -> None:
        people = await make_actors(database, 6)
        id = await open_between(database, *people)
        seen: list[int] = []
        done = asyncio.Event()

        async def watch() -> None:
            # Whoever has seen n never meets a smaller number later.
            while not done.is_set():
                seqs = [m.seq for m in await everything(database, people[0], id)]
                assert seqs == list(range(1, len(seqs) + 1))
                assert len(seqs) >= len(seen)
                seen[:] = seqs

        watching = asyncio.create_task(watch())
        await asyncio.gather(
            *(say(database, actor, id, f"{n}") for n in range(20) for actor in people)
        )
        done.set()
        await watching
        assert [m.seq for m in await everything(database, people[0], id)] == list(range(1, 121))
        missed = await messaging.read_since(database, people[0], id, 0)
        assert [e.seq for e in missed.events] == list(range(1, 121))
        for actor in people:
            (counted,) = await messaging.verify_unread(database, actor)
            assert counted.unread == counted.recounted_unread

    async def test_one_name_is_one_message(self, database: Database, events: list[Any]) -> None:
        ann, bob = await make_actors(database, 2)
        id = await open_between(database, ann, bob)
        events.clear()
        sent = await asyncio.gather(*(say(database, ann, id, "x", client_id="k") for _ in range(6)))
        assert len({s.payload for s in sent}) == 1
        assert [s.replayed for s in sent].count(False) == 1
        assert await streams.last_seq(database, id) == 1
        assert len([e for e in events if isinstance(e, MessageSent)]) == 1

    async def test_one_name_for_two_conversations_is_one_message(self, database: Database) -> None:
        ann, *others = await make_actors(database, 3)
        ids = [await open_between(database, ann, other) for other in others]
        tries = await asyncio.gather(
            *(say(database, ann, id, "x", client_id="k") for id in ids), return_exceptions=True
        )
        assert sorted(isinstance(t, Conflict) for t in tries) == [False, True]
        assert sum([await streams.last_seq(database, id) for id in ids]) == 1

    async def test_never_after_the_removal(self, database: Database, events: list[Any]) -> None:
        for _ in range(5):
            ann, bob, eve = await make_actors(database, 3)
            id = await open_between(database, ann, bob, eve)
            events.clear()

            async def talk(bob: Actor = bob, id: UUID = id) -> int:
                for n in range(50):
                    try:
                        await say(database, bob, id, str(n))
                    except ConversationNotFound:
                        return n
                return 50

            async def remove(
                ann: Actor = ann, bob: Actor = bob, eve: Actor = eve, id: UUID = id
            ) -> None:
                await say(database, eve, id)
                await messaging.remove_participant(database, ann, id, bob.id)

            heard, _ = await asyncio.gather(talk(), remove())
            said = await everything(database, ann, id)
            removed = next(m.seq for m in said if m.kind == "removed")
            assert all(m.seq < removed for m in said if m.sender_id == bob.id)
            assert len([m for m in said if m.sender_id == bob.id]) == heard
            assert AccessLost(id, bob.id) in events

    async def test_published_in_the_order_of_a_conversation(
        self, database: Database, events: list[Any]
    ) -> None:
        ann, bob = await make_actors(database, 2)
        id = await open_between(database, ann, bob)
        events.clear()
        for n in range(5):
            await asyncio.gather(say(database, ann, id, str(n)), say(database, bob, id, str(n)))
        seqs = [e.seq for e in events if isinstance(e, MessageSent)]
        assert sorted(seqs) == list(range(1, 11))

    async def test_a_block_ends_it_for_good(self, database: Database) -> None:
        ann, bob = await make_actors(database, 2)
        id = await open_between(database, ann, bob)
        await asyncio.gather(
            block(database, bob, ann),
            *(say(database, ann, id) for _ in range(5)),
            return_exceptions=True,
        )
        with pytest.raises(CannotSend):
            await say(database, ann, id)


class TestOpening:
    async def test_a_pair_has_one_conversation(self, database: Database) -> None:
        ann, bob = await make_actors(database, 2)
        opened = await asyncio.gather(
            *(messaging.open_direct(database, ann, bob.id) for _ in range(3)),
            *(messaging.open_direct(database, bob, ann.id) for _ in range(3)),
        )
        assert len({o.conversation.id for o in opened}) == 1
        assert [o.created for o in opened].count(True) == 1

    async def test_a_group_is_never_too_full(self, database: Database) -> None:
        ann, *others = await make_actors(database, 7)
        id = await open_between(database, ann, *others[:2])
        tries = await asyncio.gather(
            *(
                messaging.add_participants(
                    database,
                    ann,
                    id,
                    NewParticipants([other.id]),
                    limits=messaging.Limits(participants_max=5),
                )
                for other in others[2:]
            ),
            return_exceptions=True,
        )
        assert len([t for t in tries if isinstance(t, messaging.TooManyParticipants)]) == 2
        assert (await messaging.get_conversation(database, ann, id)).participant_count == 5


class TestEverythingAtOnce:
    async def test_counters_stay_exact(self, database: Database) -> None:
        people = await make_actors(database, 4)
        id = await open_between(database, *people)
        sent = [await say(database, people[n % 4], id, str(n)) for n in range(20)]

        async def read(actor: Actor) -> None:
            for n in range(1, 20, 3):
                await messaging.mark_read(database, actor, id, ReadMarker(seq=n))
                await messaging.mark_unread(database, actor, id, messaging.Marker(seq=n))

        await asyncio.gather(
            *(messaging.delete_message(database, people[0], id, s.id) for s in sent[::2]),
            *(read(actor) for actor in people),
            *(say(database, actor, id) for actor in people for _ in range(5)),
            *(messaging.add_reaction(database, actor, id, sent[1].id, "👍") for actor in people),
            *(messaging.pin_message(database, actor, id, sent[3].id) for actor in people),
        )
        for actor in people:
            (counted,) = await messaging.verify_unread(database, actor)
            assert counted.unread == counted.recounted_unread
        message = await messaging.get_message(database, people[0], id, sent[1].id)
        assert message.reactions[0].count == 4
        kinds = [m.kind for m in await everything(database, people[0], id)]
        assert kinds.count("pinned") == 1

    async def test_comings_and_goings_do_not_deadlock(self, database: Database) -> None:
        ann, bob, eve = await make_actors(database, 3)
        id = await open_between(database, ann, bob, eve)
        joe = await make_actor(database)
        tries = await asyncio.gather(
            *(say(database, actor, id) for actor in (ann, bob, eve) for _ in range(10)),
            messaging.remove_participant(database, ann, id, bob.id),
            messaging.leave_conversation(database, eve, id),
            messaging.add_participants(database, ann, id, NewParticipants([joe.id])),
            messaging.leave_conversation(database, ann, id),
            return_exceptions=True,
        )
        wrong = [t for t in tries if isinstance(t, Exception)]
        assert all(isinstance(t, ConversationNotFound) for t in wrong), wrong
        last = await streams.last_seq(database, id)
        events = await streams.between(database, id, 0, last)
        assert events is not None
        assert [e.seq for e in events] == list(range(1, last + 1))

    async def test_a_timer_does_not_meet_what_else_is_done(self, database: Database) -> None:
        ann, bob = await make_actors(database, 2)
        id = await open_between(database, ann, bob)
        sent = [await say(database, ann, id, str(n)) for n in range(20)]

        async def set_timers() -> None:
            for n in range(20):
                change = messaging.ConversationChange(message_ttl=60 + n)
                await messaging.update_conversation(database, ann, id, change)

        async def delete(messages: list[messaging.Sent]) -> None:
            for one in messages:
                await messaging.delete_message(database, ann, id, one.id)

        await asyncio.gather(set_timers(), delete(sent[::2]), delete(sent[1::2]))
        assert (await messaging.get_conversation(database, bob, id)).message_ttl == 79


class TestAttaching:
    async def test_one_file_comes_and_goes_with_many_without_waiting_in_a_circle(
        self, database: Database
    ) -> None:
        ann, bob = await make_actors(database, 2)
        here, there = await open_between(database, ann, bob), await open_between(database, ann)
        named = NewAttachment(await make_file(database, ann))
        mine = [NewAttachment(await make_file(database, ann)) for _ in range(4)]

        async def come_and_go(n: int) -> None:
            place = (here, there)[n % 2]
            new = NewMessage(attachments=[named, mine[n % 4]])
            sent = await messaging.send_message(database, ann, place, new)
            edit = MessageEdit("words", attachments=[mine[(n + 1) % 4], named])
            await messaging.edit_message(database, ann, place, sent.id, edit)
            if n % 3:
                await messaging.delete_message(database, ann, place, sent.id)

        async with asyncio.timeout(30):
            # One hangs on something all the time, so that none is ever gone.
            kept = NewMessage(attachments=[named, *mine])
            await messaging.send_message(database, ann, here, kept)
            await asyncio.gather(*(come_and_go(n) for n in range(24)))
        shown = [one for id in (here, there) for one in await everything(database, ann, id)]
        hanging = {(one.id, a.id) for one in shown for a in one.attachments}
        sql = "SELECT jsonb_build_array(item_id, file_id) FROM file_attachments WHERE file_id = ANY($1)"
        rows = await database.values(sql, [named.file_id, *(one.file_id for one in mine)])
        assert {(UUID(item), UUID(file)) for item, file in rows} == hanging

    async def test_what_goes_as_it_is_attached_is_there_or_not(self, database: Database) -> None:
        ann = await make_actor(database)
        id = await open_between(database, ann)
        for _ in range(8):
            named = NewAttachment(await make_file(database, ann))
            new = NewMessage(attachments=[named])
            first = await messaging.send_message(database, ann, id, new)
            _, again = await asyncio.gather(
                messaging.delete_message(database, ann, id, first.id),
                messaging.send_message(database, ann, id, new),
                return_exceptions=True,
            )
            if isinstance(again, BaseException):
                assert isinstance(again, FileNotFound)
            assert await exists(database, named.file_id) is isinstance(again, messaging.Sent)
