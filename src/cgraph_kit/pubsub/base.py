"""What a bus between nodes offers, and nothing about how."""

import secrets
from collections.abc import Callable
from typing import Protocol


class PubSub(Protocol):
    """At-most-once messages between nodes, by topic, in order per publisher and topic.

    While the bus is healthy nothing is lost; when it was away, messages may be missing and `on_reconnect` says
    so. Whoever needs more than that verifies by its own numbers: the hub from the event log, presence from each
    node's clock. A node never hears its own messages.
    """

    node: str
    """Unique per running process: a restarted node has a new name."""

    on_message: Callable[[str, bytes], None]
    """Set by the owner; called on the event loop with topic and payload, and must not block."""

    on_reconnect: Callable[[], None]
    """Set by the owner; called after an outage, once every subscription stands again."""

    @property
    def dropped(self) -> int:
        """Messages of ours that were given up since the start: the bus was away, or the queue was full."""
        ...

    async def publish(self, topic: str, payload: bytes) -> None:
        """Returns when the bus has taken the message; raises `Unavailable` if it was dropped."""
        ...

    def publish_soon(self, topic: str, payload: bytes) -> None:
        """Queued behind everything published before it and sent in this tick's batch; counted if it is dropped."""
        ...

    async def subscribe(self, topic: str) -> None:
        """Returns when every message published from now on will arrive. Again: no effect.

        While the bus is away it returns at once: the subscription is made on reconnecting, before `on_reconnect`.
        """
        ...

    async def unsubscribe(self, topic: str) -> None:
        """No message of this topic is delivered once this has been called."""
        ...

    async def close(self) -> None:
        """Sends what is queued if the bus is there, then ends every task; no callback is called afterwards."""
        ...


def new_node_name() -> str:
    """Sixteen characters, random, so that two nodes never share a name and none returns after a restart."""
    return secrets.token_hex(8)


def ignore_message(_topic: str, _payload: bytes) -> None:
    """The `on_message` of a bus that nobody listens to yet."""


def ignore_reconnect() -> None:
    """The `on_reconnect` of a bus that nobody listens to yet."""
