"""Which index a node has."""

from pathlib import Path

import pytest

from cgraph.search import OpenSearchIndex, PostgresSearch, SearchUnavailable, opening
from cgraph.search.backend import Paging, Scope, Wanted
from cgraph.settings import Settings, SettingsError
from cgraph_kit.db import Transaction
from support.indexed import document
from support.opensearch import FakeOpenSearch
from support.providers.serving import ca_file
from support.served import free_port


class TestOpening:
    async def test_the_one_beside_the_data(self, db: Transaction) -> None:
        async with opening(db, Settings()) as index:
            assert isinstance(index, PostgresSearch)

    async def test_the_one_that_is_set(
        self, db: Transaction, fake: FakeOpenSearch, tmp_path: Path
    ) -> None:
        settings = Settings(
            search_url=fake.address("opened"),  # type: ignore[arg-type]
            search_ca_file=ca_file(tmp_path),
            search_shards=2,
            search_replicas=0,
        )
        one = document("a quokka")
        scope = Scope(containers={one.container_id: -1}, forums=False, people=False)
        async with opening(db, settings) as index:
            assert isinstance(index, OpenSearchIndex)
            await index.index(db, [one], [], version=1)
            await index.refresh()
            assert (await index.search(Wanted(), scope, Paging())).total == 1
        made = [one for one in fake.requests if one.path.startswith("/opened-documents-1-")]
        assert made[0].json["settings"]["number_of_shards"] == 2
        assert made[0].json["settings"]["number_of_replicas"] == 0

    async def test_one_that_is_away_keeps_nobody_from_starting(self, db: Transaction) -> None:
        url = f"opensearch+http://127.0.0.1:{free_port()}"
        async with opening(db, Settings(search_url=url)) as index:  # type: ignore[arg-type]
            with pytest.raises(SearchUnavailable):
                await index.search(Wanted(), Scope(), Paging())

    async def test_a_file_without_certificates(self, db: Transaction, tmp_path: Path) -> None:
        wrong = tmp_path / "wrong.pem"
        wrong.write_text("nothing")
        settings = Settings(search_url="opensearch+https://a.example", search_ca_file=wrong)  # type: ignore[arg-type]
        with pytest.raises(SettingsError, match="CGRAPH_SEARCH_CA_FILE"):
            async with opening(db, settings):
                pass
