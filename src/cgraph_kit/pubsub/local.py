"""The bus inside one process: what a single node runs on, and what tests join several nodes with."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from .base import ignore_message, ignore_reconnect, new_node_name

log = logging.getLogger(__name__)

Deliver = Callable[[], None]


class LocalBus:
    """Joins the `LocalPubSub`s made from it; `schedule` runs each delivery later, by default in the next tick.

    A test that wants a lossy or shuffled bus passes its own `schedule`.
    """

    def __init__(self, schedule: Callable[[Deliver], object] | None = None) -> None:
        self._schedule = schedule
        self._nodes: dict[str, dict[str, LocalPubSub]] = {}

    def add(self, topic: str, node: "LocalPubSub") -> None:
        self._nodes.setdefault(topic, {})[node.node] = node

    def remove(self, topic: str, node: "LocalPubSub") -> None:
        nodes = self._nodes.get(topic, {})
        nodes.pop(node.node, None)
        if not nodes:
            self._nodes.pop(topic, None)

    def send(self, topic: str, payload: bytes, sender: str) -> None:
        nodes = self._nodes.get(topic)
        if nodes is None or (len(nodes) == 1 and sender in nodes):  # the usual case costs nothing
            return
        schedule = self._schedule or asyncio.get_running_loop().call_soon
        for name, node in nodes.items():
            if name != sender:
                schedule(partial(node.deliver, topic, payload))


class LocalPubSub:
    """A node on a `LocalBus`; alone on its own bus it is the adapter of a single process."""

    def __init__(self, bus: LocalBus | None = None, node: str | None = None) -> None:
        self.node = node or new_node_name()
        self.on_message: Callable[[str, bytes], None] = ignore_message
        self.on_reconnect: Callable[[], None] = ignore_reconnect
        self._bus = bus or LocalBus()
        self._topics: set[str] = set()

    @property
    def dropped(self) -> int:
        return 0

    async def publish(self, topic: str, payload: bytes) -> None:
        self._bus.send(topic, payload, self.node)

    def publish_soon(self, topic: str, payload: bytes) -> None:
        self._bus.send(topic, payload, self.node)

    async def subscribe(self, topic: str) -> None:
        self._topics.add(topic)
        self._bus.add(topic, self)

    async def unsubscribe(self, topic: str) -> None:
        self._topics.discard(topic)
        self._bus.remove(topic, self)

    async def close(self) -> None:
        for topic in list(self._topics):
            await self.unsubscribe(topic)

    def deliver(self, topic: str, payload: bytes) -> None:
        if topic not in self._topics:
            return
        try:
            self.on_message(topic, payload)
        except Exception:
            log.exception("a bus message was not handled")
