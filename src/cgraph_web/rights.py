"""Open topics of groups follow people's rights: who may no longer see a place hears nothing of it, on every node."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec

from cgraph import groups
from cgraph.groups import RightsChanged
from cgraph_kit.channels.bus import CloseTopic
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_kit.pubsub import PubSub

from .channels.keys import user_key
from .socket import UserSocket

log = logging.getLogger(__name__)

TOPIC = "changed"
GROUP, CHANNEL, THREAD = "group:", "channel:", "thread:"
PAUSE = 0.02
"""Seconds in which changes are gathered: many in one group are looked at once."""
RETRY = 0.5
"""Seconds after which it is tried again while the database is away."""
REASON = "removed"


class Rights:
    """Looks at the open topics of this node whenever rights have changed, here or on another node.

    Those who are joining are looked at, too: the engine knows them before their rights are asked.
    """

    def __init__(self, endpoint: Endpoint, db: Repo, bus: PubSub) -> None:
        self._endpoint = endpoint
        self._db = db
        self._bus = bus
        self._waiting: dict[UUID, RightsChanged] = {}
        self._groups: dict[UUID, UUID] = {}
        """Of the open channels and threads."""
        self._everything = False
        self._task: asyncio.Task[None] | None = None
        bus.on_message = self._receive
        bus.on_reconnect = self.recheck

    async def start(self) -> None:
        await self._bus.subscribe(TOPIC)

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def listen(self, events: Sequence[Any]) -> None:
        """A listener of this node's events."""
        for event in events:
            if isinstance(event, RightsChanged):
                self._note(event)
                self._bus.publish_soon(TOPIC, msgspec.msgpack.encode(event))

    def recheck(self) -> None:
        """Look at everything: the bus was away, and nobody knows what changed meanwhile."""
        self._everything = True
        self._begin()

    def _receive(self, _topic: str, data: bytes) -> None:
        try:
            self._note(msgspec.msgpack.decode(data, type=RightsChanged))
        except msgspec.MsgspecError:
            log.exception("another node sent what this one does not understand")

    def _note(self, changed: RightsChanged) -> None:
        known = self._waiting.get(changed.group_id)
        self._waiting[changed.group_id] = _both(known, changed) if known else changed
        self._begin()

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._waiting or self._everything:
            await asyncio.sleep(PAUSE)
            try:
                await self._next()
            except Unavailable:
                log.warning("rights on open topics are not known: the database is away")
                await asyncio.sleep(RETRY)

    async def _next(self) -> None:
        if self._everything:
            await self._learn(self._named(CHANNEL, THREAD))
            self._everything = False
            for group_id in {*self._named(GROUP), *self._groups.values()}:
                self._note(RightsChanged(group_id))
            return
        group_id, changed = next(iter(self._waiting.items()))
        del self._waiting[group_id]
        try:
            await self._look(changed)
        except Unavailable:
            self._note(changed)
            raise
        except Exception:
            log.exception("rights on open topics could not be looked at")

    async def _look(self, changed: RightsChanged) -> None:
        people = None if changed.user_ids is None else set(changed.user_ids)
        pairs = {
            (place_id, user_id): topic
            for place_id, topic in await self._open(changed)
            for user_id in self._on(topic)
            if people is None or user_id in people
        }
        for pair in await groups.find_shut_out(self._db, changed.group_id, pairs.keys()):
            self._endpoint.obey(CloseTopic(user_key(pair[1]), pairs[pair], REASON))

    async def _open(self, changed: RightsChanged) -> list[tuple[UUID, str]]:
        """The topics of this node that may be concerned."""
        topics = self._named(CHANNEL, THREAD)
        self._groups = {id: of for id, of in self._groups.items() if id in topics}
        if changed.channel_ids is not None:
            told = set(changed.channel_ids)
            topics = {id: t for id, t in topics.items() if id in told or t.startswith(THREAD)}
        await self._learn(topics)
        ours = changed.group_id  # what is no longer there is in no group
        found = [(id, t) for id, t in topics.items() if self._groups.get(id, ours) == ours]
        if changed.channel_ids is None:
            found.append((ours, f"{GROUP}{ours}"))
        return found

    async def _learn(self, place_ids: Iterable[UUID]) -> None:
        """Know the groups of these channels and threads."""
        if unknown := set(place_ids) - self._groups.keys():
            self._groups |= await groups.map_places(self._db, unknown)

    def _named(self, *prefixes: str) -> dict[UUID, str]:
        """By id the open topics of this node; what is no id is refused to whoever joins it."""
        found = {}
        for topic in self._endpoint.topics(*prefixes):
            with suppress(ValueError):
                found[UUID(topic.partition(":")[2])] = topic
        return found

    def _on(self, topic: str) -> Collection[UUID]:
        sockets = self._endpoint.sockets_on(topic)
        return {one.actor.id for one in sockets if isinstance(one, UserSocket)}


def _both(one: RightsChanged, other: RightsChanged) -> RightsChanged:
    """What covers both."""
    return RightsChanged(
        one.group_id,
        _union(one.user_ids, other.user_ids),
        _union(one.channel_ids, other.channel_ids),
    )


def _union(one: Sequence[UUID] | None, other: Sequence[UUID] | None) -> Sequence[UUID] | None:
    return None if one is None or other is None else list({*one, *other})
