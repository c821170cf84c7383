"""What every adapter promises."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Join = Callable[[], Awaitable[Any]]


async def heard_all(sender: Any, receiver: Any) -> None:
    """Everything that `sender` has published so far and `receiver` is to hear has been heard."""
    await receiver.bus.subscribe("mark")
    before = len(receiver.on("mark"))
    await sender.bus.publish("mark", b"")
    for _ in range(2_500):
        if len(receiver.on("mark")) > before:
            return
        await asyncio.sleep(0.002)
    pytest.fail("the mark did not arrive")


class TestPublish:
    async def test_reaches_every_other_subscriber(self, node: Join) -> None:
        a, b, c = await node(), await node(), await node()
        for each in (a, b, c):
            await each.bus.subscribe("room")

        await a.bus.publish("room", b"hello")

        await heard_all(a, b)
        await heard_all(a, c)
        assert b.on("room") == c.on("room") == [b"hello"]

    async def test_is_not_heard_by_its_own_node(self, node: Join) -> None:
        a, b = await node(), await node()
        await a.bus.subscribe("room")

        await a.bus.publish("room", b"mine")
        await heard_all(a, b)
        await heard_all(b, a)

        assert a.on("room") == []

    async def test_is_heard_only_where_subscribed(self, node: Join) -> None:
        a, b = await node(), await node()
        await b.bus.subscribe("room")

        await a.bus.publish("room:1", b"x")
        await a.bus.publish("ROOM", b"x")
        await a.bus.publish("roo*", b"x")
        await heard_all(a, b)

        assert {topic for topic, _ in b.heard} == {"mark"}

    async def test_keeps_the_order_of_all_publishing(self, node: Join) -> None:
        a, b = await node(), await node()
        await b.bus.subscribe("room")

        for number in range(3_000):
            if number % 500 == 250:
                await a.bus.publish("room", b"%d" % number)
            else:
                a.bus.publish_soon("room", b"%d" % number)
        await heard_all(a, b)

        assert b.on("room") == [b"%d" % number for number in range(3_000)]

    async def test_keeps_each_publishers_order_when_several_publish(self, node: Join) -> None:
        a, b, c = await node(), await node(), await node()
        await c.bus.subscribe("room")

        for number in range(500):
            a.bus.publish_soon("room", b"a%d" % number)
            b.bus.publish_soon("room", b"b%d" % number)
            if number % 100 == 0:
                await asyncio.sleep(0)
        await heard_all(a, c)
        await heard_all(b, c)

        for name in (b"a", b"b"):
            heard = [payload for payload in c.on("room") if payload.startswith(name)]
            assert heard == [b"%b%d" % (name, number) for number in range(500)]

    @pytest.mark.parametrize("payload", [b"", b"\x00\xff\r\n", bytes(2_000_000)])
    async def test_carries_any_bytes(self, node: Join, payload: bytes) -> None:
        a, b = await node(), await node()
        await b.bus.subscribe("room")

        await a.bus.publish("room", payload)
        await heard_all(a, b)

        assert b.on("room") == [payload]

    async def test_carries_any_topic(self, node: Join) -> None:
        a, b = await node(), await node()
        for topic in ("", "two words", "größe:ü", "a/b:c*?[d]", "x" * 2_000):
            await b.bus.subscribe(topic)
            await a.bus.publish(topic, b"x")
            await heard_all(a, b)
            assert b.on(topic) == [b"x"]

    async def test_drops_nothing_while_the_bus_is_there(self, node: Join) -> None:
        a = await node()
        for _ in range(1_000):
            a.bus.publish_soon("nobody", b"x")
        await a.bus.publish("nobody", b"x")
        assert a.bus.dropped == 0


class TestSubscribe:
    async def test_stands_when_it_returns(self, node: Join) -> None:
        a, b = await node(), await node()
        for number in range(50):
            await b.bus.subscribe(f"room:{number}")
            a.bus.publish_soon(f"room:{number}", b"x")
        await heard_all(a, b)
        assert [topic for topic, _ in b.heard] == [f"room:{number}" for number in range(50)] + [
            "mark"
        ]

    async def test_again_has_no_effect(self, node: Join) -> None:
        a, b = await node(), await node()
        await asyncio.gather(*(b.bus.subscribe("room") for _ in range(5)))

        await a.bus.publish("room", b"once")
        await heard_all(a, b)

        assert b.on("room") == [b"once"]

    async def test_counts_nothing(self, node: Join) -> None:
        a, b = await node(), await node()
        await b.bus.subscribe("room")
        await b.bus.subscribe("room")
        await b.bus.unsubscribe("room")

        await a.bus.publish("room", b"x")
        await heard_all(a, b)

        assert b.on("room") == []

    async def test_takes_thousands_at_once(self, node: Join) -> None:
        a, b = await node(), await node()
        await asyncio.gather(*(b.bus.subscribe(f"room:{number}") for number in range(3_000)))

        for number in range(3_000):
            a.bus.publish_soon(f"room:{number}", b"x")
        await heard_all(a, b)

        assert len(b.heard) == 3_001


class TestUnsubscribe:
    async def test_is_silent_at_once(self, node: Join) -> None:
        a, b = await node(), await node()
        await b.bus.subscribe("room")

        a.bus.publish_soon("room", b"on its way")
        await b.bus.unsubscribe("room")
        await heard_all(a, b)

        assert b.on("room") == []

    async def test_of_what_was_never_subscribed_is_fine(self, node: Join) -> None:
        a = await node()
        await a.bus.unsubscribe("room")

    async def test_then_subscribe_ends_subscribed(self, node: Join) -> None:
        a, b = await node(), await node()
        for number in range(20):
            steps = [b.bus.subscribe("room")]
            for _ in range(number):
                steps += [b.bus.unsubscribe("room"), b.bus.subscribe("room")]
            await asyncio.gather(*steps)
            a.bus.publish_soon("room", b"%d" % number)
            await heard_all(a, b)
        assert b.on("room") == [b"%d" % number for number in range(20)]

    async def test_lets_a_waiting_subscriber_go(self, node: Join) -> None:
        a = await node()
        waiting = asyncio.create_task(a.bus.subscribe("room"))
        await asyncio.sleep(0)
        await a.bus.unsubscribe("room")
        await asyncio.wait_for(waiting, 2)


class TestOnMessage:
    async def test_that_fails_costs_one_message(
        self, node: Join, caplog: pytest.LogCaptureFixture
    ) -> None:
        a, b = await node(), await node()
        await b.bus.subscribe("room")
        listen = b.bus.on_message

        def fail_once(topic: str, payload: bytes) -> None:
            b.bus.on_message = listen
            raise ValueError(topic)

        b.bus.on_message = fail_once
        with caplog.at_level(logging.ERROR):
            await a.bus.publish("room", b"1")
            await a.bus.publish("room", b"2")
            await heard_all(a, b)

        assert b.on("room") == [b"2"]
        assert "not handled" in caplog.text


class TestClose:
    async def test_sends_what_is_queued(self, node: Join) -> None:
        a, b = await node(), await node()
        await b.bus.subscribe("room")

        for number in range(100):
            a.bus.publish_soon("room", b"%d" % number)
        await a.bus.close()
        await heard_all(await node(), b)

        assert len(b.on("room")) == 100

    async def test_ends_listening(self, node: Join) -> None:
        a, b, c = await node(), await node(), await node()
        await b.bus.subscribe("room")
        await c.bus.subscribe("room")

        await b.bus.close()
        await a.bus.publish("room", b"x")
        await heard_all(a, c)

        assert b.heard == []

    async def test_leaves_no_task(self, node: Join) -> None:
        before = asyncio.all_tasks()
        a = await node()
        await a.bus.subscribe("room")
        a.bus.publish_soon("room", b"x")
        await a.bus.close()
        await a.bus.close()
        assert asyncio.all_tasks() <= before


class TestNode:
    async def test_is_another_name_each_time(self, node: Join) -> None:
        assert len({(await node()).bus.node for _ in range(3)}) == 3
