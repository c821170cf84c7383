"""Telling queues that there is something to do, here at once and on other nodes over the bus."""

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from cgraph_kit.pubsub import PubSub

ENQUEUED, CANCELLED, ORDERED = TOPICS = ("enqueued", "cancelled", "ordered")
QUIET = 0.02
"""Seconds between two messages about one queue: the second wakes whoever the first has not."""


class Waker:
    """Tells other nodes, and hears them; without a bus they find out by looking."""

    def __init__(self, bus: PubSub | None) -> None:
        self._bus = bus
        self._told: dict[str, bool] = {}
        """Queues of which was told a moment ago, and whether something came since."""
        self.on_enqueued: Callable[[str], None] = lambda _queue: None
        """Another node has enqueued something in this queue."""
        self.on_cancelled: Callable[[list[int]], None] = lambda _ids: None
        """Somebody has cancelled these."""
        self.on_ordered: Callable[[], None] = lambda: None
        """Somebody has spoken of queues, or the bus was away and nobody knows."""

    async def start(self) -> None:
        """Listen from now on."""
        if self._bus is not None:
            self._bus.on_message = self._hear
            self._bus.on_reconnect = self.on_ordered
            for topic in TOPICS:
                await self._bus.subscribe(topic)

    async def close(self) -> None:
        """Listen no more."""
        if self._bus is not None:
            await self._bus.close()

    def enqueued(self, queue: str) -> None:
        """Tell that there is something in this queue; of many in a row, the first and the last."""
        if self._bus is None:
            return
        if queue in self._told:
            self._told[queue] = True
            return
        self._told[queue] = False
        self._bus.publish_soon(ENQUEUED, queue.encode())
        asyncio.get_running_loop().call_later(QUIET, self._again, queue)

    def cancelled(self, ids: Iterable[int]) -> None:
        """Tell that these are to be ended."""
        if self._bus is not None:
            self._bus.publish_soon(CANCELLED, msgspec.json.encode(list(ids)))

    def ordered(self) -> None:
        """Tell that operators have spoken."""
        if self._bus is not None:
            self._bus.publish_soon(ORDERED, b"")

    def _again(self, queue: str) -> None:
        if self._told.pop(queue):
            self.enqueued(queue)

    def _hear(self, topic: str, payload: bytes) -> None:
        match topic:
            case "enqueued":
                self.on_enqueued(payload.decode())
            case "cancelled":
                self.on_cancelled(msgspec.json.decode(payload, type=list[int]))
            case "ordered":
                self.on_ordered()
