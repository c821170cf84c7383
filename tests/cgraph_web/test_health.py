"""Alive and ready."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from cgraph_kit.db import Database
from cgraph_web.app import create_app
from cgraph_web.router import ROUTES


class TestLive:
    async def test_asks_nobody(self, web: Callable[..., Any]) -> None:
        answer = await web(*ROUTES).as_(None).get("/health")
        assert (answer.status, answer.json["status"]) == (200, "ok")


class TestReady:
    async def test_says_yes(self, web: Callable[..., Any]) -> None:
        answer = await web(*ROUTES).as_(None).get("/ready")
        assert (answer.status, answer.json) == (200, {"status": "ok", "reasons": []})

    async def test_says_no_while_it_stops(self, web: Callable[..., Any]) -> None:
        caller = web(*ROUTES).as_(None)
        endpoint: Any = SimpleNamespace(draining=True, stats=None)
        caller.asgi = create_app(web(*ROUTES).app, endpoint=endpoint)
        answer = await caller.get("/ready")
        assert (answer.status, answer.json["reasons"]) == (503, ["this node is stopping"])

    async def test_says_no_without_its_tables(
        self, web: Callable[..., Any], server_dsn: str
    ) -> None:
        caller = web(*ROUTES).as_(None)
        empty = await Database.connect(server_dsn.format(database="postgres"), pool_size=1)
        try:
            caller.app.db = empty
            answer = await caller.get("/ready")
        finally:
            await empty.close()
        assert answer.status == 503
        assert answer.json["reasons"][0] == "migration 0001_streams has not run"

    async def test_says_yes_while_newer_nodes_take_over(
        self, web: Callable[..., Any], clones: Any
    ) -> None:
        caller = web(*ROUTES).as_(None)
        caller.app.db = newer = await Database.connect(await clones.make(), pool_size=1)
        try:
            await newer.value("INSERT INTO schema_migrations VALUES (9999, '9999_later', 'x')")
            answer = await caller.get("/ready")
        finally:
            await newer.close()
        assert answer.status == 200

    async def test_says_no_without_a_database(self, web: Callable[..., Any], dsn: str) -> None:
        caller = web(*ROUTES).as_(None)
        caller.app.db = closed = await Database.connect(dsn, pool_size=1)
        await closed.close()
        answer = await caller.get("/ready")
        assert answer.status == 503
        assert answer.json["reasons"] == ["the database is temporarily unavailable"]

    async def test_does_not_wait_for_ever(
        self, web: Callable[..., Any], dsn: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cgraph_web.health.CHECK_SECONDS", 0.05)
        caller = web(*ROUTES).as_(None)
        caller.app.db = busy = await Database.connect(dsn, pool_size=1)
        try:
            async with busy.transaction():
                answer = await caller.get("/ready")
        finally:
            await busy.close()
        assert answer.json["reasons"] == ["the database did not answer within 0.05 s"]
        assert asyncio.current_task() is not None
