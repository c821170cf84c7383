"""`cgraph search`."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest

from cgraph.search import list_rebuilds
from cgraph_kit.db import Database

Run = Callable[..., Awaitable[Any]]


@pytest.fixture
async def own(clones: Any, cgraph: Run, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """An empty database, which the commands work on."""
    dsn = await clones.make()
    monkeypatch.setenv("DATABASE_URL", dsn)
    database = await Database.connect(dsn, pool_size=1)
    yield database
    await database.close()


class TestStatus:
    async def test_says_what_waits_and_what_is_under_way(self, own: Database, cgraph: Run) -> None:
        await own.value(
            "INSERT INTO search_changes (thing_id, kind, changed_at) "
            "VALUES (gen_random_uuid(), 'post', now() - interval '90 seconds')"
        )
        ran = await cgraph("search", "status")
        assert ran.code == 0
        assert "1 changes wait, for 9" in ran.out
        assert "under way" in ran.out
        told = msgspec.json.decode((await cgraph("search", "status", "--json")).out)
        assert (told["backend"], told["waiting"]) == ("postgres", 1)
        assert told["lag_seconds"] >= 90
        assert {one["kind"] for one in told["rebuilds"]} >= {"message", "user"}

    async def test_says_that_nothing_waits(self, own: Database, cgraph: Run) -> None:
        assert "Nothing waits" in (await cgraph("search", "status")).out


class TestReindex:
    async def test_goes_on_with_what_is_under_way_and_then_begins_anew(
        self, own: Database, cgraph: Run
    ) -> None:
        ran = await cgraph("search", "reindex")
        assert (ran.code, "Wrote 0 documents" in ran.out) == (0, True)
        first = {one.kind: one for one in await list_rebuilds(own)}
        assert all(one.finished_at for one in first.values())
        assert (await cgraph("search", "reindex", "--kind", "user")).code == 0
        again = {one.kind: one for one in await list_rebuilds(own)}
        assert again["user"].started_at > first["user"].started_at
        assert again["post"].started_at == first["post"].started_at

    async def test_leaves_it_to_the_jobs(self, own: Database, cgraph: Run) -> None:
        ran = await cgraph("search", "reindex", "--kind", "post", "--anew", "--later")
        assert "within a minute" in ran.out
        (post,) = [one for one in await list_rebuilds(own) if one.kind == "post"]
        assert post.finished_at is None

    async def test_files_come_with_what_they_hang_on(self, own: Database, cgraph: Run) -> None:
        ran = await cgraph("search", "reindex", "--kind", "file")
        assert (ran.code, "hang on" in ran.err) == (1, True)

    async def test_postgresql_has_one_index(self, own: Database, cgraph: Run) -> None:
        ran = await cgraph("search", "reindex", "--beside")
        assert (ran.code, "leave --beside out" in ran.err) == (1, True)
        ran = await cgraph("search", "reindex", "--beside", "--kind", "post")
        assert (ran.code, "of all kinds" in ran.err) == (1, True)
