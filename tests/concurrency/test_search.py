"""The index while several write and follow, and when one of them dies; with real commits, in a database of their own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.messaging import MessageEdit
from cgraph.search import begin_rebuild, follow_changes, get_lag, list_rebuilds, rebuild_some
from cgraph.search.backend import Found, Paging, Scope, Wanted, Word
from cgraph.search.document import Document
from cgraph.search.jobs import waking
from cgraph.search.postgres import PostgresSearch
from cgraph_kit.db import Database, Transaction
from cgraph_kit.errors import Unavailable
from support.later import until
from support.talk import make_actor, open_between, say


@pytest.fixture
async def own(clones: Any) -> AsyncIterator[tuple[Database, Database]]:
    """Two nodes on a database of this test's."""
    dsn = await clones.make()
    nodes = [await Database.connect(dsn, pool_size=4) for _ in range(2)]
    await nodes[0].value("UPDATE search_rebuilds SET finished_at = now()")
    yield nodes[0], nodes[1]
    for node in nodes:
        await node.close()


@pytest.fixture
async def scene(own: tuple[Database, Database]) -> tuple[Actor, UUID]:
    """Somebody, and where they talk."""
    ann, bob = await make_actor(own[0]), await make_actor(own[0])
    return ann, await open_between(own[0], ann, bob)


async def find(db: Database, place: UUID, word: str = "quokka") -> Found:
    scope = Scope(containers={place: 0})
    return await PostgresSearch(db).search(Wanted(match=Word(word)), scope, Paging(limit=100))


class Dying(PostgresSearch):
    """Writes one batch, and is away from then on."""

    batches = 0

    async def index(
        self, tx: Transaction, documents: Sequence[Document], gone: Any, *, version: int
    ) -> None:
        self.batches += 1
        await super().index(tx, documents, gone, version=version)
        if self.batches > 1:
            raise Unavailable


class TestFollowChanges:
    async def test_two_at_once_write_each_thing_once_as_it_is_last(
        self,
        own: tuple[Database, Database],
        scene: tuple[Actor, UUID],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("cgraph.search.indexing.AT_ONCE", 5)
        ann, place = scene

        async def write(n: int) -> None:
            sent = await say(own[n % 2], ann, place, f"wombat {n}")
            edit = MessageEdit(f"quokka {n}")
            await messaging.edit_message(own[n % 2], ann, place, sent.id, edit)

        async def follow(node: Database) -> None:
            for _ in range(10):
                await follow_changes(node, PostgresSearch(node))

        await asyncio.gather(*(write(n) for n in range(30)), *map(follow, own))
        await follow_changes(own[0], PostgresSearch(own[0]))
        assert (await find(own[0], place)).total == 30
        assert (await find(own[0], place, "wombat")).total == 0
        assert (await get_lag(own[0])).changes == 0

    async def test_what_was_not_written_when_it_died_still_waits(
        self,
        own: tuple[Database, Database],
        scene: tuple[Actor, UUID],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        ann, place = scene
        await follow_changes(own[0], PostgresSearch(own[0]))
        monkeypatch.setattr("cgraph.search.indexing.AT_ONCE", 3)
        for n in range(8):
            await say(own[0], ann, place, f"quokka {n}")
        with pytest.raises(Unavailable):
            await follow_changes(own[0], Dying(own[0]))
        assert (await find(own[1], place)).total == 3
        lag = await get_lag(own[1])
        assert lag.changes == 5
        assert lag.seconds > 0
        assert await follow_changes(own[1], PostgresSearch(own[1])) == 5
        assert (await find(own[1], place)).total == 8


class TestRebuildSome:
    async def test_while_people_write_and_others_follow(
        self,
        own: tuple[Database, Database],
        scene: tuple[Actor, UUID],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("cgraph.search.reindexing.AT_ONCE", 3)
        ann, place = scene
        sent = [await say(own[0], ann, place, f"wombat {n}") for n in range(20)]
        await begin_rebuild(own[0])

        async def rebuild(node: Database) -> None:
            while await rebuild_some(node, PostgresSearch(node)):
                pass

        async def edit() -> None:
            for one in sent:
                await messaging.edit_message(own[1], ann, place, one.id, MessageEdit("quokka"))
                await follow_changes(own[1], PostgresSearch(own[1]))

        await asyncio.gather(rebuild(own[0]), rebuild(own[1]), edit())
        await follow_changes(own[0], PostgresSearch(own[0]))
        assert all(one.finished_at for one in await list_rebuilds(own[0]))
        assert (await find(own[0], place)).total == 20
        assert (await find(own[0], place, "wombat")).total == 0


class TestWaking:
    async def test_a_commit_has_the_job_enqueued_and_its_end_loses_nothing(
        self, own: tuple[Database, Database], scene: tuple[Actor, UUID]
    ) -> None:
        ann, place = scene
        db = own[0]

        async def enqueued() -> bool:
            sql = "SELECT EXISTS (SELECT FROM jobs WHERE worker = 'index_changes')"
            found: bool = await db.value(sql)
            return found

        async with waking(db) as waker:
            db.subscriber = waker.listen
            await say(db, ann, place, "quokka")
            await until(enqueued)
            await say(db, ann, place, "quokka, too")
        await follow_changes(db, PostgresSearch(db))
        assert (await find(db, place)).total == 2
