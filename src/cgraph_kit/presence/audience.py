"""Those who watch one topic: a state each, then every diff, in batches."""

import logging
from collections.abc import Iterable

from .base import (
    COUNT_EVENT,
    DIFF_EVENT,
    STATE_EVENT,
    Payload,
    PresenceSettings,
    Scheduler,
    Subscriber,
    Timer,
)
from .topic import Topic

log = logging.getLogger(__name__)

SLICE_BYTES = 4 * 1024 * 1024
PUSH_BYTES = 8 * 1024  # what a push costs besides its bytes, in bytes


class Audience:
    """Batches: at the end of the tick while the topic is quiet, after a rest while it is busy.

    A batch brings everybody to the same point: who had a state gets the diff, who waits gets a state that holds
    it already. So nobody needs a join twice, and a thousand who come at once share one state.
    """

    __slots__ = (
        "_deliveries",
        "_frames",
        "_rested_at",
        "_scheduler",
        "_settings",
        "_synced",
        "_timer",
        "_topic",
        "_waiting",
    )

    def __init__(self, topic: Topic, scheduler: Scheduler, settings: PresenceSettings) -> None:
        self._topic = topic
        self._scheduler = scheduler
        self._settings = settings
        self._synced: dict[Subscriber, None] = {}
        self._waiting: dict[Subscriber, None] = {}
        self._timer: Timer | None = None
        self._rested_at = scheduler.time()
        self._frames = 0
        self._deliveries: list[tuple[Subscriber, list[tuple[str, Payload]]]] = []

    def __len__(self) -> int:
        return len(self._synced) + len(self._waiting)

    def add(self, subscriber: Subscriber) -> None:
        self._synced.pop(subscriber, None)
        self._waiting[subscriber] = None
        self.touch()

    def remove(self, subscriber: Subscriber) -> None:
        self._synced.pop(subscriber, None)
        self._waiting.pop(subscriber, None)

    def touch(self) -> None:
        """Something has changed: a batch is due, if it is not already."""
        if self._timer is not None:
            return
        rest = self._rested_at - self._scheduler.time()
        if rest > 0:
            self._timer = self._scheduler.call_later(rest, self._flush)
        else:
            self._timer = self._scheduler.call_soon(self._flush)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._synced.clear()
        self._waiting.clear()
        self._deliveries.clear()

    def _flush(self) -> None:
        diff, count = self._topic.take_diff(), self._topic.take_count()
        if news := _payloads((DIFF_EVENT, diff), (COUNT_EVENT, count)):
            self._deliveries.extend((subscriber, news) for subscriber in self._synced)
        if self._waiting:
            whole = [(STATE_EVENT, self._topic.state())]
            whole += _payloads((COUNT_EVENT, self._topic.count()))
            self._deliveries.extend((subscriber, whole) for subscriber in self._waiting)
            self._synced |= self._waiting
            self._waiting = {}
        self._frames = len(self._deliveries)
        self._deliveries.reverse()  # taken from the end
        self._deliver()

    def _deliver(self) -> None:
        """A slice a tick, so that a crowd does not hold up everybody else; the next batch waits for the last slice."""
        budget = SLICE_BYTES
        while self._deliveries and budget > 0:
            subscriber, pushes = self._deliveries.pop()
            # Who left since, or asked for a new state, has no use for this one.
            if subscriber in self._synced:
                budget -= _push(subscriber, pushes)
        if self._deliveries:
            self._timer = self._scheduler.call_soon(self._deliver)
        else:
            self._finish()

    def _finish(self) -> None:
        self._timer = None
        self._topic.forget_frames()
        rest = self._frames / self._settings.frames_per_second
        self._rested_at = self._scheduler.time() + min(rest, self._settings.longest_rest)
        if self._waiting or self._topic.has_news:
            self.touch()


def _payloads(*events: tuple[str, bytes | None]) -> list[tuple[str, Payload]]:
    return [(event, Payload(json)) for event, json in events if json is not None]


def _push(subscriber: Subscriber, pushes: Iterable[tuple[str, Payload]]) -> int:
    cost = 0
    for event, payload in pushes:
        cost += PUSH_BYTES + len(payload.json)
        try:
            subscriber.push_presence(event, payload)
        except Exception:
            log.exception("a presence push failed")
    return cost
