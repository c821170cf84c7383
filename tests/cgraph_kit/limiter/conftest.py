"""A limiter and its clock, for every adapter; and a Valkey server that may be stopped."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
import redis.asyncio

from cgraph_kit.engines import ValkeyServer
from cgraph_kit.ids import new_id
from cgraph_kit.limiter import Limiter, MemoryLimiter
from cgraph_kit.limiter.valkey import ValkeyLimiter
from support.counting import Clock


class Counting(Protocol):
    """An adapter under test."""

    limiter: Limiter

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...


class InMemory:
    def __init__(self) -> None:
        self._clock = Clock()
        self.limiter = MemoryLimiter(clock=self._clock)

    async def wait(self, seconds: float) -> None:
        self._clock.now += seconds


class InValkey:
    """The server's clock is nobody's to turn, so what it keeps is made older instead."""

    def __init__(self, limiter: ValkeyLimiter, server: Any, prefix: str) -> None:
        self.limiter = limiter
        self._server = server
        self._prefix = prefix

    async def wait(self, seconds: float) -> None:
        async for key in self._server.scan_iter(f"{self._prefix}*"):
            await self._server.decrby(key, int(seconds * 1_000_000))


@asynccontextmanager
async def in_valkey(url: str) -> AsyncIterator[InValkey]:
    prefix = f"{new_id().hex}:"
    limiter = await ValkeyLimiter.connect(url, prefix=prefix)
    async with redis.asyncio.from_url(url) as server:
        yield InValkey(limiter, server, prefix)
    await limiter.close()


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    directory = Path(tempfile.mkdtemp(prefix="limiter-"))
    server = ValkeyServer(directory / "valkey").start()
    yield server
    server.stop()
    shutil.rmtree(directory)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A server a test may stop and start."""
    server = ValkeyServer(tmp_path / "valkey").start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "valkey"])
async def counting(request: pytest.FixtureRequest) -> AsyncIterator[Counting]:
    if request.param == "memory":
        yield InMemory()
        return
    server: ValkeyServer = request.getfixturevalue("valkey")
    async with in_valkey(server.url) as found:
        yield found


@pytest.fixture
def limiter(counting: Counting) -> Limiter:
    return counting.limiter
