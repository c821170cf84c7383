"""Asking a cluster that answers, says no, is busy, or is not there."""

import logging
from pathlib import Path
from typing import Any

import pytest

from cgraph_kit.opensearch import Away, OpenSearch, Refused, TimedOut, parse_cluster
from cgraph_kit.opensearch.client import retry_after
from support.opensearch import FakeOpenSearch
from support.providers.serving import Answered, ca_file, hang_up, json_answer, misbehaving
from support.served import free_port


class TestAsk:
    async def test_gives_what_was_answered(self, fake: FakeOpenSearch, cluster: OpenSearch) -> None:
        answer = await cluster.ask("GET", "/")
        assert answer.read(dict[str, Any])["version"]["number"] == fake.version

    async def test_with_a_token(self, fake: FakeOpenSearch, tmp_path: Path) -> None:
        url = f"opensearch+https://{fake.url.removeprefix('https://')}"
        cluster = OpenSearch(parse_cluster(url), token="token", ca_file=ca_file(tmp_path))
        await cluster.ask("GET", "/")
        await cluster.close()
        assert fake.requests[0].headers["authorization"] == "Bearer token"

    @pytest.mark.parametrize("password", ["wrong", ""])
    async def test_who_is_not_let_in_is_away_and_no_secret_is_logged(
        self, fake: FakeOpenSearch, tmp_path: Path, caplog: pytest.LogCaptureFixture, password: str
    ) -> None:
        caplog.set_level(logging.DEBUG)
        address = fake.address("tests", password=password)
        cluster = OpenSearch(parse_cluster(address), ca_file=ca_file(tmp_path))
        with pytest.raises(Away, match="401"):
            await cluster.ask("GET", "/")
        await cluster.close()
        assert "wrong" not in caplog.text
        assert "Basic" not in caplog.text

    async def test_a_certificate_of_somebody_else_is_not_believed(
        self, fake: FakeOpenSearch
    ) -> None:
        cluster = OpenSearch(parse_cluster(fake.address("tests")))
        with pytest.raises(Away, match="CERTIFICATE_VERIFY_FAILED"):
            await cluster.ask("GET", "/")
        await cluster.close()
        assert fake.requests == []

    async def test_what_is_refused_is_not_asked_again(
        self, fake: FakeOpenSearch, cluster: OpenSearch
    ) -> None:
        with pytest.raises(Refused) as refused:
            await cluster.ask("GET", "/_nothing")
        assert (refused.value.status, refused.value.type) == (400, "parsing_exception")
        assert len(fake.requests) == 1

    async def test_errors_quote_nothing(self, fake: FakeOpenSearch, cluster: OpenSearch) -> None:
        error = {"type": "parse_exception", "reason": "cannot parse 'my secret words'"}
        fake.answers = [json_answer(400, {"error": error})]
        with pytest.raises(Refused, match=r"parse_exception$"):
            await cluster.ask("GET", "/")

    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    async def test_who_is_busy_is_asked_again(
        self, fake: FakeOpenSearch, cluster: OpenSearch, status: int
    ) -> None:
        fake.answers = [Answered(status), Answered(status)]
        await cluster.ask("GET", "/")
        assert len(fake.requests) == 3

    async def test_who_stays_busy_is_away(self, fake: FakeOpenSearch, cluster: OpenSearch) -> None:
        fake.answers = [Answered(429)] * 10
        with pytest.raises(Away, match="429"):
            await cluster.ask("GET", "/")
        assert len(fake.requests) == 4

    @pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
    async def test_something_else_is_away(
        self, fake: FakeOpenSearch, cluster: OpenSearch, body: bytes
    ) -> None:
        fake.answers = [Answered(200, {}, body), Answered(500, {}, body)]
        with pytest.raises(Away, match="is not OpenSearch"):
            (await cluster.ask("GET", "/")).read(dict[str, int])
        with pytest.raises(Away, match="500"):
            await cluster.ask("GET", "/")

    async def test_waits_no_longer_than_it_says(
        self, fake: FakeOpenSearch, cluster: OpenSearch
    ) -> None:
        fake.talks.clear()
        with pytest.raises(TimedOut):
            await cluster.ask("GET", "/", within=0.05)
        fake.talks.set()

    async def test_nobody_there(self) -> None:
        cluster = OpenSearch(parse_cluster(f"opensearch+http://127.0.0.1:{free_port()}"))
        with pytest.raises(Away, match="does not answer") as away:
            await cluster.ask("GET", "/")
        await cluster.close()
        assert away.value.code == "search_unavailable"

    async def test_another_node_answers(self, fake: FakeOpenSearch, tmp_path: Path) -> None:
        async with misbehaving(hang_up) as other:
            hosts = f"{other.removeprefix('https://')},{fake.url.removeprefix('https://')}"
            address = parse_cluster(f"opensearch+https://{hosts}")
            cluster = OpenSearch(address, token="token", ca_file=ca_file(tmp_path))
            for _ in range(4):
                await cluster.ask("GET", "/")
            await cluster.close()
        assert len(fake.requests) == 4


class TestRetryAfter:
    def test_seconds_or_a_time(self) -> None:
        assert retry_after({"retry-after": "7"}) == 7
        at = {
            "retry-after": "Mon, 23 Nov 2026 10:00:09 GMT",
            "date": "Mon, 23 Nov 2026 10:00:00 GMT",
        }
        assert retry_after(at) == 9
        assert retry_after({"retry-after": "soon"}) == retry_after({}) == 0
