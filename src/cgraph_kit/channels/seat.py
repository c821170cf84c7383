"""What an accepted join has made, from its reply to its last frame."""

import logging
from typing import TYPE_CHECKING, NamedTuple

from . import replies
from .channel import Channel
from .protocol import EMPTY
from .topic import Subscription
from .voice import Voice

if TYPE_CHECKING:
    from .endpoint import Endpoint

_log = logging.getLogger(__name__)


class Ending(NamedTuple):
    """Why a channel ends: the word for its `left`, and the last frame its client gets."""

    reason: str
    event: bytes = replies.PHX_CLOSE
    payload: bytes = EMPTY


LEFT = Ending("left")
CLOSED = Ending("closed")
REJOINED = Ending("rejoined")
CRASHED = Ending("crashed", replies.PHX_ERROR, replies.CRASHED)
RESYNC = Ending("resync", replies.PHX_ERROR, replies.RESYNC)


class Seat(NamedTuple):
    """A channel, what it hears and how it speaks."""

    channel: Channel
    subscription: Subscription
    voice: Voice

    def take(self, endpoint: "Endpoint", seq: int | None) -> None:
        """The client knows the topic up to `seq`: from here on the channel hears and speaks."""
        endpoint.hub.activate(self.subscription, seq)
        endpoint.stats.channels += 1
        endpoint.stats.joins += 1
        self.channel._live = True  # noqa: SLF001

    def leave(self, endpoint: "Endpoint") -> None:
        """From here on it hears and says nothing."""
        endpoint.hub.unsubscribe(self.subscription)
        endpoint.stats.channels -= 1
        self.channel._detach()  # noqa: SLF001

    async def say_goodbye(self, ending: Ending) -> None:
        """Let the author know that it ends."""
        try:
            await self.channel.left(ending.reason)
        except Exception:
            _log.exception("a left() crashed")

    def end(self, ending: Ending) -> None:
        """Send the last frame."""
        self.voice.end(ending.event, ending.payload)
