"""Who is in which topic, on any node."""

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from cgraph_kit.pubsub.base import PubSub

from .audience import Audience
from .base import PresenceSettings, Scheduler, Subscriber
from .entry import Entry, Refs, encode_meta
from .remote import Change
from .replicas import Replicas
from .topic import People, Topic
from .watch import Watch, Watches


class Presence:
    """Phoenix's presence: per topic and key a list of metas, one per device, oldest first.

    An *owner* is what lives on this node and can go away, usually a socket's channel: it tracks keys, and takes
    them along when it ends (`untrack_all`). A *subscriber* watches a topic: it gets one `presence_state` that
    includes whoever was tracked before the batch, and from then on every `presence_diff`. Subscribe after the
    join reply is sent, and track before or after: both fall into one batch.

    `bus` is for presence alone (`pubsub.split` makes one of a shared bus). Reads are of memory: all nodes hold all.
    """

    def __init__(
        self,
        bus: PubSub,
        settings: PresenceSettings | None = None,
        scheduler: Scheduler | None = None,
    ) -> None:
        """Without a `scheduler`, made inside a running event loop, which is then the one used."""
        self._settings = settings or PresenceSettings()
        self._scheduler = scheduler or asyncio.get_running_loop()
        self._refs = Refs()
        self._topics: dict[str, Topic] = {}
        self._audiences: dict[str, Audience] = {}
        self._topics_of: dict[str, set[str]] = {}
        self._watches = Watches(self._people)
        self._own: dict[Hashable, dict[tuple[str, str], Entry]] = {}
        self._replicas = Replicas(
            bus, self._scheduler, self._settings, self._own_entries, self._apply
        )

    async def start(self) -> None:
        await self._replicas.start()

    async def stop(self) -> None:
        """Other nodes drop this one's people at once; nothing is pushed afterwards."""
        for audience in self._audiences.values():
            audience.close()
        self._audiences.clear()
        self._watches.close()
        await self._replicas.stop()

    # -- being there

    def track(self, topic: str, key: str, owner: Hashable, meta: Mapping[str, Any]) -> str:
        """Returns the `phx_ref`. Again for the same topic, key and owner: an update."""
        owned = self._own.setdefault(owner, {})
        before = owned.get((topic, key))
        ref = self._refs.next()
        entry = Entry(topic, key, ref, encode_meta(meta, ref, before.ref if before else None))
        owned[topic, key] = entry
        self._replicas.joined(entry)
        if before is not None:
            self._replicas.left(before)
        self._apply(Change([entry], [before] if before else []))
        return ref

    def update(self, topic: str, key: str, owner: Hashable, meta: Mapping[str, Any]) -> str | None:
        """`meta` replaces the old one whole, under a new `phx_ref`; None, and nothing done, if it is not tracked."""
        if (topic, key) not in self._own.get(owner, {}):
            return None
        return self.track(topic, key, owner, meta)

    def untrack(self, topic: str, key: str, owner: Hashable) -> None:
        owned = self._own.get(owner, {})
        entry = owned.pop((topic, key), None)
        if entry is None:
            return
        if not owned:
            del self._own[owner]
        self._leave([entry])

    def untrack_all(self, owner: Hashable) -> None:
        self._leave([*self._own.pop(owner, {}).values()])

    # -- watching

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Again: a fresh `presence_state`, for one that has lost a push."""
        audience = self._audiences.get(topic)
        if audience is None:
            audience = Audience(self._topic(topic), self._scheduler, self._settings)
            self._audiences[topic] = audience
        audience.add(subscriber)

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        audience = self._audiences.get(topic)
        if audience is None:
            return
        audience.remove(subscriber)
        if not len(audience):
            audience.close()
            del self._audiences[topic]
            self._topics[topic].forget_news()
            self._tidy(topic)

    def watch(self, subscriber: Subscriber) -> Watch:
        """Some people for one subscriber, each in a topic of their own; it says which (`show`), and ends it (`close`)."""
        return Watch(self._watches, subscriber, self._scheduler, self._settings.longest_rest)

    # -- asking

    def list(self, topic: str) -> dict[str, dict[str, Any]]:
        """Everybody in the topic, as `{key: {"metas": [...]}}`; also those whom a big topic does not show."""
        people = self._topics.get(topic)
        return {key: _decode(people.metas(key)) for key in people} if people else {}

    def get(self, topic: str, key: str) -> dict[str, Any] | None:
        """`{"metas": [...]}`, or None if nobody is there by this key."""
        people = self._topics.get(topic)
        return _decode(people.metas(key)) if people and key in people else None

    def state_json(self, topic: str) -> bytes:
        """The payload of `presence_state` as of now, encoded once until somebody comes or goes."""
        people = self._topics.get(topic)
        return people.state().json if people else b"{}"

    def count(self, topic: str) -> int:
        """How many keys, not devices."""
        return len(self._topics.get(topic, ()))

    def topics(self, key: str) -> frozenset[str]:
        """Where somebody is."""
        return frozenset(self._topics_of.get(key, ()))

    def is_online(self, key: str, prefix: str = "") -> bool:
        """Whether somebody is in any topic whose name starts with `prefix`."""
        return any(topic.startswith(prefix) for topic in self._topics_of.get(key, ()))

    def online(self, keys: Iterable[str], prefix: str = "") -> set[str]:
        """Those of `keys` that are online."""
        return {key for key in keys if self.is_online(key, prefix)}

    @property
    def nodes(self) -> Sequence[str]:
        """The other nodes whose people are counted here."""
        return self._replicas.nodes

    # -- within

    def _own_entries(self) -> Iterable[Entry]:
        return (entry for owned in self._own.values() for entry in owned.values())

    def _leave(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._replicas.left(entry)
        self._apply(Change([], list(entries)))

    def _apply(self, change: Change) -> None:
        """Joins first, so that an update does not lose its place in the topic."""
        for entry in change.joins:
            self._topic(entry.topic).add(entry)
            self._topics_of.setdefault(entry.key, set()).add(entry.topic)
        for entry in change.leaves:
            people = self._topics[entry.topic]
            people.remove(entry)
            if entry.key not in people:
                self._left(entry.topic, entry.key)
        for topic in {entry.topic for entry in (*change.joins, *change.leaves)}:
            self._tell(topic)

    def _left(self, topic: str, key: str) -> None:
        topics = self._topics_of[key]
        topics.discard(topic)
        if not topics:
            del self._topics_of[key]

    def _people(self, topic: str) -> People:
        people = self._topics.get(topic)
        return people.people() if people else {}

    def _tell(self, topic: str) -> None:
        self._watches.touch(topic)
        audience = self._audiences.get(topic)
        if audience is not None:
            audience.touch()
        else:
            self._topics[topic].forget_news()
            self._tidy(topic)

    def _topic(self, name: str) -> Topic:
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = Topic(self._settings.shown)
        return topic

    def _tidy(self, topic: str) -> None:
        if not len(self._topics[topic]) and topic not in self._audiences:
            del self._topics[topic]


def _decode(metas: Iterable[bytes]) -> dict[str, Any]:
    return {"metas": [msgspec.json.decode(meta) for meta in metas]}
