"""Who hears what: topics, their subscribers on this node, and one write per subscriber and tick.

What is said is only noted; at the end of the tick `flush` packs it once per wire and writes it. Most subscribers of a
topic get the very same bytes (the fast path). A client that is also told something of its own in the tick, does not
read, or is left out of a message, is served apart: its own frames and its topics' are merged in the order they were
said.
"""

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter

from .limits import Limits, Stats
from .outlet import Outlet
from .timing import FANOUT
from .topic import Event, Owner, Subscription, Topic, Write

_log = logging.getLogger(__name__)
OnTopic = Callable[[Topic], None]


class Hub:
    """One per node; everything on the event loop's thread."""

    def __init__(self, limits: Limits, stats: Stats) -> None:
        self.limits = limits
        self.stats = stats
        self.order = 0
        """Numbers everything that leaves, so that one client sees it in the order it was said."""
        self.topics: dict[str, Topic] = {}
        self.on_incomplete: OnTopic = _ignore
        """Called with a topic whose next durable message is missing, as often as that is noticed."""
        self.on_topic_end: OnTopic = _ignore
        """Called with a topic whose last subscriber has left."""
        self.flushing = False
        self._dirty: list[Topic] = []
        self._apart: list[Outlet] = []
        self._scheduled = False
        self._since = 0.0
        """When the first thing of this tick was said."""

    # --- subscribers

    def subscribe(
        self,
        outlet: Outlet,
        name: str,
        owner: Owner,
        intercepts: frozenset[bytes] = frozenset(),
    ) -> Subscription:
        """Begin to listen. What is said is kept back until `activate`. `intercepts`: what the owner tells itself."""
        topic = self.topics.get(name)
        if topic is None:
            topic = self.topics[name] = Topic(name, self.limits.early_messages)
            self.stats.topics += 1
        subscription = Subscription(topic, outlet, owner, intercepts)
        topic.joining.append(subscription)
        return subscription

    def activate(self, subscription: Subscription, seq: int | None) -> None:
        """The client has been told the topic's state at `seq`: it now gets what came after, then all that comes."""
        topic, outlet, owner = subscription.topic, subscription.outlet, subscription.owner
        buffer, subscription.buffer = subscription.buffer, None
        topic.joining.remove(subscription)
        outlet.subscriptions[topic] = subscription
        subscription.after = seq or 0
        for event in buffer or ():
            if not subscription.wants(event):
                continue
            if event.event in subscription.intercepts:
                owner.intercept(event)
            elif data := event.packed(outlet.wire):
                self.order += 1
                outlet.direct.append((self.order, data, event))
        if outlet.subscriptions.get(topic) is not subscription:  # an interception has ended it
            return
        if subscription.intercepts:
            if topic.intercepting is None:
                topic.intercepting = {}
            topic.intercepting[outlet] = subscription
        subscription.start = self.order
        self.serve_apart(outlet)
        topic.place(subscription)
        self._begin(topic, seq)

    def unsubscribe(self, subscription: Subscription) -> None:
        """What was said before is still delivered. Again is harmless."""
        topic, outlet = subscription.topic, subscription.outlet
        if subscription.buffer is not None:
            subscription.buffer = None
            topic.joining.remove(subscription)
            self._begin(topic, None)
        elif outlet.subscriptions.get(topic) is subscription:
            self._settle(subscription)
            del outlet.subscriptions[topic]
            topic.remove(outlet)
        if topic.abandoned and self.topics.get(topic.name) is topic:
            del self.topics[topic.name]
            self.stats.topics -= 1
            self.on_topic_end(topic)

    def move(self, subscription: Subscription) -> None:
        """The outlet was paused or resumed: between the fast path and the slow."""
        self._settle(subscription)
        subscription.topic.place(subscription)

    # --- what is said

    def deliver(self, topic: Topic, event: Event) -> None:
        """Say it; a durable message as soon as all before it have been said, and only once."""
        seq = event.seq
        if seq is None:
            self._say(topic, event)
            return
        sequence = topic.sequence
        if sequence.cursor is not None and seq <= sequence.cursor:
            self.stats.duplicates += 1
            return
        for ready in sequence.offer(seq, event):
            self._say(topic, ready)
        if sequence.cursor is None:
            self._begin(topic, None)
        elif sequence.incomplete:
            self.on_incomplete(topic)

    def expect(self, topic: Topic, seq: int) -> None:
        """The topic's log goes up to `seq`: what is missing must be fetched."""
        topic.sequence.expect(seq)
        if topic.sequence.incomplete:
            self.on_incomplete(topic)

    def resync(self, topic: Topic) -> None:
        """A hole cannot be closed: everyone on the topic must join anew."""
        self.stats.resyncs += 1
        topic.sequence.reset()
        for subscription in list(topic.subscriptions()):
            if subscription.buffer is None:
                subscription.owner.resync()
            else:
                subscription.broken = True

    def serve_apart(self, outlet: Outlet) -> None:
        """In this tick the outlet gets its frames by itself, merged in order."""
        if not outlet.mixed:
            outlet.mixed = True
            self._apart.append(outlet)
            if not self._scheduled:
                self._schedule()

    def collect(self, outlet: Outlet) -> None:
        """Give the outlet what its topics have said in this tick so far."""
        for subscription in outlet.subscriptions.values():
            self._settle(subscription)

    def flush(self) -> None:
        """Write what this tick has brought. Never runs application code: what a write closes is told later."""
        topics, self._dirty = self._dirty, []
        self.flushing = True
        for topic in topics:
            for subscription in list(topic.slow.values()):
                self._settle(subscription)
        if topics:
            for outlet in self._apart:
                self._collect_apart(outlet, topics)
        for topic in topics:
            self._fan_out(topic)
        for outlet in self._apart:  # grows while it is walked: a write may pause an outlet
            try:
                outlet.flush()
            except Exception:
                _log.exception("a connection failed to write or close")
        self._apart = []
        self.flushing = self._scheduled = False
        FANOUT.observe(perf_counter() - self._since)

    def _say(self, topic: Topic, event: Event) -> None:
        self.stats.published += 1
        self.order += 1
        event.order = self.order
        for subscription in topic.joining:
            self._keep_back(subscription, event)
        if event.key is not None and topic.pending:
            topic.pending = [old for old in topic.pending if old.key != event.key]
        topic.pending.append(event)
        if topic.intercepting:
            self._intercept(topic.intercepting, event)
        for outlet in event.excluded:
            self.serve_apart(outlet)
        if not topic.dirty:
            topic.dirty = True
            self._dirty.append(topic)
            if not self._scheduled:
                self._schedule()

    def _intercept(self, subscriptions: dict[Outlet, Subscription], event: Event) -> None:
        """Have those tell it who want to; as for everybody else, they are left out of it."""
        mine = [one for one in subscriptions.values() if event.event in one.intercepts]
        for subscription in mine:
            if subscription.wants(event):
                subscription.owner.intercept(event)
        if mine:
            event.excluded = {*event.excluded, *(one.outlet for one in mine)}

    def _keep_back(self, subscription: Subscription, event: Event) -> None:
        buffer = subscription.buffer
        if buffer is None or subscription.broken:
            return
        buffer.append(event)
        if len(buffer) > self.limits.outbox_frames:
            buffer.clear()
            subscription.broken = True

    def _begin(self, topic: Topic, seq: int | None) -> None:
        sequence = topic.sequence
        if seq is not None:
            ready = sequence.start(seq)
        else:
            ready = [] if topic.joining else sequence.adopt()
        for event in ready:
            self._say(topic, event)
        if sequence.incomplete:
            self.on_incomplete(topic)

    def _schedule(self) -> None:
        self._scheduled = True
        self._since = perf_counter()
        asyncio.get_running_loop().call_soon(self.flush)

    def _collect_apart(self, outlet: Outlet, topics: list[Topic]) -> None:
        """Walks the outlet's topics or those of the tick, whichever are fewer."""
        subscriptions = outlet.subscriptions
        if len(topics) < len(subscriptions):
            mine = [subscriptions[topic] for topic in topics if topic in subscriptions]
        else:
            mine = [s for s in subscriptions.values() if s.topic.pending]
        for subscription in mine:
            subscription.topic.partial = True
            self._settle(subscription)

    def _settle(self, subscription: Subscription) -> None:
        """Move what the topic has said in this tick to the outlet's own frames."""
        topic, outlet = subscription.topic, subscription.outlet
        if not topic.pending:
            return
        wire, direct = outlet.wire, outlet.direct
        for event in topic.pending:
            if subscription.wants(event) and (data := event.packed(wire)):
                direct.append((event.order, data, event))
        subscription.start = self.order
        if not outlet.mixed:
            self.serve_apart(outlet)
        if subscription.after and outlet in topic.slow:
            topic.place(subscription)

    def _fan_out(self, topic: Topic) -> None:
        events, topic.pending = topic.pending, []
        partial, topic.partial, topic.dirty = topic.partial, False, False
        for wire, group in list(topic.fast.items()):
            if len(events) == 1:
                data = events[0].packed(wire)
            else:
                data = b"".join([event.packed(wire) for event in events])
            if partial:
                writes = [write for outlet, write in group.items() if not outlet.mixed]
            else:
                writes = list(
                    group.values()
                )  # a write may pause its outlet and so change the group
            if data and writes:
                self.stats.frames_out += len(events) * len(writes)
                self.stats.bytes_out += len(data) * len(writes)
                _write_all(writes, data)


def _write_all(writes: list[Write], data: bytes) -> None:
    for write in writes:
        try:
            write(data)
        except Exception:  # one broken connection is not the others' business
            _log.exception("a connection failed to write")


def _ignore(_topic: Topic) -> None:
    pass
