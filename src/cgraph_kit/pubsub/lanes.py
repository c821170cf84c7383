"""One bus shared by several owners, each with its own topics and callbacks."""

from collections.abc import Callable

from .base import PubSub, ignore_message, ignore_reconnect


class Lane:
    """A `PubSub` whose topics are kept apart by a prefix; closing it only silences it: the bus is its owner's."""

    def __init__(self, bus: PubSub, name: str) -> None:
        self.node = bus.node
        self.on_message: Callable[[str, bytes], None] = ignore_message
        self.on_reconnect: Callable[[], None] = ignore_reconnect
        self._bus = bus
        self._prefix = f"{name}/"
        self._topics: set[str] = set()

    @property
    def dropped(self) -> int:
        return self._bus.dropped

    async def publish(self, topic: str, payload: bytes) -> None:
        await self._bus.publish(self._prefix + topic, payload)

    def publish_soon(self, topic: str, payload: bytes) -> None:
        self._bus.publish_soon(self._prefix + topic, payload)

    async def subscribe(self, topic: str) -> None:
        self._topics.add(topic)
        await self._bus.subscribe(self._prefix + topic)

    async def unsubscribe(self, topic: str) -> None:
        self._topics.discard(topic)
        await self._bus.unsubscribe(self._prefix + topic)

    async def close(self) -> None:
        self.on_message, self.on_reconnect = ignore_message, ignore_reconnect
        for topic in list(self._topics):
            await self.unsubscribe(topic)


def split(bus: PubSub, *names: str) -> tuple[PubSub, ...]:
    """One lane per name, in order. Takes over the bus's callbacks; every lane hears of a reconnect."""
    lanes = {name: Lane(bus, name) for name in names}

    def on_message(topic: str, payload: bytes) -> None:
        name, _, rest = topic.partition("/")
        if lane := lanes.get(name):
            lane.on_message(rest, payload)

    def on_reconnect() -> None:
        for lane in lanes.values():
            lane.on_reconnect()

    bus.on_message, bus.on_reconnect = on_message, on_reconnect
    return tuple(lanes.values())
