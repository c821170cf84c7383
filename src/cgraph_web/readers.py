"""Open topics of forums follow who may read them: who may no longer hears nothing of it, on every node."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec

from cgraph import forums
from cgraph.forums import AccessLost
from cgraph_kit.channels.bus import CloseTopic
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_kit.pubsub import PubSub

from .channels.forum import ForumChannel
from .channels.keys import user_key
from .channels.post import PostChannel
from .socket import UserSocket

log = logging.getLogger(__name__)

TOPIC = "changed"
RETRY = 0.5
"""Seconds after which it is tried again while the database is away."""
REASON = "removed"


class Readers:
    """Looks at the open topics of this node whenever fewer may read a forum, here or on another node.

    Those who are joining are looked at, too: the engine knows them before their rights are asked.
    """

    def __init__(self, endpoint: Endpoint, db: Repo, bus: PubSub) -> None:
        self._endpoint = endpoint
        self._db = db
        self._bus = bus
        self._waiting: dict[AccessLost, None] = {}
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
            if isinstance(event, AccessLost):
                self._note(event)
                self._bus.publish_soon(TOPIC, msgspec.msgpack.encode(event))

    def recheck(self) -> None:
        """Look at every open forum: the bus was away, and nobody knows what changed meanwhile."""
        self._everything = True
        self._begin()

    def _receive(self, _topic: str, data: bytes) -> None:
        try:
            self._note(msgspec.msgpack.decode(data, type=AccessLost))
        except msgspec.MsgspecError:
            log.exception("another node sent what this one does not understand")

    def _note(self, lost: AccessLost) -> None:
        self._waiting[lost] = None
        self._begin()

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._waiting or self._everything:
            try:
                await self._next()
            except Unavailable:
                log.warning("who may read open forums is not known: the database is away")
                await asyncio.sleep(RETRY)

    async def _next(self) -> None:
        if self._everything:
            of_posts = await forums.list_forum_ids(self._db, self._open(PostChannel.PREFIX))
            self._everything = False
            for forum_id in {*self._open(ForumChannel.PREFIX), *of_posts}:
                self._waiting[AccessLost(forum_id, None)] = None
            return
        lost = next(iter(self._waiting))
        del self._waiting[lost]
        try:
            await self._look(lost)
        except Unavailable:
            self._waiting[lost] = None
            raise
        except Exception:
            log.exception("open topics of forums could not be looked at")

    async def _look(self, lost: AccessLost) -> None:
        topics = [f"{ForumChannel.PREFIX}{lost.forum_id}"]
        posts = self._open(PostChannel.PREFIX)
        if posts:
            there = await forums.list_ids_in_forum(self._db, lost.forum_id, posts)
            topics += [f"{PostChannel.PREFIX}{id}" for id in there]
        on = {topic: self._on(topic, lost.user_id) for topic in topics}
        people: set[UUID] = set().union(*on.values())
        shut_out = await forums.find_shut_out(self._db, lost.forum_id, people) if people else ()
        for user_id in shut_out:
            for topic in topics:
                if user_id in on[topic]:
                    self._endpoint.obey(CloseTopic(user_key(user_id), topic, REASON))

    def _open(self, prefix: str) -> list[UUID]:
        """What has open topics here; what is no id is refused to whoever joins it."""
        found = []
        for topic in self._endpoint.topics(prefix):
            with suppress(ValueError):
                found.append(UUID(topic.removeprefix(prefix)))
        return found

    def _on(self, topic: str, user_id: UUID | None) -> set[UUID]:
        sockets = self._endpoint.sockets_on(topic)
        people = {one.actor.id for one in sockets if isinstance(one, UserSocket)}
        return people if user_id is None else people & {user_id}
