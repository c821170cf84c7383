"""`cgraph serve` as a process of its own, and people who talk to it over HTTP."""

import asyncio
import ctypes
import os
import random
import re
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from support.limits import RAISED_ENVIRONMENT

PATIENCE = 30.0
"""Seconds a start may take on a busy machine."""
SETTINGS = {
    "CGRAPH_ARGON2_TIME_COST": "1",
    "CGRAPH_ARGON2_MEMORY_KIB": "8",
    **RAISED_ENVIRONMENT,
    "CGRAPH_LOG_LEVEL": "warning",
    "SECRET_KEY_BASE": "for tests only, the same on every node",
    "JWT_SECRET": "for tests only, the same on every node",
}
"""Cheap passwords, room for many people; and secrets that several nodes share."""
OWN = ("CGRAPH_", "DATABASE_URL", "VALKEY_URL", "PORT", "POOL_SIZE", "PHX_HOST")
"""What a developer's own environment must not bring in."""
PASSWORD = "correct horse battery"

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
_numbers = count(1)


class Served:
    """One running server."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.address = ""
        self.output: list[str] = []
        """Its standard output, line by line."""
        self.complaints: list[str] = []
        """Its standard error."""

    @property
    def url(self) -> str:
        """For `new Socket`."""
        return self.address.replace("http", "ws", 1) + "/socket"

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        self.process.send_signal(number)

    async def ended(self, within: float = PATIENCE) -> int:
        """Its exit status, once it has ended."""
        async with asyncio.timeout(within):
            return await self.process.wait()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """End it, and return how many seconds that took."""
        start = time.monotonic()
        self.interrupt(number)
        await self.ended()
        return time.monotonic() - start


@asynccontextmanager
async def launched(
    data_dir: Path, *, port: int = 0, env: Mapping[str, str] | None = None
) -> AsyncIterator[Served]:
    """A process that may or may not come to serve. Whatever becomes of it, leaving kills it and its children."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cgraph_cli.main", "serve"),
        *("--port", str(port), "--data-dir", str(data_dir)),
        env=_environment(data_dir.parent / "pycache") | SETTINGS | (env or {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
        preexec_fn=die_with_us,
    )
    served = Served(process)
    readers = [
        asyncio.create_task(_read(process.stdout, served.output)),
        asyncio.create_task(_read(process.stderr, served.complaints)),
    ]
    try:
        yield served
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await asyncio.gather(*readers)
        process._transport.close()  # type: ignore[attr-defined]  # else the collector closes it, with a warning
        print(*served.output, *served.complaints, sep="\n")  # noqa: T201  (shown where a test fails)


def die_with_us() -> None:
    """In the child, before it becomes a server: have the kernel stop it should this process be killed."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _environment(bytecode: Path) -> dict[str, str]:
    """This process's, without what is the developer's own. Where Python must not keep bytecode, it may do so here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    if kept.pop("PYTHONDONTWRITEBYTECODE", None):
        kept["PYTHONPYCACHEPREFIX"] = str(bytecode)
    return kept


@asynccontextmanager
async def serving(
    data_dir: Path, *, port: int = 0, env: Mapping[str, str] | None = None
) -> AsyncIterator[Served]:
    """A server that answers. Without DATABASE_URL in `env` on the embedded PostgreSQL in `data_dir`.

    Leaving stops it properly, if the test has not ended it.
    """
    async with launched(data_dir, port=port, env=env) as served:
        async with asyncio.timeout(PATIENCE):
            while not (found := re.search(r"listening on (http\S+)", "\n".join(served.output))):
                assert served.process.returncode is None, "\n".join(served.complaints)
                await asyncio.sleep(0.01)
        served.address = found[1]
        yield served
        if served.process.returncode is None:
            await served.stop()


async def _read(stream: asyncio.StreamReader | None, lines: list[str]) -> None:
    assert stream is not None
    while line := await stream.readline():
        lines.append(line.decode(errors="replace").rstrip())


def free_port() -> int:
    """One that nobody has, and that the kernel gives to no outgoing connection while a server restarts."""
    while True:
        port = random.randint(20_000, 32_000)  # noqa: S311
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Refused(Exception):
    """An answer that is not 2xx."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.status_code} {response.text}")
        self.status = response.status_code


class Person:
    """Somebody with an account, at one server."""

    def __init__(self, client: httpx.AsyncClient, username: str, tokens: Any) -> None:
        self._client = client
        self.username = username
        self.id: str = tokens["user"]["id"]
        self.token: str = tokens["access_token"]

    @classmethod
    async def register(cls, client: httpx.AsyncClient, name: str) -> "Person":
        username = f"{name}{os.getpid()}x{next(_numbers)}"
        body = {
            "username": username,
            "email": f"{username}@example.com",
            "password": PASSWORD,
        }
        answer = await _ask(client, "POST", "/auth/register", json=body)
        return cls(client, username, answer["data"])

    async def login(self) -> "Person":
        """The same person on another device."""
        body = {"login": self.username, "password": PASSWORD}
        answer = await _ask(self._client, "POST", "/auth/login", json=body)
        return Person(self._client, self.username, answer["data"])

    def at(self, client: httpx.AsyncClient) -> "Person":
        """The same device, asking another server."""
        other = object.__new__(Person)
        other.__dict__ = self.__dict__ | {"_client": client}
        return other

    async def get(self, path: str, **options: Any) -> Any:
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Any:
        return await self.call("POST", path, json=json, **options)

    async def delete(self, path: str) -> Any:
        return await self.call("DELETE", path)

    async def pages(self, path: str) -> list[Any]:
        """Every item of a list that is read from its end, oldest first."""
        items: list[Any] = []
        before: dict[str, str] = {}
        while True:
            answer = await self._answer("GET", path, params={"limit": "100"} | before)
            items[:0] = answer["data"]
            if answer["page"]["before"] is None:
                return items
            before = {"before": answer["page"]["before"]}

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """The answer's data. Raises `Refused`, or httpx's error where there is no answer."""
        answer = await self._answer(method, path, **options)
        return answer and answer["data"]

    async def _answer(self, method: str, path: str, **options: Any) -> Any:
        headers = {"authorization": f"Bearer {self.token}"}
        return await _ask(self._client, method, path, headers=headers, **options)


async def _ask(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> Any:
    response = await client.request(method, f"/api/v1{path}", **options)
    if not response.is_success:
        raise Refused(response)
    return response.json() if response.content else None


@asynccontextmanager
async def calling(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Connections to a server; a restart on the same port is none of their business."""
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as client:
        yield client
