"""`GET …/messages?limit=50` and `POST …/messages` against bare Starlette and asyncpg with the same SQL."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg

from . import lab
from .world import World, world

PATH = "/api/v1/conversations/{}/messages"
BODY = '{"content":"' + "x" * 120 + '"}'


def _lines(here: World, file: Path, method: str) -> Path:
    with file.open("w") as out:
        for n, token in enumerate(here.token_list):
            path = PATH.format(here.conversations[n // 2])
            tail = f" {BODY}" if method == "POST" else ""
            query = "?limit=50" if method == "GET" else ""
            out.write(f"{method} {path}{query} {token}{tail}\n")
    return file


def _run(port: int, pid: int, lines: Path, requests: int) -> dict[str, float]:
    load = lab.Load(port, pid, None, requests=requests, connections=16, lines=lines)
    assert not load.result["failed"]
    return {
        "us": load.cpu[0] / load.result["requests"] * 1e6,
        "per_second": load.result["requests"] / load.result["elapsed_s"],
    }


async def _fill(dsn: str) -> None:
    """Fifty messages in every conversation, so that pages are whole."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def run(runs: int, quick: bool) -> dict[str, Any]:
    """µs of server CPU per request and the ratio to the bare handler, alternating in one run."""
    requests = 2_000 if quick else 10_000
    with world() as here, TemporaryDirectory() as name:
        get = _lines(here, Path(name) / "get", "GET")
        post = _lines(here, Path(name) / "post", "POST")
        _run(here.port, here.server, post, 50 * len(here.conversations))
        asyncio.run(_fill(here.dsn))
        port = lab.free_port()
        command = [sys.executable, "-m", "bench.bare_server", here.dsn, port]
        with lab.process(command, core=lab.SERVER_CORE) as bare:
            lab.wait_for(port)
            _run(port, bare.pid, get, 1_000)

            def once() -> dict[str, float]:
                figures: dict[str, float] = {}
                for verb, lines in (("get", get), ("post", post)):
                    theirs = _run(port, bare.pid, lines, requests)
                    ours = _run(here.port, here.server, lines, requests)
                    figures |= {
                        f"{verb}_bare_us": theirs["us"],
                        f"{verb}_cgraph_us": ours["us"],
                        f"{verb}_ratio": ours["us"] / theirs["us"],
                        f"{verb}_cgraph_per_second": ours["per_second"],
                    }
                return figures

            return {"goal": "GET ≤ 1.2 ×, POST ≤ 1.35 ×", **lab.medians(once, runs)}
