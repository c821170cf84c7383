"""A real browser, where there is one: what it makes of a page, and whom it asks."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import uvicorn

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = (
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
    "--dump-dom",
)
SECONDS = 90

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="needs chromium or chromium-browser on the PATH"
)


class Visit(msgspec.Struct, frozen=True):
    """What came of looking at a page."""

    page: str
    """Its elements, once its scripts have run."""
    complaints: list[str]
    """What it wrote to its console."""
    requests: list[dict[str, Any]]
    """Everything the browser asked for, of its own accord too: `url`, `initiator` …"""

    @property
    def hosts(self) -> set[str | None]:
        """Whom the browser asked for anything."""
        return {urlsplit(one["url"]).hostname for one in self.requests}

    def paths(self, address: str) -> set[str]:
        """What it asked a server for."""
        return {
            urlsplit(one["url"]).path for one in self.requests if one["url"].startswith(address)
        }


@asynccontextmanager
async def listening(asgi: Any) -> AsyncIterator[str]:
    """The address of a real server with this application."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(asgi, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve([listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await running


async def visit(url: str, directory: Path) -> Visit:
    """Look at a page, with a profile of its own in `directory`."""
    net_log = directory / "net.json"
    process = await asyncio.create_subprocess_exec(
        str(CHROMIUM),
        *OPTIONS,
        f"--user-data-dir={directory / 'profile'}",
        f"--log-net-log={net_log}",
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            page, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    lines = said.decode(errors="replace").splitlines()
    asked = [event.get("params", {}) for event in json.loads(net_log.read_text())["events"]]
    return Visit(
        page.decode(),
        [line for line in lines if "CONSOLE" in line],
        [one for one in asked if "url" in one],
    )
