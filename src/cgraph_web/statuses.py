"""How people are seen where they have joined, and on the screens of others: their presence follows the status they chose."""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import ProfileUpdated, Status, find_user
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.pubsub import PubSub

log = logging.getLogger(__name__)

TOPIC = "statuses"
INVISIBLE: Status = "invisible"


def status_topic(user_id: UUID) -> str:
    """Where somebody's presence is told to whoever has them on their screen. Nobody joins it."""
    return f"status:{user_id}"


class Changed(msgspec.Struct, array_like=True, frozen=True):
    """Somebody shows themselves differently from now on."""

    user_id: UUID
    status: Status


class Statuses:
    """The channels of this node in which people are to be seen. A change of status reaches every node by the bus."""

    def __init__(self, db: Repo, bus: PubSub) -> None:
        self._db = db
        self._bus = bus
        self._channels: dict[UUID, set[Any]] = {}
        bus.on_message = self._receive

    async def start(self) -> None:
        await self._bus.subscribe(TOPIC)

    async def show(self, channel: Any) -> None:
        """Track the channel's person where it shows them (`shown_in`), as the status they chose says, until `hide`."""
        user_id = channel.actor.id
        # Known first, asked then: a change in between is not missed.
        self._channels.setdefault(user_id, set()).add(channel)
        channel.online_at = int(clock.now().timestamp())
        user = await find_user(self._db, user_id)
        if user is not None and channel in self._channels.get(user_id, ()):
            self._track(channel, user.status)

    def hide(self, channel: Any) -> None:
        """The channel has ended."""
        channels = self._channels.get(channel.actor.id)
        if channels is not None:
            channels.discard(channel)
            if not channels:
                del self._channels[channel.actor.id]

    def listen(self, events: Sequence[Any]) -> None:
        """A listener of this node's events."""
        for event in events:
            if isinstance(event, ProfileUpdated):
                changed = Changed(event.user_id, event.payload.status)
                self._apply(changed)
                self._bus.publish_soon(TOPIC, msgspec.msgpack.encode(changed))

    def _apply(self, changed: Changed) -> None:
        for channel in self._channels.get(changed.user_id, ()):
            self._track(channel, changed.status)

    def _track(self, channel: Any, status: Status) -> None:
        key, topic = str(channel.actor.id), channel.shown_in
        if status == INVISIBLE:
            channel.untrack(key, topic=topic)
        else:
            meta = {"online_at": channel.online_at, "status": status}
            channel.track(key, meta, topic=topic)

    def _receive(self, _topic: str, data: bytes) -> None:
        try:
            self._apply(msgspec.msgpack.decode(data, type=Changed))
        except msgspec.MsgspecError:
            log.exception("another node sent what this one does not understand")
