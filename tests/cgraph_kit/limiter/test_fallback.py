import asyncio
from collections.abc import AsyncIterator

import pytest

from cgraph_kit.engines import ValkeyServer
from cgraph_kit.errors import Unavailable
from cgraph_kit.limiter import Away, FallbackLimiter, Limit, MemoryLimiter
from cgraph_kit.limiter.valkey import ValkeyLimiter

READ = Limit("read", 2, 600, Away.OPEN)
WRITE = Limit("write", 2, 600, Away.LOCAL)
GUESS = Limit("guess", 2, 600, Away.CLOSED)


class Node:
    """A limiter on a server that may go, and the limits it had to do without it for."""

    def __init__(self, shared: ValkeyLimiter) -> None:
        self.missed: list[Limit] = []
        self.limiter = FallbackLimiter(shared, MemoryLimiter(), self.missed.append)

    async def allowed(self, limit: Limit, times: int = 1) -> list[bool]:
        return [(await self.limiter.check("ann", limit)).allowed for _ in range(times)]


@pytest.fixture
async def node(mortal: ValkeyServer) -> AsyncIterator[Node]:
    shared = await ValkeyLimiter.connect(mortal.url)
    yield Node(shared)
    await shared.close()


class TestCheck:
    async def test_asks_the_shared_one_while_it_is_there(self, node: Node) -> None:
        assert await node.allowed(READ, 3) == [True, True, False]
        assert node.missed == []

    async def test_does_as_the_limit_says_while_it_is_away(
        self, node: Node, mortal: ValkeyServer
    ) -> None:
        await node.allowed(WRITE, 2)
        await asyncio.to_thread(mortal.stop)

        assert await node.allowed(READ, 5) == [True] * 5
        assert await node.allowed(WRITE, 3) == [True, True, False]
        with pytest.raises(Unavailable):
            await node.limiter.check("ann", GUESS)
        assert node.missed == [READ] * 5 + [WRITE] * 3 + [GUESS]

    async def test_an_open_one_says_that_all_is_there(
        self, node: Node, mortal: ValkeyServer
    ) -> None:
        await asyncio.to_thread(mortal.stop)
        decision = await node.limiter.check("ann", READ)
        assert (decision.remaining, decision.retry_after, decision.reset_after) == (2, 0, 0)


class TestForget:
    async def test_forgets_here_and_there(self, node: Node, mortal: ValkeyServer) -> None:
        await node.allowed(WRITE, 2)
        await node.limiter.forget("ann", WRITE)
        assert await node.allowed(WRITE, 3) == [True, True, False]

        await asyncio.to_thread(mortal.stop)
        await node.allowed(WRITE, 2)
        await node.limiter.forget("ann", WRITE)
        assert await node.allowed(WRITE) == [True]
        with pytest.raises(Unavailable):
            await node.limiter.forget("ann", GUESS)
