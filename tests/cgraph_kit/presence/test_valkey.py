"""Two nodes over a real bus."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cgraph_kit.engines import embedded_valkey
from cgraph_kit.presence import Presence, PresenceSettings
from cgraph_kit.pubsub import split
from cgraph_kit.pubsub.valkey import ValkeyPubSub

SETTINGS = PresenceSettings(heartbeat=0.1, down_after=0.6)


async def until(done: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not done():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.002)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    directory = Path(tempfile.mkdtemp(prefix="presence-"))
    async with embedded_valkey(directory) as server:
        yield server.url
    shutil.rmtree(directory)


Node = tuple[Presence, ValkeyPubSub]


async def start(url: str) -> Node:
    bus = await ValkeyPubSub.connect(url)
    _, lane = split(bus, "hub", "presence")
    presence = Presence(lane, SETTINGS)
    await presence.start()
    return presence, bus


@pytest.fixture
async def nodes(url: str) -> AsyncIterator[tuple[Node, Node]]:
    pair = await start(url), await start(url)
    yield pair
    for presence, bus in pair:
        await presence.stop()
        await bus.close()


class TestTwoNodes:
    async def test_see_each_other(self, nodes: tuple[Node, Node]) -> None:
        (a, _), (b, _) = nodes
        a.track("room", "ann", "socket", {"n": 1})
        b.track("room", "bob", "socket", {"n": 2})
        await until(lambda: a.count("room") == b.count("room") == 2)
        assert sorted(a.list("room").items()) == sorted(b.list("room").items())

    async def test_part_in_peace(self, url: str, nodes: tuple[Node, Node]) -> None:
        (a, _), _ = nodes
        c, bus = await start(url)
        c.track("room", "cid", "socket", {})
        await until(lambda: a.is_online("cid"))
        await c.stop()
        await bus.close()
        await until(lambda: not a.is_online("cid"), seconds=SETTINGS.down_after / 2)

    async def test_outlive_one_that_dies_without_a_goodbye(self, nodes: tuple[Node, Node]) -> None:
        (a, _), (b, bus) = nodes
        a.track("room", "ann", "socket", {})
        b.track("room", "bob", "socket", {})
        await until(lambda: a.count("room") == 2)
        await bus.close()
        await until(lambda: not a.is_online("bob"))
        assert [*a.list("room")] == ["ann"]
