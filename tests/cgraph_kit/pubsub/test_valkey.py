"""Outages, which only a bus outside this process has."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cgraph_kit.engines import ValkeyServer
from cgraph_kit.errors import Unavailable
from cgraph_kit.pubsub.valkey import ValkeyPubSub

Connect = Callable[..., Awaitable[Any]]


async def until(done: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not done():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.002)


class TestConnect:
    async def test_refuses_to_start_without_a_server(self, tmp_path: Path) -> None:
        with pytest.raises(ConnectionError, match="no Valkey server"):
            await ValkeyPubSub.connect(f"unix://{tmp_path}/nothing.sock")

    async def test_keeps_installations_apart_by_prefix(self, connect: Connect) -> None:
        a, b = await connect(prefix="one:"), await connect(prefix="two:")
        await b.bus.subscribe("room")
        await b.bus.subscribe("e:room")
        await a.bus.publish("room", b"x")
        await a.bus.close()
        marker = await connect(prefix="two:")
        await marker.bus.publish("room", b"y")
        await b.has_heard("room", b"y")
        assert b.heard == [("room", b"y")]


class TestOutage:
    async def test_ends_with_every_subscription_and_one_report(
        self, connect: Connect, wire: Any
    ) -> None:
        a, b = await connect(), await connect(wire.url)
        for topic in ("one", "two", "gone"):
            await b.bus.subscribe(topic)
        await b.bus.unsubscribe("gone")

        await wire.cut()
        await until(lambda: not b.bus.connected)
        await wire.mend()
        await until(lambda: b.reconnects == 1)
        for topic in ("one", "two", "gone"):
            await a.bus.publish(topic, b"after")
        await b.has_heard("two", b"after")

        assert b.heard == [("one", b"after"), ("two", b"after")]
        assert a.reconnects == 0

    async def test_is_over_when_on_reconnect_is_called(self, connect: Connect, wire: Any) -> None:
        a, b = await connect(), await connect(wire.url)
        await asyncio.gather(*(b.bus.subscribe(f"room:{number}") for number in range(2_500)))

        def report() -> None:
            for number in range(2_500):
                a.bus.publish_soon(f"room:{number}", b"x")

        b.bus.on_reconnect = report
        await wire.cut()
        await wire.mend()
        await until(lambda: len(b.heard) == 2_500)

    async def test_does_not_hold_up_subscribing(self, connect: Connect, wire: Any) -> None:
        a, b = await connect(), await connect(wire.url)
        await wire.cut()
        await until(lambda: not b.bus.connected)

        await asyncio.wait_for(b.bus.subscribe("room"), 1)
        await b.bus.subscribe("other")
        await b.bus.unsubscribe("other")
        await wire.mend()
        await until(lambda: b.reconnects == 1)

        await a.bus.publish("room", b"x")
        await b.has_heard("room", b"x")

    async def test_lets_those_go_who_wait_for_a_confirmation(
        self, connect: Connect, wire: Any
    ) -> None:
        b = await connect(wire.url)
        wire.freeze()
        waiting = asyncio.create_task(b.bus.subscribe("room"))
        publishing = asyncio.create_task(b.bus.publish("room", b"x"))
        await asyncio.sleep(0)
        await wire.cut()
        await asyncio.wait_for(waiting, 2)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(publishing, 2)

    async def test_fails_what_is_awaited_and_keeps_what_is_not(
        self, connect: Connect, wire: Any
    ) -> None:
        a, b = await connect(wire.url), await connect()
        await b.bus.subscribe("room")
        await wire.cut()
        await until(lambda: not a.bus.connected)

        for number in range(3):
            a.bus.publish_soon("room", b"%d" % number)
        with pytest.raises(Unavailable):
            await a.bus.publish("room", b"awaited")
        await wire.mend()
        await b.has_heard("room", b"2")

        assert b.on("room") == [b"0", b"1", b"2"]
        assert a.bus.dropped == 1

    async def test_keeps_no_more_than_its_bound_and_counts_the_rest(
        self, connect: Connect, wire: Any
    ) -> None:
        a, b = await connect(wire.url, max_queued_bytes=10_000), await connect()
        await b.bus.subscribe("room")
        await wire.cut()
        await until(lambda: not a.bus.connected)

        for number in range(100):
            a.bus.publish_soon("room", b"%04d" % number * 50)
        kept = 100 - a.bus.dropped
        await wire.mend()
        await until(lambda: len(b.heard) == kept)

        assert 0 < kept <= 50
        assert [int(payload[:4]) for payload in b.on("room")] == list(range(kept))

    async def test_is_noticed_when_the_server_falls_silent(
        self, connect: Connect, wire: Any
    ) -> None:
        a, b = await connect(), await connect(wire.url, ping_seconds=0.02)
        await b.bus.subscribe("room")
        wire.freeze()
        await until(lambda: not b.bus.connected)
        await wire.cut()
        await wire.mend()
        await until(lambda: b.reconnects == 1)
        await a.bus.publish("room", b"x")
        await b.has_heard("room", b"x")

    async def test_does_not_come_of_idleness(self, connect: Connect, wire: Any) -> None:
        b = await connect(wire.url, ping_seconds=0.1)
        await until(lambda: wire.sent.count(b"PING") > 4)
        assert b.bus.connected
        assert b.reconnects == 0

    async def test_does_not_hold_up_closing(self, connect: Connect, wire: Any) -> None:
        b = await connect(wire.url)
        await wire.cut()
        await until(lambda: not b.bus.connected)
        b.bus.publish_soon("room", b"x")
        await asyncio.wait_for(b.bus.close(), 1)
        assert b.bus.dropped == 1

    async def test_survives_a_server_that_is_killed(
        self, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        directory = tmp_path_factory.mktemp("v")
        url = f"unix://{directory}/run/{ValkeyServer.socket_name}"
        first = await asyncio.to_thread(ValkeyServer(directory).start)
        a, b = await ValkeyPubSub.connect(url), await ValkeyPubSub.connect(url)
        heard: list[bytes] = []
        reconnected: list[ValkeyPubSub] = []
        b.on_message = lambda _topic, payload: heard.append(payload)
        for bus in (a, b):
            bus.on_reconnect = lambda bus=bus: reconnected.append(bus)
        try:
            await b.subscribe("room")
            await asyncio.to_thread(first.stop)
            await until(lambda: not a.connected and not b.connected)
            second = await asyncio.to_thread(ValkeyServer(directory).start)
            await until(lambda: len(reconnected) == 2)
            await a.publish("room", b"again")
            await until(lambda: heard == [b"again"])
            await asyncio.to_thread(second.stop)
        finally:
            await a.close()
            await b.close()
