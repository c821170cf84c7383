"""People in pairs, each with a conversation of their own, who do nothing but talk."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from .figures import Result, cpu_seconds, times
from .http import Api
from .server import Running
from .socket import Talker

TEXT = "the quick brown fox jumps over the lazy dog " * 3
"""What everybody says: about as long as people's messages get."""


class Pair(msgspec.Struct, frozen=True):
    """Two people and their conversation; the first talks, both listen."""

    conversation_id: str
    api: Api
    talker: Talker
    listener: Talker


class Town:
    """All pairs, and how long deliveries between them took."""

    def __init__(self, server: Running, pairs: list[Pair], delivered: list[float]) -> None:
        self._server = server
        self.pairs = pairs
        self._delivered = delivered

    async def talk(self, seconds: float) -> list[Result]:
        """Everybody says the next thing when the last was acknowledged: the most this machine carries."""
        self._delivered.clear()

        async def say(pair: Pair) -> float:
            return await pair.talker.say(TEXT)

        said = await self._measure("messages", seconds, say)
        heard = times(self._delivered)
        return [said, Result("  until heard", said.per_second, heard, None)]

    async def pace(self, seconds: float, per_second: float) -> list[Result]:
        """The same at a rate that leaves room: how long people wait on a day that is not the worst."""
        self._delivered.clear()
        gap = len(self.pairs) / per_second

        async def say(pair: Pair) -> float:
            due = time.perf_counter() + gap
            took = await pair.talker.say(TEXT)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            return took

        said = await self._measure(f"messages at {per_second:,.0f}/s", seconds, say)
        return [said, Result("  until heard", said.per_second, times(self._delivered), None)]

    async def read(self, seconds: float) -> Result:
        """Everybody reads pages of 50."""

        async def page(pair: Pair) -> float:
            start = time.perf_counter()
            await pair.api.get(f"/api/v1/conversations/{pair.conversation_id}/messages?limit=50")
            return time.perf_counter() - start

        return await self._measure("pages of 50", seconds, page)

    async def _measure(
        self, what: str, seconds: float, do: Callable[[Pair], Awaitable[float]]
    ) -> Result:
        took: list[float] = []
        start = time.perf_counter()
        cpu = cpu_seconds(self._server.pid)

        async def work(pair: Pair) -> None:
            while time.perf_counter() - start < seconds:
                took.append(await do(pair))

        await asyncio.gather(*(work(pair) for pair in self.pairs))
        elapsed = time.perf_counter() - start
        used = cpu_seconds(self._server.pid)
        each = None if cpu is None or used is None else round((used - cpu) / len(took) * 1e6, 1)
        return Result(what, round(len(took) / elapsed, 1), times(took), each)


@asynccontextmanager
async def town(server: Running, pairs: int, told: Callable[[int], None]) -> AsyncIterator[Town]:
    """So many pairs, connected and joined. `told`: how many are there already."""
    delivered: list[float] = []
    made: list[Pair] = []
    try:
        for number in range(pairs):
            made.append(await _pair(server, delivered))
            told(number + 1)
        yield Town(server, made, delivered)
    finally:
        for pair in made:
            pair.talker.close()
            pair.listener.close()
            pair.api.close()


async def _pair(server: Running, delivered: list[float]) -> Pair:
    first, second = await _registered(server), await _registered(server)
    opened = await first.api.post("/api/v1/conversations", {"participant_ids": [second.id]})
    topic = f"conversation:{opened['id']}"
    second.api.close()
    return Pair(
        conversation_id=opened["id"],
        api=first.api,
        talker=await Talker.connect(first.url, topic, lambda _seconds: None),
        listener=await Talker.connect(second.url, topic, delivered.append),
    )


class _Person(msgspec.Struct, frozen=True):
    id: str
    api: Api
    url: str


async def _registered(server: Running) -> _Person:
    api = await Api.connect(server.host, server.port)
    name = f"bench{secrets.token_hex(6)}"
    account: dict[str, Any] = {
        "email": f"{name}@example.org",
        "username": name,
        "password": secrets.token_urlsafe(16),
    }
    answer = await api.post("/api/v1/auth/register", account)
    api.token = answer["access_token"]
    url = f"ws://{server.host}:{server.port}/socket/websocket?vsn=2.0.0&token={api.token}"
    return _Person(answer["user"]["id"], api, url)
