"""The reference page, also in a real browser where there is one."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from cgraph_web.router import ROUTES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
BROWSER = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--enable-logging=stderr",
    "--virtual-time-budget=20000",
)


@pytest.fixture
def caller(web: Callable[..., Any]) -> Any:
    return web(*ROUTES).as_(None)


class TestRoot:
    async def test_leads_to_the_page(self, caller: Any) -> None:
        answer = await caller.get("/")
        assert (answer.status, answer.headers["location"]) == (302, "/api/docs")


class TestPage:
    async def test_allows_scripts_from_here_only(self, caller: Any) -> None:
        page = await caller.get("/api/docs")
        assert page.status == 200
        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy

    async def test_names_no_address_but_ours(self, caller: Any) -> None:
        for path in ("/api/docs", "/api/docs/start.js"):
            assert b"://" not in (await caller.get(path)).body


class TestScalar:
    async def test_travels_compressed(self, caller: Any) -> None:
        packed = await caller.get("/api/docs/scalar.js", headers={"accept-encoding": "gzip, br"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.body[:2] == b"\x1f\x8b"

    async def test_is_unpacked_for_who_cannot_unpack_it(self, caller: Any) -> None:
        plain = await caller.get("/api/docs/scalar.js")
        assert "content-encoding" not in plain.headers
        assert b"createApiReference" in plain.body


@pytest.fixture
async def address(caller: Any) -> AsyncIterator[str]:
    """A real server with the page."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(caller.asgi, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve([listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await running


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium or chromium-browser on the PATH")
class TestInABrowser:
    async def test_renders_without_error_or_foreign_request(
        self, address: str, tmp_path: Path
    ) -> None:
        net_log = tmp_path / "net.json"
        process = await asyncio.create_subprocess_exec(
            str(CHROMIUM),
            *BROWSER,
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--log-net-log={net_log}",
            "--dump-dom",
            f"{address}/api/docs",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(90):
                page, said = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        assert b"Whether this process runs" in page, "the operations are on the page"
        assert _complaints(said.decode(errors="replace")) == []
        assert _asked_by(address, net_log) == {urlsplit(address).netloc}


def _complaints(said: str) -> list[str]:
    """What the page wrote to its console, but for the renderer's own name."""
    lines = (line for line in said.splitlines() if "CONSOLE" in line)
    return [line for line in lines if '"@scalar/api-reference@' not in line]


def _asked_by(page: str, net_log: Path) -> set[str]:
    """Whom the page asked for anything; what the browser asks on its own account has another initiator."""
    events = [event.get("params", {}) for event in json.loads(net_log.read_text())["events"]]
    return {urlsplit(event["url"]).netloc for event in events if event.get("initiator") == page}
