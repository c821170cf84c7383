"""Between nodes: topics that have subscribers here are heard here, and what is said here is told the others."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from cgraph_kit.errors import Unavailable
from cgraph_kit.pubsub import PubSub

_log = logging.getLogger(__name__)


class Said(msgspec.Struct, array_like=True, frozen=True):
    """A message to a topic, on its way to another node."""

    event: bytes
    payload: bytes
    seq: int | None = None
    key: str | None = None
    binary: bool = False
    hidden_from: Sequence[str] = ()


class Disconnect(msgspec.Struct, array_like=True, frozen=True, tag=True):
    """Close every socket of that id or key."""

    key: str
    code: int


class CloseTopic(msgspec.Struct, array_like=True, frozen=True, tag=True):
    """End that topic for every socket of that id or key."""

    key: str
    topic: str
    reason: str


Order = Disconnect | CloseTopic

_TOPIC: Final = "topic:"
_ORDERS: Final = "orders"
_encode = msgspec.msgpack.Encoder().encode
_decode_said = msgspec.msgpack.Decoder(Said).decode
_decode_order = msgspec.msgpack.Decoder(Order).decode


class Listener(Protocol):
    """Whom the bus tells what comes from other nodes."""

    def heard(self, topic: str, said: Said) -> None: ...

    def obey(self, order: Order) -> None: ...


class Bus:
    """Keeps the subscriptions of this node on the pub/sub what the hub wants them to be."""

    def __init__(self, pubsub: PubSub, listener: Listener) -> None:
        self._pubsub = pubsub
        self._listener = listener
        pubsub.on_message = self._on_message
        self._wanted: set[str] = set()
        self._held: set[str] = set()
        self._changing: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        await self._pubsub.subscribe(_ORDERS)

    async def close(self) -> None:
        """Ends what is under way; the pub/sub itself is its owner's to close."""
        tasks = list(self._changing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def topics(self) -> frozenset[str]:
        """What is listened to now."""
        return frozenset(self._held)

    def say(self, topic: str, said: Said) -> None:
        self._pubsub.publish_soon(_TOPIC + topic, _encode(said))

    def order(self, order: Order) -> None:
        self._pubsub.publish_soon(_ORDERS, _encode(order))

    async def want(self, topic: str) -> None:
        """Returns when everything said elsewhere from now on will be heard here; raises Unavailable."""
        self._wanted.add(topic)
        if topic not in self._held or topic in self._changing:
            await asyncio.shield(self._change(topic))
        if topic not in self._held:
            raise Unavailable("the bus between the nodes is away")

    def drop(self, topic: str) -> None:
        self._wanted.discard(topic)
        self._change(topic)

    def _on_message(self, name: str, data: bytes) -> None:
        try:
            if name == _ORDERS:
                self._listener.obey(_decode_order(data))
            else:
                self._listener.heard(name.removeprefix(_TOPIC), _decode_said(data))
        except msgspec.DecodeError:
            _log.exception("another node sent what this one does not understand")

    def _change(self, topic: str) -> asyncio.Task[None]:
        task = self._changing.get(topic)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._settle(topic))
            self._changing[topic] = task
        return task

    async def _settle(self, topic: str) -> None:
        try:
            while (topic in self._wanted) != (topic in self._held):
                if topic in self._wanted:
                    await self._pubsub.subscribe(_TOPIC + topic)
                    self._held.add(topic)
                else:
                    self._held.discard(topic)
                    await self._pubsub.unsubscribe(_TOPIC + topic)
        except Exception:
            _log.exception("the bus failed", extra={"topic": topic})
        finally:
            del self._changing[topic]
