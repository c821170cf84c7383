"""Some people of many: those whom one subscriber has on its screen."""

import logging
from collections.abc import Callable, Iterable

from .base import DIFF_EVENT, STATE_EVENT, Payload, Scheduler, Subscriber, Timer
from .topic import People, encode_people

log = logging.getLogger(__name__)


class Watch:
    """People in topics of their own, told to one subscriber as one `presence_state` and the diffs after it.

    What it costs follows from what is watched, not from who else there is: a change marks its topic for those who watch
    that one, and a batch compares what was told with what is. So whoever came and went in between is not mentioned.
    Made by `Presence.watch`.
    """

    def __init__(
        self, watches: "Watches", subscriber: Subscriber, scheduler: Scheduler, rest: float
    ) -> None:
        """`rest`: seconds from one batch to the next."""
        self._watches = watches
        self._subscriber = subscriber
        self._scheduler = scheduler
        self._rest = rest
        self._rested_at = scheduler.time()
        self._timer: Timer | None = None
        self._topics: set[str] = set()
        self._told: dict[str, People] = {}
        """By topic, where somebody was."""
        self._stale: set[str] = set()

    def __len__(self) -> int:
        return len(self._topics)

    def __contains__(self, topic: str) -> bool:
        return topic in self._topics

    def show(self, topics: Iterable[str]) -> None:
        """Watch these and no others; a state follows at once."""
        wanted = set(topics)
        self._watches.forget(self, self._topics - wanted)
        self._watches.note(self, wanted - self._topics)
        self._topics = wanted
        self.refresh()

    def add(self, topic: str) -> None:
        """Watch one more."""
        if topic not in self._topics:
            self._topics.add(topic)
            self._watches.note(self, [topic])
            self.touch(topic)

    def drop(self, topic: str) -> None:
        """Watch one less: who is there leaves, as far as the subscriber is concerned."""
        if topic in self._topics:
            self._topics.discard(topic)
            self._watches.forget(self, [topic])
            self.touch(topic)

    def refresh(self) -> None:
        """Tell the state again, for a subscriber that has lost a push."""
        self._cancel()
        self._timer = self._scheduler.call_soon(self._tell_state)

    def touch(self, topic: str) -> None:
        """Something has changed there: a batch is due, if it is not already."""
        self._stale.add(topic)
        if self._timer is None:
            rest = max(0.0, self._rested_at - self._scheduler.time())
            self._timer = self._scheduler.call_later(rest, self._tell_diff)

    def close(self) -> None:
        """Nothing is told any more."""
        self._cancel()
        self._watches.forget(self, self._topics)
        self._topics = set()

    def _tell_state(self) -> None:
        self._told = {topic: people for topic in self._topics if (people := self._look(topic))}
        self._push(STATE_EVENT, encode_people(_together(self._told.values())))
        self._settle()

    def _tell_diff(self) -> None:
        joins: list[People] = []
        leaves: list[People] = []
        for topic in self._stale:
            before, now = self._told.pop(topic, {}), self._look(topic)
            if now:
                self._told[topic] = now
            joins.append(_without(now, before))
            leaves.append(_without(before, now))
        come, gone = _together(joins), _together(leaves)
        if come or gone:
            self._rested_at = self._scheduler.time() + self._rest
            diff = b'{"joins":%b,"leaves":%b}' % (encode_people(come), encode_people(gone))
            self._push(DIFF_EVENT, diff)
        self._settle()

    def _look(self, topic: str) -> People:
        return self._watches.look(topic) if topic in self._topics else {}

    def _push(self, event: str, body: bytes) -> None:
        try:
            self._subscriber.push_presence(event, Payload(body))
        except Exception:
            log.exception("a presence push failed")

    def _settle(self) -> None:
        self._timer = None
        self._stale.clear()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Watches:
    """Who watches which topics."""

    def __init__(self, look: Callable[[str], People]) -> None:
        """`look`: who is in a topic now."""
        self.look = look
        self._of: dict[str, set[Watch]] = {}

    def note(self, watch: Watch, topics: Iterable[str]) -> None:
        for topic in topics:
            self._of.setdefault(topic, set()).add(watch)

    def forget(self, watch: Watch, topics: Iterable[str]) -> None:
        for topic in topics:
            watches = self._of[topic]
            watches.discard(watch)
            if not watches:
                del self._of[topic]

    def touch(self, topic: str) -> None:
        """Somebody there came, went or changed."""
        for watch in self._of.get(topic, ()):
            watch.touch(topic)

    def close(self) -> None:
        """Nothing is told any more."""
        for watch in {watch for watches in self._of.values() for watch in watches}:
            watch.close()


def _without(people: People, others: People) -> People:
    """The metas of some that are not those of others."""
    left: People = {}
    for key, metas in people.items():
        known = others.get(key, {})
        if fresh := {ref: meta for ref, meta in metas.items() if ref not in known}:
            left[key] = fresh
    return left


def _together(some: Iterable[People]) -> People:
    whole: People = {}
    for people in some:
        for key, metas in people.items():
            whole.setdefault(key, {}).update(metas)
    return whole
