"""Telling other nodes."""

import asyncio
from typing import Any

from cgraph_kit.jobs.waking import Waker
from cgraph_kit.pubsub import LocalBus, LocalPubSub
from support.later import holds


class TestWaker:
    async def test_tells_the_first_and_the_last_of_many(self) -> None:
        bus = LocalBus()
        here, there = Waker(LocalPubSub(bus)), Waker(LocalPubSub(bus))
        heard: list[Any] = []
        there.on_enqueued = heard.append
        await there.start()
        for _ in range(100):
            here.enqueued("mail")
        await holds(lambda: len(heard) == 2)
        here.enqueued("push")
        await holds(lambda: "push" in heard)
        assert heard == ["mail", "mail", "push"]

    async def test_tells_of_orders(self) -> None:
        bus = LocalBus()
        here, there = Waker(LocalPubSub(bus)), Waker(LocalPubSub(bus))
        heard: list[Any] = []
        there.on_cancelled = heard.append
        there.on_ordered = lambda: heard.append("ordered")
        await there.start()
        here.cancelled({1, 2})
        here.ordered()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert heard == [[1, 2], "ordered"]
        await there.close()
        here.ordered()
        await asyncio.sleep(0)
        assert len(heard) == 2

    async def test_needs_no_bus(self) -> None:
        alone = Waker(None)
        await alone.start()
        alone.enqueued("mail")
        alone.cancelled([1])
        alone.ordered()
        await alone.close()
