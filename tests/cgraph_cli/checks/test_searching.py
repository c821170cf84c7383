"""The cluster that is searched, looked at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cgraph.settings import Settings
from cgraph_cli.checks import searching
from support.opensearch import FakeOpenSearch, fake_opensearch
from support.providers.serving import ca_file, json_answer


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenSearch]:
    async with fake_opensearch() as fake:
        yield fake


@pytest.fixture
def settings(fake: FakeOpenSearch, tmp_path: Path) -> Settings:
    return Settings(search_url=fake.address("tests"), search_ca_file=ca_file(tmp_path))  # type: ignore[arg-type]


class TestIndex:
    async def test_none_is_well(self) -> None:
        assert (await searching.index(Settings())).level == "ok"

    @pytest.mark.parametrize(
        ("status", "level"), [("green", "ok"), ("yellow", "warn"), ("red", "fail")]
    )
    async def test_a_cluster_says_how_it_is(
        self, fake: FakeOpenSearch, settings: Settings, status: str, level: str
    ) -> None:
        fake.status = status
        assert (await searching.index(settings)).level == level

    async def test_an_old_one(self, fake: FakeOpenSearch, settings: Settings) -> None:
        fake.version = "1.3.20"
        assert (await searching.index(settings)).level == "warn"

    async def test_something_else(self, fake: FakeOpenSearch, settings: Settings) -> None:
        fake.answers = [json_answer(200, {"version": {"number": "9.0.0"}})]
        found = await searching.index(settings)
        assert (found.level, "not OpenSearch" in found.state) == ("fail", True)

    async def test_one_that_does_not_let_us_in(self, fake: FakeOpenSearch, tmp_path: Path) -> None:
        url = fake.address("tests", password="secret")
        found = await searching.index(Settings(search_url=url, search_ca_file=ca_file(tmp_path)))  # type: ignore[arg-type]
        assert (found.level, "401" in found.state, "secret" in found.state) == ("fail", True, False)

    async def test_a_file_without_certificates(self, fake: FakeOpenSearch, tmp_path: Path) -> None:
        wrong = tmp_path / "wrong.pem"
        wrong.write_text("nothing")
        found = await searching.index(
            Settings(search_url=fake.address("tests"), search_ca_file=wrong)  # type: ignore[arg-type]
        )
        assert (found.level, "CGRAPH_SEARCH_CA_FILE" in found.state) == ("fail", True)
