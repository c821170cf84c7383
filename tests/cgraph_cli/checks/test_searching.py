"""What is searched, looked at."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cgraph.settings import Settings
from cgraph_cli.checks import searching
from cgraph_cli.checks.finding import Finding
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


async def freshness(dsn: str) -> dict[str, Finding]:
    return {finding.what: finding async for finding in searching.freshness(dsn)}


async def run(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


class TestFreshness:
    async def test_an_empty_database_is_well(self, clones: Any) -> None:
        found = await freshness(await clones.make())
        assert [(one.what, one.level) for one in found.values()] == [
            ("search lag", "ok"),
            ("search index", "ok"),
        ]

    async def test_what_waits_for_long_is_said(self, clones: Any) -> None:
        dsn = await clones.make()
        await run(
            dsn,
            "INSERT INTO search_changes (thing_id, kind, changed_at) "
            "VALUES (gen_random_uuid(), 'post', now() - interval '90 seconds')",
        )
        found = (await freshness(dsn))["search lag"]
        assert (found.level, "1 changes wait" in found.state) == ("warn", True)

    async def test_what_has_not_all_been_written_is_said(self, clones: Any) -> None:
        dsn = await clones.make()
        await run(
            dsn,
            "UPDATE search_rebuilds SET finished_at = now() WHERE kind <> 'user'",
            "INSERT INTO streams (id) VALUES (gen_random_uuid())",
            "INSERT INTO users (id, username) SELECT id, 'ann' FROM streams",
            "ANALYZE users",
        )
        found = (await freshness(dsn))["search index"]
        assert (found.level, found.state) == ("warn", "0 of about 1 users are written")

    @pytest.mark.parametrize("dsn", ["postgresql://127.0.0.1:1/none", "mysql://x"])
    async def test_of_none_there_is_nothing_to_tell(self, dsn: str) -> None:
        assert await freshness(dsn) == {}

    async def test_of_one_that_is_not_migrated_neither(self, server_dsn: str) -> None:
        assert await freshness(server_dsn.format(database="postgres")) == {}
