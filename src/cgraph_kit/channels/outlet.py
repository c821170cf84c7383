"""The outgoing half of a connection: one write per tick, and patience with a client that does not read."""

from typing import TYPE_CHECKING

from .closecodes import CloseCode
from .outbox import Entry, Outbox
from .topic import Event, Subscription, Topic
from .transport import Transport
from .wire import Wire

if TYPE_CHECKING:
    from .hub import Hub


class Outlet:
    """Everything the client is told leaves through here, in the order it was said."""

    __slots__ = (
        "_outbox",
        "_transport",
        "closed",
        "direct",
        "hub",
        "mixed",
        "paused",
        "subscriptions",
        "wire",
        "write",
    )

    def __init__(self, hub: "Hub", transport: Transport, wire: Wire) -> None:
        self.hub = hub
        self.wire = wire
        self.write = transport.write
        self.paused = transport.paused
        self.closed = False
        self.mixed = False
        """The hub serves this one apart in this tick."""
        self.direct: list[Entry] = []
        """What goes to this client alone in this tick, or in an order of its own."""
        self.subscriptions: dict[Topic, Subscription] = {}
        self._transport = transport
        self._outbox: Outbox | None = None

    def send(self, data: bytes, event: Event | None = None) -> None:
        """One packed frame for this client only: after everything said so far, before what is said next.

        It must arrive, unless it is given as an `event` that may be dropped.
        """
        if data and not self.closed:
            hub = self.hub
            hub.order += 1
            self.direct.append((hub.order, data, event))
            if not self.mixed:
                hub.serve_apart(self)

    def flush(self) -> None:
        """The end of the tick (the hub's call)."""
        self.mixed = False
        direct = self.direct
        if not direct or self.closed:
            return
        self.direct = []
        if len(direct) > 1:
            direct.sort()  # orders are unique: nothing else is compared
        if self.paused or self._outbox:
            self._keep(direct)
        elif len(direct) == 1:
            self._write(direct[0][1], 1)
        else:
            self._write(b"".join([data for _, data, _ in direct]), len(direct))

    def pause(self) -> None:
        """The client does not read: what comes now waits, within limits."""
        self.paused = True
        for subscription in self.subscriptions.values():
            self.hub.move(subscription)

    def resume(self) -> None:
        """The client reads again: first what has waited, then everything as usual."""
        self.paused = False
        outbox = self._outbox
        while outbox and not self.paused:
            self._write(*outbox.take())
        if self.paused:
            return
        for subscription in self.subscriptions.values():
            self.hub.move(subscription)
        if outbox is not None:
            self._outbox = None
            self._tell_lost(outbox.lost)

    def close(self, code: int, reason: str = "") -> None:
        """What was said before still goes out."""
        if not self.closed:
            self.hub.collect(self)
            self.flush()
            self._transport.close(code, reason)

    def end(self) -> None:
        """The connection is gone: nothing is sent or kept any more."""
        self.closed = True
        self.direct.clear()
        self._outbox = None
        for subscription in list(self.subscriptions.values()):
            self.hub.unsubscribe(subscription)

    def _write(self, data: bytes, frames: int) -> None:
        stats = self.hub.stats
        stats.frames_out += frames
        stats.bytes_out += len(data)
        self.write(data)

    def _keep(self, entries: list[Entry]) -> None:
        outbox = self._outbox
        if outbox is None:
            limits = self.hub.limits
            outbox = self._outbox = Outbox(limits.outbox_bytes, limits.outbox_frames)
        before = outbox.dropped
        kept = all(outbox.add(entry) for entry in entries)
        self.hub.stats.dropped_ephemeral += outbox.dropped - before
        if not kept:
            self.closed = True
            self.hub.stats.slow_closed += 1
            self._transport.close(CloseCode.SLOW_CONSUMER, "too slow")

    def _tell_lost(self, topics: set[bytes]) -> None:
        for subscription in list(self.subscriptions.values()):
            if subscription.topic.json in topics:
                subscription.owner.lost()
