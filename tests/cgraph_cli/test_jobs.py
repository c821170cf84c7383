"""`cgraph jobs` and `cgraph work`."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from cgraph.settings import Settings
from cgraph.upkeep import cleanup_expired
from cgraph_cli.output import Failure
from cgraph_cli.work import chosen_queues
from cgraph_kit.db import Database
from support.later import becomes, until

Run = Callable[..., Awaitable[Any]]


@pytest.fixture
async def base(
    cgraph: Run, clones: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    """The commands' database, and nobody else's."""
    dsn = await clones.make()
    monkeypatch.setenv("DATABASE_URL", dsn)
    base = await Database.connect(dsn, pool_size=2)
    yield base
    await base.close()


class TestJobs:
    async def test_shows_what_there_is(self, cgraph: Run, base: Database) -> None:
        enqueued = await cleanup_expired.enqueue(base, tags=["mine"])
        await base.value(
            "UPDATE jobs SET errors = $1",
            [{"attempt": 1, "at": "2026-01-02T03:04:05Z", "error": "Bang"}],
        )
        listed = await cgraph("jobs", "list", "--state", "available", "--tag", "mine")
        assert "cleanup_expired" in listed.out
        assert "maintenance" in listed.out
        (line,) = (await cgraph("jobs", "list", "--json")).out.splitlines()
        assert json.loads(line)["id"] == enqueued.id
        assert (await cgraph("jobs", "list", "--queue", "other", "--json")).out == ""
        shown = (await cgraph("jobs", "show", str(enqueued.id))).out
        assert "available" in shown
        assert "attempt 1, 2026-01-02 03:04:05\nBang" in shown
        missing = await cgraph("jobs", "show", "99")
        assert missing.code == 1
        assert "no job 99" in missing.err

    async def test_changes_the_jobs_it_is_told(self, cgraph: Run, base: Database) -> None:
        id = str((await cleanup_expired.enqueue(base)).id)
        assert (await cgraph("jobs", "cancel", id)).out == "1 cancelled.\n"
        assert (await cgraph("jobs", "retry", "--state", "cancelled")).out == "1 will be done.\n"
        assert (await cgraph("jobs", "delete", id)).out == "1 deleted.\n"
        assert (await cgraph("jobs", "delete", id)).out == "0 deleted.\n"

    @pytest.mark.parametrize("order", ["retry", "cancel", "delete"])
    async def test_will_not_change_everything_by_mistake(
        self, cgraph: Run, base: Database, order: str
    ) -> None:
        ran = await cgraph("jobs", order)
        assert ran.code == 1
        assert "say which" in ran.err

    async def test_orders_queues(self, cgraph: Run, base: Database) -> None:
        await cgraph("jobs", "pause", "mail")
        await cgraph("jobs", "scale", "mail", "7")
        assert "paused" in (await cgraph("jobs", "queues")).out
        await cgraph("jobs", "resume", "mail")
        out = (await cgraph("jobs", "queues")).out
        assert "paused" not in out
        assert "7" in out
        assert (await cgraph("jobs", "scale", "mail")).code == 0
        assert (await cgraph("jobs", "scale", "mail", "0")).code == 1

    @pytest.mark.parametrize("order", ["pause", "resume", "scale"])
    async def test_orders_no_queue_that_is_none(
        self, cgraph: Run, base: Database, order: str
    ) -> None:
        ran = await cgraph("jobs", order, "mial")
        assert ran.code == 1
        assert "there is no queue mial, only backups," in ran.err
        assert "mial" not in (await cgraph("jobs", "queues")).out

    async def test_drains_what_is_available(self, cgraph: Run, base: Database) -> None:
        done = await cleanup_expired.enqueue(base)
        assert (await cgraph("jobs", "drain", "maintenance")).out == "1 runs.\n"
        await becomes(base, done.id, "completed", within=1)
        assert await base.value("SELECT count(*) FROM job_nodes") == 0


class TestWork:
    async def test_does_jobs_until_it_is_told_to_stop(self, cgraph: Run, base: Database) -> None:
        enqueued = await cleanup_expired.enqueue(base)
        working = asyncio.create_task(cgraph("work", "--queues", "maintenance=2"))
        await becomes(base, enqueued.id, "completed")
        nodes = await base.value("SELECT queues FROM job_nodes")
        os.kill(os.getpid(), signal.SIGTERM)
        ran = await working
        assert nodes == {"maintenance": 2}
        assert ran.code == 0
        assert "maintenance (2)" in ran.out
        assert await until(lambda: base.value("SELECT count(*) = 0 FROM job_nodes"))

    async def test_can_be_watched(
        self,
        cgraph: Run,
        base: Database,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setenv("CGRAPH_WORK_METRICS_PORT", "0")
        working = asyncio.create_task(cgraph("work", "--queues", "maintenance"))
        said = ""

        async def address() -> str | None:
            nonlocal said
            said += capsys.readouterr().out
            found = re.search(r"http://\S+(?=/metrics)", said)
            return found and found[0]

        async with httpx.AsyncClient(base_url=await until(address)) as http:
            text = (await http.get("/metrics")).text
            statuses = [
                (await http.get(path)).status_code for path in ("/health", "/ready", "/api/v1/me")
            ]
        os.kill(os.getpid(), signal.SIGTERM)
        assert (await working).code == 0
        assert statuses == [200, 200, 404]
        for name in ("jobs_executed_total", "db_pool_size", "process_cpu_seconds_total"):
            assert f"# TYPE {name}" in text

    async def test_says_that_somebody_listens_where_it_would_be_watched(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            monkeypatch.setenv("CGRAPH_WORK_METRICS_PORT", str(port))
            ran = await cgraph("work", "--queues", "maintenance")
        assert ran.code == 1
        assert f"port {port}" in ran.err

    async def test_says_what_tracing_needs(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CGRAPH_OTEL_ENDPOINT", "http://127.0.0.1:4318")
        monkeypatch.delitem(sys.modules, "cgraph_kit.otel", raising=False)
        monkeypatch.setitem(sys.modules, "opentelemetry", None)
        ran = await cgraph("work", "--queues", "maintenance")
        assert ran.code == 1
        assert "OpenTelemetry is not installed" in ran.err
        assert "pip install 'cgraph[otel]'" in ran.err
        assert "Traceback" not in ran.err


class TestStart:
    async def test_refuses_settings_with_a_queue_without_jobs(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CGRAPH_QUEUES", '{"mial": 5, "push": 5}')
        ran = await cgraph("serve")
        assert ran.code == 2
        assert "CGRAPH_QUEUES: there is no queue mial, only backups," in ran.err


class TestChosenQueues:
    def test_takes_numbers_from_the_settings_unless_told(self) -> None:
        settings = Settings(queues={"mail": 3, "push": 4})
        assert chosen_queues(None, settings) == {"mail": 3, "push": 4}
        assert chosen_queues("mail, push=50,backups", settings) == {
            "mail": 3,
            "push": 50,
            "backups": 10,
        }

    @pytest.mark.parametrize("asked", ["", " , ", "mail=0", "mail=x", "mail=-1"])
    def test_refuses_what_says_nothing(self, asked: str) -> None:
        with pytest.raises(Failure):
            chosen_queues(asked, Settings())

    def test_refuses_a_queue_without_jobs(self) -> None:
        with pytest.raises(Failure, match="no queue mial, only backups,"):
            chosen_queues("mial,push", Settings())

    def test_wants_some_queue(self) -> None:
        with pytest.raises(Failure, match="names no queue"):
            chosen_queues(None, Settings(queues={}))
