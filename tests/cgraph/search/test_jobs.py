"""The jobs behind search, and what those who watch are told."""

from typing import Any, cast
from uuid import UUID

import pytest

from cgraph import groups
from cgraph.accounts import Actor
from cgraph.groups import NewThread
from cgraph.messaging.sweeping import sweep
from cgraph.search.backend import Paging, Scope, Wanted, Word
from cgraph.search.changes import get_lag, something_waits
from cgraph.search.indexing import follow_changes
from cgraph.search.jobs import (
    IndexChanges,
    LetGoOfPlaces,
    RebuildIndex,
    TidyWords,
    Waker,
    index_changes,
    let_go_of_places,
    rebuild_index,
    tidy_words,
)
from cgraph.search.lag import observe
from cgraph.search.postgres import PostgresSearch
from cgraph.search.reindexing import begin_rebuild
from cgraph_kit import telemetry
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Unavailable
from cgraph_kit.jobs import JobsEnqueued, Nothing, Snooze
from support.channels import say as tell
from support.communities import first_channel, found
from support.forums import make_forum
from support.indexed import of_forum
from support.talk import open_between, say


class FakeApp:
    def __init__(self, db: Transaction) -> None:
        self.db = db
        self.search = PostgresSearch(db)


@pytest.fixture
def app(db: Transaction) -> Any:
    return FakeApp(db)


class TestIndexChanges:
    async def test_what_was_said_is_found(
        self, app: Any, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        place = await open_between(db, ann, bob)
        await say(db, ann, place, "quokka")
        assert await something_waits(db)
        assert await index_changes.handler(app, IndexChanges()) == Nothing()
        assert not await something_waits(db)
        scope = Scope(containers={place: 0})
        found = await app.search.search(Wanted(match=Word("quokka")), scope, Paging())
        assert found.total == 1

    async def test_goes_on_later_when_much_waits(
        self, app: Any, db: Transaction, ann: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = await open_between(db, ann)
        monkeypatch.setattr("cgraph.search.indexing.AT_ONCE", 1)
        monkeypatch.setattr("cgraph.search.jobs.MOST", 1)
        await say(db, ann, place, "one")
        await say(db, ann, place, "two")
        assert await index_changes.handler(app, IndexChanges()) == Snooze(0)
        assert await something_waits(db)


class TestRebuildIndex:
    async def test_goes_on_later_when_it_takes_long(
        self, app: Any, db: Transaction, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert await rebuild_index.handler(app, RebuildIndex()) == Nothing()
        await begin_rebuild(db, ["group", "forum"])
        monkeypatch.setattr("cgraph.search.jobs.SPELL", -1)
        assert await rebuild_index.handler(app, RebuildIndex()) == Snooze(1)


class TestTidyWords:
    async def test_leaves_words_that_were_just_written(self, app: Any, db: Transaction) -> None:
        await db.value("INSERT INTO search_words (word) VALUES ('zyqnew')")
        await tidy_words.handler(app, TidyWords())
        assert await app.search.expand("zyqnew", "prefix") == ["zyqnew"]

    async def test_forgets_what_lies_in_deleted_forums(
        self, app: Any, db: Transaction, ann: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cgraph.search.postgres_dropping.AT_ONCE", 2)
        gone, kept = await make_forum(db, ann), await make_forum(db, ann)
        await db.value("UPDATE forums SET deleted_at = now() WHERE id = $1", gone.id)
        some = [of_forum(gone.id) for _ in range(3)]
        await app.search.index(db, [*some, of_forum(kept.id)], [], version=1)
        await tidy_words.handler(app, TidyWords())
        sql = "SELECT count(*) FROM search_documents WHERE container_id = $1"
        assert [await db.value(sql, forum.id) for forum in (gone, kept)] == [0, 1]


class TestLetGoOfPlaces:
    @pytest.fixture
    async def gone(self, app: Any, db: Transaction, ann: Actor) -> list[UUID]:
        """A channel and its thread, with something said in both, deleted hours ago."""
        group = await found(db, ann)
        channel = await first_channel(db, group)
        thread = await groups.create_thread(db, ann, channel, NewThread("swarms"))
        for place in (channel, thread.id):
            await tell(db, ann, place, "quokka")
        await follow_changes(db, app.search)
        await groups.delete_channel(db, ann, channel)
        await db.value("UPDATE group_places_gone SET gone_at = now() - interval '3 hours'")
        return [channel, thread.id]

    async def _kept(self, app: Any, db: Transaction) -> set[UUID]:
        await follow_changes(db, app.search)
        await let_go_of_places.handler(app, LetGoOfPlaces())
        return set(await db.values("SELECT id FROM group_places_gone"))

    async def test_keeps_them_until_the_index_has_nothing_of_them(
        self, app: Any, db: Transaction, gone: list[UUID], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cgraph.search.places_gone.AT_ONCE", 1)
        channel, thread = gone
        assert await self._kept(app, db) == {channel, thread}
        await sweep(db, [channel])
        assert await self._kept(app, db) == {channel, thread}
        await sweep(db, [thread])
        await self._kept(app, db)
        assert await self._kept(app, db) == set()

    async def test_keeps_them_for_a_while(
        self, app: Any, db: Transaction, gone: list[UUID]
    ) -> None:
        await sweep(db, gone)
        await db.value("UPDATE group_places_gone SET gone_at = now()")
        assert await self._kept(app, db) == set(gone)


class TestObserve:
    async def test_shows_how_long_the_first_change_waits(self, db: Transaction) -> None:
        await db.value(
            "INSERT INTO search_changes (thing_id, kind, changed_at) VALUES "
            "(gen_random_uuid(), 'post', now()), (gen_random_uuid(), 'post', now() - interval '1 hour')"
        )
        assert (await get_lag(db)).changes == 2
        await observe(db)
        shown = telemetry.render().decode()
        assert "search_changes_waiting 2.0" in shown
        lag = next(line for line in shown.splitlines() if line.startswith("search_index_lag"))
        assert float(lag.split()[1]) >= 3600


class Away:
    """A database that is not there."""

    async def value(self, sql: str, *args: Any) -> Any:
        raise Unavailable


class TestWaker:
    async def test_hears_nothing_of_jobs_alone(self) -> None:
        waker = Waker(cast("Repo", Away()))
        waker.listen([JobsEnqueued("search")])
        assert not waker._tasks
        await waker.close()

    async def test_goes_on_when_the_database_is_away(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr("cgraph.search.jobs.GATHERING", 0)
        waker = Waker(cast("Repo", Away()))
        waker.listen([object()])
        (task,) = waker._tasks
        waker.listen([object()])
        assert len(waker._tasks) == 1
        await task
        assert "wait to be indexed" in caplog.text
        await waker.close()
