"""Whether a client may join: what is asked, and how each answer is said."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from cgraph_kit.errors import Error, Unavailable

from . import replies
from .channel import Channel, Joined
from .topic import Subscription

if TYPE_CHECKING:
    from .endpoint import Endpoint

_log = logging.getLogger(__name__)


async def ask(
    endpoint: "Endpoint", channel: Channel, subscription: Subscription, payload: Any
) -> Joined:
    """What the channel's `join` decides, once the bus listens; raises whatever refuses.

    When this returns the subscription holds everything since the position the channel has read.
    """
    async with asyncio.timeout(endpoint.limits.join_timeout):
        await endpoint.bus.want(channel.topic_name)
        answer = await channel.join(channel.id, type(channel).decode_params(payload))
        joined = answer if isinstance(answer, Joined) else Joined(answer or {})
        if not await endpoint.repair.bridge(subscription, joined.seq):
            raise Unavailable("the topic's history is out of reach")
    if subscription.broken:
        raise Unavailable("too much happened during the join")
    return joined


def refused(error: Exception) -> bytes:
    """The response to a join that failed so."""
    if isinstance(error, Error):
        return replies.refusal(error)
    if isinstance(error, TimeoutError):
        return replies.refusal(Unavailable("the join took too long"))
    _log.error("a join crashed", exc_info=error)
    return replies.JOIN_CRASHED
