"""A topic with subscribers on this node: who they are, and what it says in this tick."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from .protocol import to_json
from .sequence import Sequence
from .wire import Wire

if TYPE_CHECKING:
    from .outlet import Outlet
    from .socket import Socket

Write = Callable[[bytes], None]


class Event(msgspec.Struct, eq=False):
    """One message to a topic, packed at most once per wire.

    Durable with `seq`, coalesced with `key` (only the newest of a key matters), else ephemeral. Topic and event are
    JSON text, and so is the payload unless it is `binary`.
    """

    topic: bytes
    event: bytes
    payload: bytes
    seq: int | None = None
    key: str | None = None
    binary: bool = False
    excluded: Any = ()
    """The outlets that do not get it: few, for each is served apart."""
    order: int = 0
    """When it went out, among everything that left the hub."""
    frames: dict[Wire, bytes] = {}
    _content: Any = None

    @property
    def content(self) -> Any:
        """The payload, read once for all who ask; `bytes` if it is binary."""
        if self._content is None:
            self._content = self.payload if self.binary else msgspec.json.decode(self.payload)
        return self._content

    @property
    def ephemeral(self) -> bool:
        return self.seq is None and self.key is None

    def packed(self, wire: Wire) -> bytes:
        """The bytes for every client of this wire; empty if they cannot be told."""
        data = self.frames.get(wire)
        if data is None:
            pack = wire.binary_broadcast if self.binary else wire.broadcast
            data = self.frames[wire] = pack(self.topic, self.event, self.payload)
        return data


class Owner(Protocol):
    """Whoever holds a subscription."""

    @property
    def socket(self) -> "Socket":
        """Who is connected."""
        ...

    def resync(self) -> None:
        """Durable messages were lost for good: the client must join anew."""

    def lost(self) -> None:
        """Ephemeral messages were thrown away because the client did not read; now it reads again."""

    def intercept(self, event: Event) -> None:
        """Tell the client of this in words of its own, or not at all."""


class Subscription:
    """One outlet on one topic, from before the join until the end.

    While `buffer` is a list the join is still deciding: what the topic says meanwhile is kept there.
    """

    __slots__ = (
        *("after", "begun", "broken", "buffer", "intercepts", "outlet", "owner"),
        *("start", "topic"),
    )

    def __init__(
        self,
        topic: "Topic",
        outlet: "Outlet",
        owner: Owner,
        intercepts: frozenset[bytes] = frozenset(),
    ) -> None:
        self.topic = topic
        self.outlet = outlet
        self.owner = owner
        self.intercepts = intercepts
        """The events (JSON text) that its owner wants to tell."""
        self.begun = topic.sequence.cursor
        """How far the topic was when the subscription began."""
        self.buffer: list[Event] | None = []
        self.broken = False
        """While joining: something was lost, so the join must fail."""
        self.after = 0
        """Durable messages up to this number are known to the client already."""
        self.start = 0
        """Messages up to this order have been dealt with."""

    def wants(self, event: Event) -> bool:
        return (
            event.order > self.start
            and (event.seq is None or event.seq > self.after)
            and self.outlet not in event.excluded
        )


class Topic:
    """The subscribers are in exactly one place each: `fast`, `slow` or `joining`.

    `fast` ones get what a tick brings in one shared write. `slow` ones are looked at one by one:
    they do not read at present, or have joined at a position ahead of the topic's.
    """

    __slots__ = (
        "dirty",
        "fast",
        "intercepting",
        "joining",
        "json",
        "name",
        "partial",
        "pending",
        "repair",
        "sequence",
        "slow",
    )

    def __init__(self, name: str, keep: int) -> None:
        self.name = name
        self.json = to_json(name)
        self.fast: dict[Wire, dict[Outlet, Write]] = {}
        self.slow: dict[Outlet, Subscription] = {}
        self.joining: list[Subscription] = []
        self.intercepting: dict[Outlet, Subscription] | None = None
        """Those whose owners tell some of it themselves; None: there are none, and never were."""
        self.sequence: Sequence[Event] = Sequence(keep)
        self.pending: list[Event] = []
        """What was said in this tick."""
        self.dirty = False
        self.partial = False
        """In this tick some fast subscriber is served apart."""
        self.repair: Any = None
        """The timer or task that closes a hole in the sequence."""

    def place(self, subscription: Subscription) -> None:
        """Put a live subscription where it belongs now."""
        outlet = subscription.outlet
        ahead = subscription.after > (self.sequence.cursor or 0)
        group = self.fast.get(outlet.wire)
        if outlet.paused or ahead:
            if group is not None:
                group.pop(outlet, None)
            self.slow[outlet] = subscription
        else:
            self.slow.pop(outlet, None)
            if group is None:
                group = self.fast[outlet.wire] = {}
            group[outlet] = outlet.write

    def remove(self, outlet: "Outlet") -> None:
        if self.intercepting:
            self.intercepting.pop(outlet, None)
        self.slow.pop(outlet, None)
        group = self.fast.get(outlet.wire)
        if group is not None and group.pop(outlet, None) is not None and not group:
            del self.fast[outlet.wire]

    def subscriptions(self) -> Iterator[Subscription]:
        """Every one of them, in no order."""
        yield from self.joining
        yield from self.slow.values()
        for group in self.fast.values():
            for outlet in group:
                yield outlet.subscriptions[self]

    @property
    def abandoned(self) -> bool:
        return not (self.joining or self.slow or any(self.fast.values()))
