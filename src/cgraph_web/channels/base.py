"""What the channels of signed-in people have in common."""

from typing import TYPE_CHECKING

import msgspec

from cgraph.accounts import Actor
from cgraph.application import App
from cgraph_kit.channels import Channel, Joined
from cgraph_kit.db import Database
from cgraph_kit.errors import Unauthorized
from cgraph_kit.streams import Missed

if TYPE_CHECKING:
    from cgraph_web.socket import UserSocket


class PersonalChannel(Channel):
    """A channel whose socket knows who it is."""

    socket: "UserSocket"

    @property
    def app(self) -> App:
        return self.socket.app

    @property
    def db(self) -> Database:
        return self.socket.app.db

    @property
    def actor(self) -> Actor:
        return self.socket.actor


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
