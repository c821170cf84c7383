"""What a collector is told, and that nobody pays where there is none."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cgraph_kit import tracing
from cgraph_kit.db import Database
from cgraph_kit.tracing import NOTHING, PackageMissing, Parent, Target, exporting, parse
from support.collector import Collector, collecting

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{SPAN}-01"
UNSAMPLED = f"00-{TRACE}-{SPAN}-00"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


class TestExporting:
    async def test_tells_who_it_is_and_what_was_done(self, collector: Collector) -> None:
        async with exporting(collector.target(authorization="Bearer t")):
            with tracing.root("turn", "server", {"topic": "thing:1"}) as span:
                span.set({"state": "done", "times": 2})
        assert collector.paths == ["/v1/traces"]
        assert collector.headers[0]["authorization"] == "Bearer t"
        assert collector.resource["service.name"] == "tested"
        assert collector.resource["service.version"] == "1.2.3"
        told = collector.named("turn")
        assert (told.kind, told.parent_id, told.failed) == ("server", "", False)
        assert told.attributes == {"topic": "thing:1", "state": "done", "times": 2}
        assert told.trace_id == span.trace_id

    async def test_ends(self, collector: Collector) -> None:
        async with exporting(collector.target()):
            pass
        assert tracing.root("turn", "server") is NOTHING
        assert collector.spans == []

    async def test_a_collector_that_is_away_holds_up_nothing(self) -> None:
        async with asyncio.timeout(20):
            async with exporting(Target("http://127.0.0.1:9", "tested", "1", 1.0, {})):
                for _ in range(2000):
                    with tracing.root("turn", "server"):
                        pass

    async def test_says_what_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delitem(sys.modules, "cgraph_kit.otel", raising=False)
        monkeypatch.setitem(sys.modules, "opentelemetry", None)
        with pytest.raises(PackageMissing, match="OpenTelemetry is not installed"):
            async with exporting(Target("http://127.0.0.1:9", "tested", "1", 1.0, {})):
                pass

    def test_without_it_nothing_of_it_is_loaded_by_us(self) -> None:
        code = (
            "import sys, cgraph_cli.serve, cgraph_cli.work;"
            "print({'cgraph_kit.otel', 'opentelemetry.exporter', 'google.protobuf'} & sys.modules.keys())"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert ran.stdout.decode().strip() == "set()"


class TestRoot:
    async def test_goes_on_with_the_trace_of_a_parent(self, collector: Collector) -> None:
        async with exporting(collector.target(ratio=0.0)):
            with tracing.root("turn", "server", parent=parse(SAMPLED)) as span:
                assert span.trace_id == TRACE
        told = collector.named("turn")
        assert (told.trace_id, told.parent_id) == (TRACE, SPAN)

    async def test_is_not_traced_where_its_parent_is_not(self, collector: Collector) -> None:
        async with exporting(collector.target(ratio=1.0)):
            with tracing.root("turn", "server", parent=parse(UNSAMPLED)) as span:
                assert (span.recording, span.trace_id) == (False, TRACE)
                assert tracing.step("part") is NOTHING
        assert collector.spans == []

    async def test_without_a_parent_the_ratio_decides(self, collector: Collector) -> None:
        async with exporting(collector.target(ratio=0.0)):
            with tracing.root("turn", "server"):
                pass
        assert collector.spans == []

    async def test_leads_back_to_what_brought_it_about_and_is_traced_if_that_is(
        self, collector: Collector
    ) -> None:
        async with exporting(collector.target(ratio=0.0)):
            with tracing.root("work", "consumer", link=SAMPLED):
                pass
            with tracing.root("untraced", "consumer", link=UNSAMPLED):
                pass
        (told,) = collector.spans
        assert (told.name, told.kind, told.links) == ("work", "consumer", [(TRACE, SPAN)])
        assert told.trace_id != TRACE

    async def test_has_nothing_of_what_the_task_was_doing(self, collector: Collector) -> None:
        async with exporting(collector.target()):
            with tracing.root("first", "server"), tracing.root("second", "server"):
                pass
        assert collector.named("second").parent_id == ""

    async def test_tells_what_kind_of_error_it_was_and_not_its_words(
        self, collector: Collector
    ) -> None:
        async with exporting(collector.target()):
            with pytest.raises(ValueError), tracing.root("turn", "server"):  # noqa: PT011
                raise ValueError("in confidence")
        told = collector.named("turn")
        assert (told.failed, told.attributes["error.type"]) == (True, "ValueError")
        assert "in confidence" not in told.raw


class TestStep:
    async def test_is_part_of_what_the_task_is_doing(self, collector: Collector) -> None:
        async with exporting(collector.target()):
            with tracing.root("turn", "server"), tracing.step("part"):
                pass
            assert tracing.step("alone") is NOTHING
        told = collector.named("part")
        assert told.parent_id == collector.named("turn").span_id
        assert told.kind == "client"


class TestStatement:
    async def test_tells_the_statement_and_not_its_arguments(
        self, collector: Collector, database: Database
    ) -> None:
        async with exporting(collector.target()):
            await database.value("SELECT 1")  # by nobody's order
            with tracing.root("turn", "server"):
                await database.value("SELECT\n  length($1) FROM jobs", "in confidence")
        told = collector.named("SELECT jobs")
        assert collector.below(collector.named("turn")) == ["SELECT jobs"]
        assert told.attributes == {
            "db.system.name": "postgresql",
            "db.query.summary": "SELECT jobs",
            "db.query.text": "SELECT length($1) FROM jobs",
        }
        assert "in confidence" not in told.raw

    @pytest.mark.parametrize(
        ("sql", "name"),
        [
            ("INSERT INTO jobs (id) VALUES ($1) ON CONFLICT DO UPDATE SET id = 1", "INSERT jobs"),
            ("WITH x AS (DELETE FROM online RETURNING id) SELECT id FROM x", "DELETE online"),
            ("WITH i AS (SELECT * FROM unnest($1)) UPDATE users SET id = 1", "UPDATE users"),
            ("SELECT id FROM jobs FOR UPDATE SKIP LOCKED", "SELECT jobs"),
            ("SELECT id FROM jobs FOR NO KEY UPDATE", "SELECT jobs"),
            ("SELECT pg_advisory_xact_lock($1)", "SELECT"),
        ],
    )
    async def test_has_a_name_of_few_values(
        self, collector: Collector, sql: str, name: str
    ) -> None:
        async with exporting(collector.target()):
            with tracing.root("turn", "server"), tracing.statement(sql):
                pass
        assert collector.spans[0].name == name


class TestTraceparent:
    async def test_is_for_whoever_goes_on(self, collector: Collector) -> None:
        assert tracing.traceparent() is None
        async with exporting(collector.target()):
            assert tracing.traceparent() is None
            with tracing.root("turn", "server", parent=parse(SAMPLED)):
                known = parse(tracing.traceparent())
        assert known == Parent(TRACE, collector.named("turn").span_id, sampled=True)


class TestParse:
    def test_reads_what_the_recommendation_says(self) -> None:
        assert parse(SAMPLED) == parse(SAMPLED.encode()) == Parent(TRACE, SPAN, sampled=True)
        assert parse(UNSAMPLED) == Parent(TRACE, SPAN, sampled=False)
        assert parse(f"cc-{TRACE}-{SPAN}-03-what-the-future-is-like") is not None

    @pytest.mark.parametrize(
        "header",
        [
            None,
            b"",
            b"\xff\xfe",
            "nonsense",
            f"ff-{TRACE}-{SPAN}-01",
            f"00-{TRACE.upper()}-{SPAN}-01",
            f"00-{'0' * 32}-{SPAN}-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE}-{SPAN}-1",
            SAMPLED + "\n",
            SAMPLED + "-more",
        ],
    )
    def test_takes_nothing_else(self, header: str | bytes | None) -> None:
        assert parse(header) is None
