"""What the channels of signed-in people have in common."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import msgspec

from cgraph.accounts import Actor
from cgraph.application import App
from cgraph_kit.channels import Channel, Joined
from cgraph_kit.channels.handler import Handler
from cgraph_kit.db import Database
from cgraph_kit.errors import Unauthorized
from cgraph_kit.streams import Missed
from cgraph_web.limits import PHX_JOIN

if TYPE_CHECKING:
    from cgraph_web.socket import UserSocket


class PersonalChannel(Channel):
    """A channel whose socket knows who it is. Joins and events are counted as `cgraph_web.limits` says."""

    socket: "UserSocket"

    @property
    def shown_in(self) -> str:
        """The topic of whose presence the channel's person is a part, where they are shown (`Statuses`)."""
        return self.topic_name

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.handlers = {event: _counted(event, handler) for event, handler in cls.handlers.items()}
        if "join" in vars(cls):
            cls.join = _counted_join(cls.join)  # type: ignore[method-assign]

    @property
    def app(self) -> App:
        return self.socket.app

    @property
    def db(self) -> Database:
        return self.socket.app.db

    @property
    def actor(self) -> Actor:
        return self.socket.actor

    async def spend(self, event: str) -> None:
        """Count an event of the client. Raises `RateLimited`, which is its answer."""
        meter = self.socket.limits.of_event(self.topic, event, admin=self.actor.admin)
        if meter is not None:
            await meter.spend(self.socket.caller)

    async def repeated(self, event: str) -> None:
        """What the client said had been done before: it is not counted as such again. Raises `RateLimited`."""
        meter = self.socket.limits.of_event(self.topic, event, admin=self.actor.admin)
        if meter is not None:
            await meter.repeat(self.socket.caller)


def _counted(event: str, handler: Handler) -> Handler:
    async def call(channel: PersonalChannel, payload: Any) -> Any:
        await channel.spend(event)
        outcome = handler.call(channel, payload)
        return await outcome if handler.asynchronous else outcome

    return msgspec.structs.replace(handler, call=call, asynchronous=True)


def _counted_join(join: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(join)
    async def counted(channel: PersonalChannel, id: str, params: Any) -> Any:
        await channel.spend(PHX_JOIN)
        return await join(channel, id, params)

    return counted


class JoinRefused(Unauthorized):
    """The same for a topic that is not there and one that is not for this person, as in the seed."""

    default = "you may not join this topic"


class Replayed(msgspec.Struct, frozen=True):
    """One missed event, as its push would have carried it."""

    event: str
    payload: msgspec.Raw


def resumed(missed: Missed) -> Joined:
    """The answer to a join with `since`: all that was missed, or the reason to reload; never a part."""
    if missed.reason is not None:
        return Joined({"seq": missed.seq, "resumed": False, "reason": missed.reason}, missed.seq)
    events = [Replayed(event.type, msgspec.Raw(event.body())) for event in missed.events]
    return Joined({"seq": missed.seq, "resumed": True, "events": events}, missed.seq)
