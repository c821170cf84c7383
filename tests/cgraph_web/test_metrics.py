"""What Prometheus is told."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cgraph_kit import telemetry
from cgraph_kit.channels.limits import Stats
from cgraph_web.app import create_app
from cgraph_web.router import ROUTES
from support.things import THINGS

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
EVERYTHING = (*THINGS, *ROUTES)


def samples(text: bytes) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(text: bytes, name: str, **labels: str) -> float:
    return samples(text).get((name, frozenset(labels.items())), 0.0)


@pytest.fixture
def caller(web: Callable[..., Any]) -> Any:
    return web(*EVERYTHING)


class TestObserve:
    async def test_counts_requests_by_template(self, caller: Any) -> None:
        labels = {"method": "GET", "route": "/greetings/{name}", "status": "200"}
        before = (await caller.get("/metrics")).body
        for name in ("ada", "bob"):
            await caller.get(f"/greetings/{name}")
        after = (await caller.get("/metrics")).body
        grown = [value(text, "http_requests_total", **labels) for text in (before, after)]
        assert grown[1] - grown[0] == 2
        del labels["status"]
        assert value(after, "http_request_seconds_count", **labels) >= 2
        assert b"ada" not in after

    async def test_strange_methods_and_addresses_make_no_series(self, caller: Any) -> None:
        await caller.send("BREW", "/coffee-pot")
        text = (await caller.get("/metrics")).body
        assert b"coffee" not in text
        assert b"BREW" not in text
        assert value(text, "http_requests_total", method="other", route="unmatched", status="404")


class TestScrape:
    async def test_shows_the_process_the_pool_and_the_sockets(self, caller: Any) -> None:
        stats = Stats(sockets=3, frames_out=1000)
        endpoint: Any = SimpleNamespace(draining=False, stats=stats)
        caller.asgi = create_app(caller.app, endpoint=endpoint)
        answer = await caller.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert value(answer.body, "process_resident_memory_bytes") > 0
        assert value(answer.body, "db_pool_size") >= 1
        assert value(answer.body, "realtime_sockets") == 3
        assert value(answer.body, "realtime_frames_out_total") == 1000

    async def test_shows_nothing_that_the_catalogue_does_not_describe(self, caller: Any) -> None:
        endpoint: Any = SimpleNamespace(draining=False, stats=Stats())
        caller.asgi = create_app(caller.app, endpoint=endpoint)
        await caller.get("/health")
        text = (await caller.get("/metrics")).body.decode()
        described = telemetry.catalogue.values()
        told = {
            (name.removesuffix("_total"), kind, doc)
            for name, doc, kind in re.findall(
                r"# HELP (\w+) (.*)\n# TYPE \w+ (counter|gauge|histogram)", text
            )
            if not name.startswith(("process_", "python_")) and not name.endswith("_created")
        }
        assert told <= {(one.name.removesuffix("_total"), one.kind, one.doc) for one in described}
        labels = {one.name: set(one.labels) for one in described}
        for name, pairs in samples(text.encode()):
            plain = re.sub("_(bucket|sum|count|created)$", "", name)
            if plain in labels:
                assert {label for label, _ in pairs} - {"le"} == labels[plain]

    async def test_wants_its_token_where_one_is_set(self, web: Callable[..., Any]) -> None:
        caller = web(*EVERYTHING, metrics_token="a-token-for-prometheus")
        assert (await caller.as_(None).get("/metrics")).status == 401
        assert (await caller.as_("another").get("/metrics")).status == 401
        assert (await caller.as_("a-token-for-prometheus").get("/metrics")).status == 200

    async def test_is_not_there_in_production_without_one(self, web: Callable[..., Any]) -> None:
        caller = web(
            *EVERYTHING,
            env="prod",
            database_url="postgresql:///x",
            secret_key_base="s" * 32,
            jwt_secret="j" * 32,
            phx_host="chat.example.org",
        )
        assert (await caller.get("/metrics")).code == "no_route"
