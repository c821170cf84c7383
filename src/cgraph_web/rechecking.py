"""Open topics follow what people may: what rights and readers, who look at different topics, have in common."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import msgspec

from cgraph_kit.channels.bus import CloseTopic
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_kit.pubsub import PubSub

from .channels.keys import user_key
from .socket import UserSocket

log = logging.getLogger(__name__)

Change = TypeVar("Change", bound=msgspec.Struct)

TOPIC = "changed"
PAUSE = 0.02
"""Seconds in which changes are gathered: many in one place are looked at once."""
RETRY = 0.5
"""Seconds after which it is tried again while the database is away."""
REASON = "removed"


class Rechecking(ABC, Generic[Change]):
    """Looks at the open topics of this node whenever somebody may less, here or on another node.

    Those who are joining are looked at, too: the engine knows them before their rights are asked.
    """

    change: ClassVar[type[Any]]
    """The event that says so; it goes over the bus as it is."""

    def __init__(self, endpoint: Endpoint, db: Repo, bus: PubSub) -> None:
        self._endpoint = endpoint
        self._db = db
        self._bus = bus
        self._waiting: dict[Any, Change] = {}
        self._everything = False
        self._task: asyncio.Task[None] | None = None
        bus.on_message = self._receive
        bus.on_reconnect = self.recheck

    @abstractmethod
    async def look(self, change: Change) -> None:
        """Close what those whom it concerns may no longer hear."""

    @abstractmethod
    async def everything(self) -> Iterable[Change]:
        """Changes that concern all the open topics there are."""

    @abstractmethod
    def key(self, change: Change) -> Any:
        """Changes with the same key are looked at as one."""

    def both(self, one: Change, other: Change) -> Change:  # noqa: ARG002 (equal, unless it is said otherwise)
        """What covers two changes of one key."""
        return one

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
            if isinstance(event, self.change):
                self._note(event)
                self._bus.publish_soon(TOPIC, msgspec.msgpack.encode(event))

    def recheck(self) -> None:
        """Look at everything: the bus was away, and nobody knows what changed meanwhile."""
        self._everything = True
        self._begin()

    def open(self, *prefixes: str) -> dict[UUID, str]:
        """By id the open topics of this node; what is no id is refused to whoever joins it."""
        found = {}
        for topic in self._endpoint.topics(*prefixes):
            with suppress(ValueError):
                found[UUID(topic.partition(":")[2])] = topic
        return found

    def on(self, topic: str) -> set[UUID]:
        """The people who hear a topic here."""
        sockets = self._endpoint.sockets_on(topic)
        return {one.actor.id for one in sockets if isinstance(one, UserSocket)}

    def shut_out(self, user_id: UUID, topic: str) -> None:
        """Close a topic for one person, on this node."""
        self._endpoint.obey(CloseTopic(user_key(user_id), topic, REASON))

    def _receive(self, _topic: str, data: bytes) -> None:
        try:
            self._note(msgspec.msgpack.decode(data, type=self.change))
        except msgspec.MsgspecError:
            log.exception("another node sent what this one does not understand")

    def _note(self, change: Change) -> None:
        key = self.key(change)
        known = self._waiting.get(key)
        self._waiting[key] = change if known is None else self.both(known, change)
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
            except Exception:
                log.exception("open topics could not be looked at")

    async def _next(self) -> None:
        if self._everything:
            self._everything = False  # first: the bus may come back once more meanwhile
            try:
                changes = await self.everything()
            except Unavailable:
                self._everything = True
                raise
            for change in changes:
                self._note(change)
            return
        change = self._waiting.pop(next(iter(self._waiting)))
        try:
            await self.look(change)
        except Unavailable:
            self._note(change)
            raise
