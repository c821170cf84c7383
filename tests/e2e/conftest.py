"""Real servers in processes of their own, their data in memory where the machine allows, and the official client."""

import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.chat import Chat
from support.memory import in_memory
from support.phoenix import Phoenix, phoenix
from support.served import Served, calling, launched, serving


@pytest.fixture(scope="session")
def workspace() -> Iterator[Path]:
    """Where the servers of this test process keep their data."""
    with in_memory() as path:
        yield path


_numbers = count(1)


@pytest.fixture
def empty_dir(workspace: Path) -> Iterator[Path]:
    """A data directory nobody has used."""
    path = workspace / f"data-{next(_numbers)}"
    yield path
    shutil.rmtree(path, ignore_errors=True)


@dataclass
class FirstRun:
    """What was seen of a server from its first start on an empty directory to its end."""

    path: Path
    address: str
    output: str
    second_status: int
    """Exit status of another server on the same directory meanwhile."""
    second_complaints: str
    pid: int
    seconds_to_stop: float
    status: int | None
    close_code: int
    """What the client that was connected was told."""


@pytest.fixture(scope="session")
async def first_run(workspace: Path) -> FirstRun:
    path = workspace / "first"
    async with phoenix() as node, serving(path) as served, calling(served.address) as http:
        chat = await Chat.begin(http, served, node, "ada", "bob")
        ada = chat.members[0]
        await ada.join(retry=60_000)
        async with launched(path) as second:
            status = await second.ended()
        seconds = await served.stop(signal.SIGTERM)
        closed = await ada.socket.seen("closed")
    return FirstRun(
        path,
        served.address,
        "\n".join(served.output),
        status,
        "\n".join(second.complaints),
        served.process.pid,
        seconds,
        served.process.returncode,
        closed["code"],
    )


@pytest.fixture
def data_dir(first_run: FirstRun, empty_dir: Path) -> Path:
    """A copy of its directory: the database is made and migrated."""
    shutil.copytree(first_run.path, empty_dir, symlinks=True)
    return empty_dir


@pytest.fixture(scope="session")
async def served(workspace: Path, clones: Any) -> AsyncIterator[Served]:
    """One server that all tests of this process may use as long as they leave it alone, on a database of its own."""
    env = {"DATABASE_URL": await clones.make()}
    async with serving(workspace / "shared", env=env) as served:
        yield served


@pytest.fixture
async def http(served: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(served.address) as http:
        yield http


@pytest.fixture
async def node() -> AsyncIterator[Phoenix]:
    """A Node process with the current release."""
    async with phoenix() as node:
        yield node
