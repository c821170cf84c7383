"""Telling people while others speak, read and take back, on two nodes at once."""

import asyncio
import random
from contextlib import suppress
from uuid import UUID

import msgspec

from cgraph import messaging, notifications
from cgraph.accounts import Actor
from cgraph.messaging import MessageEdit, ReadMarker
from cgraph.messaging.notifying import tell_participants
from cgraph_kit.db import Database
from cgraph_kit.errors import Error
from support.talk import make_actors, open_between, say

GRACE = 15.0

_TAKE = """
UPDATE jobs SET state = 'executing' WHERE id = ANY (ARRAY(
    SELECT id FROM jobs WHERE pending_key = 'notify_participants:' || $1::uuid AND state IN ('available', 'scheduled')
    FOR UPDATE SKIP LOCKED))
RETURNING id
"""
_DONE = "UPDATE jobs SET state = 'completed', finished_at = now() WHERE id = $1"
_WAITING = """
SELECT EXISTS (SELECT FROM jobs WHERE pending_key = 'notify_participants:' || $1::uuid AND state IN ('available', 'scheduled'))
"""


class Outcome(msgspec.Struct, frozen=True):
    event_id: UUID
    user_id: UUID
    count: int


async def node(db: Database, conversation_id: UUID, over: asyncio.Event) -> None:
    """Does the conversation's jobs as they come, without a rest, until all is said and told."""
    while True:
        last = over.is_set()
        id = await db.value(_TAKE, conversation_id)
        if id is not None:
            await tell_participants(db, conversation_id, grace=GRACE)
            await db.value(_DONE, id)
        elif last:
            return
        await asyncio.sleep(0)


async def chatter(db: Database, conversation_id: UUID, people: list[Actor], seed: int) -> None:
    """Somebody says things, and now and then reads, reacts, edits or takes back."""
    dice = random.Random(seed)  # noqa: S311
    actor = people[seed % len(people)]
    for n in range(25):
        other = dice.choice(people)
        text = dice.choice([f"hello {n}", f"hey @{other.username} {n}"])
        sent = await say(db, actor, conversation_id, text)
        with suppress(Error):
            match dice.randrange(5):
                case 0:
                    await messaging.delete_message(db, actor, conversation_id, sent.id)
                case 1:
                    edit = MessageEdit(f"{text}, and @{dice.choice(people).username}")
                    await messaging.edit_message(db, actor, conversation_id, sent.id, edit)
                case 2:
                    await messaging.add_reaction(db, other, conversation_id, sent.id, "👍")
                    await messaging.remove_reaction(db, other, conversation_id, sent.id, "👍")
                case 3:
                    await messaging.mark_read(db, other, conversation_id, ReadMarker())


class TestTellParticipants:
    async def test_gives_everybody_one_outcome_of_everything(self, database: Database) -> None:
        people = await make_actors(database, 5)
        id = await open_between(database, *people)
        over = asyncio.Event()
        nodes = [asyncio.create_task(node(database, id, over)) for _ in range(2)]
        await asyncio.gather(*(chatter(database, id, people, seed) for seed in range(5)))
        over.set()
        await asyncio.gather(*nodes)
        assert not await database.value(_WAITING, id)
        await self.check_outcomes(database, id, people)
        await self.check_inboxes(database, id, people)

    async def check_outcomes(self, db: Database, id: UUID, people: list[Actor]) -> None:
        said = await db.values(
            "SELECT id FROM messages WHERE conversation_id = $1 AND kind = 'text'", id
        )
        rows = await db.all(
            Outcome,
            "SELECT event_id, user_id, count(*) FROM notification_outcomes WHERE scope_id = $1 GROUP BY 1, 2",
            id,
        )
        assert {row.count for row in rows} == {1}
        told = {(row.event_id, row.user_id) for row in rows if row.event_id in set(said)}
        assert len(told) == len(said) * (len(people) - 1)

    async def check_inboxes(self, db: Database, id: UUID, people: list[Actor]) -> None:
        """Every entry is what its outcomes make of it; nothing of what is gone; and reading reads all of it."""
        wrong = await db.values(_WRONG, id)
        assert wrong == []
        assert await db.values(_GONE, id) == []
        for actor in people:
            await messaging.mark_read(db, actor, id, ReadMarker())
            assert (await notifications.count_notifications(db, actor)).unread == 0

    async def test_loses_nothing_that_is_said_while_the_job_is_taken(
        self, database: Database
    ) -> None:
        """What finds the job waiting and commits after it was taken: the job waits for it."""
        ann, bob = await make_actors(database, 2)
        id = await open_between(database, ann, bob)
        await say(database, ann, id, "first")
        async with database.transaction() as tx:
            late = await say(tx, ann, id, "finds the job of the first, and lingers")
            job = await database.value(_TAKE, id)
            assert job is not None
            telling = asyncio.create_task(tell_participants(database, id, grace=GRACE))
            done, _ = await asyncio.wait([telling], timeout=0.2)
            assert not done
        await telling
        await database.value(_DONE, job)
        assert not await database.value(_WAITING, id)
        found = await notifications.list_traces(database, bob.id)
        assert late.id in {one.event_id for one in found.items}


_WRONG = """
SELECT to_jsonb(n) FROM notifications n WHERE scope_id = $1 AND (event_count, actor_count) <> (
    SELECT count(*), count(DISTINCT o.actor_id) FROM notification_outcomes o
    WHERE o.user_id = n.user_id AND o.notification_id = n.id AND o.happened_at BETWEEN n.first_event_at AND n.last_event_at
)
"""
_GONE = """
SELECT to_jsonb(n) FROM notifications n JOIN messages m ON m.conversation_id = $1 AND m.id = n.subject_id
WHERE n.scope_id = $1 AND m.deleted_at IS NOT NULL
"""
