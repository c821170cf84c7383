"""Who of a group's members is here, for those who have them on their screens.

In small groups that is everybody; in others whom the client says. Each person's presence is in one topic of their own,
however many groups they are in, so what a screen costs follows from what it shows.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from cgraph import groups
from cgraph.accounts import UserBlocked
from cgraph.groups import MemberJoined, MemberLeft
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_kit.presence import Presence, Watch
from cgraph_kit.pubsub import PubSub

from .statuses import status_topic

if TYPE_CHECKING:
    from .channels.group import GroupChannel

log = logging.getLogger(__name__)

TOPIC = "crowds"


class Came(msgspec.Struct, array_like=True, frozen=True, tag=True):
    """Somebody is a member now."""

    group_id: UUID
    user_id: UUID


class Went(msgspec.Struct, array_like=True, frozen=True, tag=True):
    """Somebody is a member no longer."""

    group_id: UUID
    user_id: UUID


class Parted(msgspec.Struct, array_like=True, frozen=True, tag=True):
    """Between two people there is a block."""

    user_id: UUID
    other_id: UUID


News = Came | Went | Parted


Ask = Callable[[], Awaitable[list[UUID] | None]]


class Screen:
    """What one channel shows of a group's members."""

    def __init__(self, viewer_id: UUID, watch: Watch, most: int) -> None:
        self.viewer_id = viewer_id
        self.watch = watch
        self._most = most
        self.everybody = False
        """Whoever comes is shown, too."""
        self.changes = 0
        """How often it has changed meanwhile who may be shown."""

    async def show(self, ask: Ask, *, everybody: bool = False) -> list[UUID]:
        """Those and no others; None: as it is. `everybody`: these are all members, and whoever comes is shown, too."""
        while True:
            before = self.changes
            user_ids = await ask()
            if (
                self.changes == before
            ):  # else somebody came, went or was blocked, and the answer may not know of it
                break
        if user_ids is None:
            return []
        self.everybody = everybody
        self.watch.show(map(status_topic, user_ids))
        return user_ids

    def drop(self, user_id: UUID) -> None:
        """They are not to be shown any more."""
        self.changes += 1
        self.watch.drop(status_topic(user_id))

    def add(self, user_id: UUID) -> None:
        """Where everybody is shown, they are, too, until there are too many: then those stay who are there."""
        self.everybody = self.everybody and len(self.watch) < self._most
        if self.everybody:
            self.watch.add(status_topic(user_id))


class Crowds:
    """The screens of this node. What changes whom they may show reaches every node by the bus."""

    def __init__(self, db: Repo, bus: PubSub, presence: Presence, most: int) -> None:
        """`most`: members of a group up to which all are shown unasked."""
        self._db = db
        self._most = most
        self._bus = bus
        self._presence = presence
        self._screens: dict[UUID, dict[Any, Screen]] = {}
        """By group and channel."""
        self._tasks: set[asyncio.Task[None]] = set()
        bus.on_message = self._receive

    async def start(self) -> None:
        await self._bus.subscribe(TOPIC)

    async def close(self) -> None:
        """Nobody is added any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def open(self, channel: "GroupChannel") -> Screen:
        """A screen for a channel, until `shut`; it shows nobody yet."""
        screen = Screen(channel.actor.id, self._presence.watch(channel), self._most)
        self._screens.setdefault(channel.group_id, {})[channel] = screen
        return screen

    def shut(self, channel: "GroupChannel") -> None:
        """The channel has ended."""
        screens = self._screens.get(channel.group_id, {})
        screen = screens.pop(channel, None)
        if screen is not None:
            screen.watch.close()
            if not screens:
                del self._screens[channel.group_id]

    def listen(self, events: Sequence[Any]) -> None:
        """A listener of this node's events."""
        for news in _news(events):
            self._apply(news)
            self._bus.publish_soon(TOPIC, msgspec.msgpack.encode(news))

    def _receive(self, _topic: str, data: bytes) -> None:
        try:
            self._apply(msgspec.msgpack.decode(data, type=News))
        except msgspec.MsgspecError:
            log.exception("another node sent what this one does not understand")

    def _apply(self, news: News) -> None:
        match news:
            case Came():
                self._welcome_soon(news)
            case Went():
                for screen in self._of(news.group_id):
                    screen.drop(news.user_id)
            case Parted():
                self._part(news.user_id, news.other_id)
                self._part(news.other_id, news.user_id)

    def _part(self, viewer_id: UUID, other_id: UUID) -> None:
        for screens in self._screens.values():
            for screen in screens.values():
                if screen.viewer_id == viewer_id:
                    screen.drop(other_id)

    def _of(self, group_id: UUID) -> list[Screen]:
        return list(self._screens.get(group_id, {}).values())

    def _welcome_soon(self, came: Came) -> None:
        screens = self._of(came.group_id)
        for screen in screens:
            screen.changes += 1
        if any(screen.everybody for screen in screens):
            task = asyncio.get_running_loop().create_task(self._welcome(came))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _welcome(self, came: Came) -> None:
        """Show them where everybody is shown, but for those with a block between the two."""
        viewers = {screen.viewer_id for screen in self._of(came.group_id)}
        try:
            blocked = await groups.list_blocked_among(self._db, came.user_id, viewers)
        except Unavailable:
            log.warning("somebody new is not shown to be here: the database is away")
            return
        for screen in self._of(came.group_id):
            if screen.viewer_id in viewers - blocked:
                screen.add(came.user_id)


def _news(events: Sequence[Any]) -> Iterator[News]:
    for event in events:
        match event:
            case MemberJoined():
                yield Came(event.group_id, event.user_id)
            case MemberLeft():
                yield Went(event.group_id, event.user_id)
            case UserBlocked():
                yield Parted(event.user_id, event.payload.id)
