"""Writing everything anew while people go on."""

from uuid import UUID

import pytest

from cgraph import messaging
from cgraph.accounts import Actor
from cgraph.search.backend import Paging, Scope, Wanted, Word
from cgraph.search.document_sources import SCANNED
from cgraph.search.indexing import follow_changes
from cgraph.search.postgres import PostgresSearch
from cgraph.search.reindexing import begin_rebuild, list_rebuilds, rebuild_some
from cgraph_kit.db import Transaction
from support.attached import with_file
from support.communities import found
from support.forums import make_forum, make_post
from support.indexed import document
from support.talk import open_between, say


@pytest.fixture
def backend(db: Transaction) -> PostgresSearch:
    return PostgresSearch(db)


async def rebuild(db: Transaction, backend: PostgresSearch) -> None:
    while await rebuild_some(db, backend):
        pass


async def ids(backend: PostgresSearch, place: UUID, word: str) -> list[UUID]:
    scope = Scope(containers={place: -1})
    found = await backend.search(Wanted(match=Word(word)), scope, Paging())
    return [hit.id for hit in found.hits]


class TestRebuildSome:
    async def test_finds_everything_of_an_empty_index(
        self, db: Transaction, backend: PostgresSearch, ann: Actor, bob: Actor
    ) -> None:
        place = await open_between(db, ann, bob)
        file = await with_file(db, ann, name="quokka.png")
        sent = await messaging.send_message(
            db, ann, place, messaging.NewMessage("a quokka", attachments=[file])
        )
        gone = await say(db, ann, place, "a quokka")
        await messaging.delete_message(db, ann, place, gone.id)
        forum = await make_forum(db, ann, title="Quokkas")
        post = await make_post(db, ann, forum.id, title="A quokka")
        group = await found(db, ann, "Quokka friends")
        await db.value("DELETE FROM search_changes")
        await backend.clear()
        await begin_rebuild(db)
        assert {one.kind for one in await list_rebuilds(db) if not one.finished_at} == {*SCANNED}
        await rebuild(db, backend)
        assert all(one.finished_at for one in await list_rebuilds(db))
        assert set(await ids(backend, place, "quokka")) == {sent.id, file.file_id, post.id}
        assert await ids(backend, group, "quokka") == [post.id, group]
        assert ann.id in await ids(backend, place, ann.username)

    async def test_goes_on_where_it_was_and_loses_no_change(
        self,
        db: Transaction,
        backend: PostgresSearch,
        ann: Actor,
        bob: Actor,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("cgraph.search.reindexing.AT_ONCE", 2)
        place = await open_between(db, ann, bob)
        sent = [await say(db, ann, place, f"quokka {n}") for n in range(6)]
        await follow_changes(db, backend)
        await begin_rebuild(db, ["message"])
        assert await rebuild_some(db, backend, ["message"])
        await messaging.delete_message(db, ann, place, sent[0].id)
        late = await say(db, ann, place, "quokka, late")
        assert await rebuild_some(db, backend, ["message"])
        await follow_changes(db, backend)
        await rebuild(db, backend)
        expected = [late.id, *(one.id for one in reversed(sent[1:]))]
        assert await ids(backend, place, "quokka") == expected

    async def test_what_it_does_not_meet_goes(
        self, db: Transaction, backend: PostgresSearch, ann: Actor, bob: Actor
    ) -> None:
        place = await open_between(db, ann, bob)
        sent = await say(db, ann, place, "quokka")
        ghost = document("quokka", container_id=place)
        file = document(title="quokka", kind="file", container_id=place, item_id=ghost.id)
        other = document(title="quokka", kind="channel", container_id=place)
        await backend.index(db, [ghost, file, other], [], version=1)
        await follow_changes(db, backend)
        assert len(await ids(backend, place, "quokka")) == 4
        await begin_rebuild(db, ["message"])
        await rebuild(db, backend)
        assert set(await ids(backend, place, "quokka")) == {sent.id, file.id, other.id}
        await begin_rebuild(db)
        await rebuild(db, backend)
        assert await ids(backend, place, "quokka") == [sent.id]

    async def test_begun_again_it_begins_again(
        self, db: Transaction, backend: PostgresSearch
    ) -> None:
        await begin_rebuild(db, ["group"])
        await rebuild_some(db, backend, ["group"])
        await begin_rebuild(db, ["group"])
        (group,) = [one for one in await list_rebuilds(db) if one.kind == "group"]
        assert (group.done, group.finished_at) == (0, None)
        assert not await rebuild_some(db, backend, ["forum"])
        assert await rebuild_some(db, backend, ["group"])
