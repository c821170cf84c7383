"""What clients are told when the cluster that searches is away, and that nothing else is."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from cgraph import application, search
from cgraph.application import App
from cgraph.settings import Settings
from cgraph_kit.opensearch import client
from conftest import Clones
from support.limits import RAISED
from support.opensearch import FakeOpenSearch
from support.people import Person, converse, say
from support.providers.serving import Answered, Request, ca_file, serving

from .conftest import Caller

A = "/api/v1"


class Cluster(msgspec.Struct, frozen=True):
    """A cluster that can be switched off."""

    address: str
    running: AsyncExitStack

    async def stop(self) -> None:
        await self.running.aclose()


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    fake = FakeOpenSearch()

    async def answer(request: Request) -> Answered:
        answered = await fake.answer(request)
        # It need not wait for anybody when it is stopped.
        return Answered(answered.status, {**answered.headers, "connection": "close"}, answered.body)

    async with AsyncExitStack() as running:
        fake.url = await running.enter_async_context(serving(answer))
        yield Cluster(fake.address("tests"), running)
    assert fake.refused == []


@pytest.fixture
async def app(cluster: Cluster, clones: Clones, tmp_path: Path) -> AsyncIterator[App]:
    """The whole application, which searches there."""
    settings = Settings(
        env="test",
        database_url=await clones.make(),
        data_dir=tmp_path,
        queues={},
        argon2_time_cost=1,
        argon2_memory_kib=8,
        search_url=cluster.address,
        search_ca_file=ca_file(tmp_path),
        **RAISED,
    )
    async with application.start(settings) as app:
        yield app


class TestAway:
    async def test_is_said_of_searches_alone(
        self,
        app: App,
        cluster: Cluster,
        nobody: Caller,
        ann: Person,
        bob: Person,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(client, "BACKOFF", 0)
        ada, id = nobody.as_(ann.token), await converse(app, ann, bob)
        await say(app, ann, id, "the quokka is here")
        await search.follow_changes(app.db, app.search)
        found = await ada.get(f"{A}/search?q=quokka")
        assert [hit["message"]["content"] for hit in found.json["data"]] == ["the quokka is here"]

        await cluster.stop()
        for path in ("?q=quokkas", "?q=is:pinned", "/counts?q=quokka", "/suggestions?q=in:quo"):
            answer = await ada.get(f"{A}/search{path}")
            assert (answer.status, answer.code) == (503, "search_unavailable"), path
            assert answer.error["retry_after"] > 0
            assert int(answer.headers["retry-after"]) > 0
            # Where it is, and what is wrong there, is nobody's business.
            assert answer.error["message"] == "search is temporarily unavailable"
        assert (await nobody.get(f"{A}/search?q=quokka")).code == "search_unavailable"
        assert (await ada.get(f"{A}/search?q=colour:red")).code == "invalid_search"
        recent = await ada.get(f"{A}/search/suggestions/recent")
        assert recent.json["data"]["searches"] == ["quokka"]

        path = f"{A}/conversations/{id}/messages"
        assert (await ada.post(path, {"content": "still here"})).status == 201
        assert (await ada.get(path)).json["data"][-1]["content"] == "still here"
        assert (await nobody.get("/ready")).status == 200
        with pytest.raises(search.SearchUnavailable):
            await search.follow_changes(app.db, app.search)
        assert (await search.get_lag(app.db)).changes == 1
