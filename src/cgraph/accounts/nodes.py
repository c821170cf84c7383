"""What the nodes tell each other about accounts: whose verified tokens to forget."""

import logging
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from cgraph_kit.pubsub import PubSub

from .auth import Auth
from .events import ProfileUpdated, SessionRevoked

log = logging.getLogger(__name__)

TOPIC = "forget"


class _Forget(msgspec.Struct, frozen=True, array_like=True):
    user_id: UUID
    session_ids: list[UUID] | None
    """None: all of them."""


async def follow(bus: PubSub, auth: Auth) -> None:
    """Heed the other nodes from here on. After an outage of the bus everything is asked of the database anew."""

    def heed(_topic: str, payload: bytes) -> None:
        try:
            told = msgspec.msgpack.decode(payload, type=_Forget)
        except msgspec.MsgspecError:
            # A node of another version: nothing it could say is worth believing a revoked token.
            log.warning("an unreadable message from another node: forgetting every verified token")
            auth.verified.clear()
            return
        auth.verified.drop(told.user_id, told.session_ids)

    bus.on_message = heed
    bus.on_reconnect = auth.verified.clear
    await bus.subscribe(TOPIC)


def listener(bus: PubSub, auth: Auth) -> Callable[[Sequence[Any]], None]:
    """Heeds this node's events and passes them on."""

    def tell(events: Sequence[Any]) -> None:
        for event in events:
            if isinstance(event, SessionRevoked):
                forget = _Forget(event.user_id, event.payload.session_ids)
            elif isinstance(event, ProfileUpdated):
                forget = _Forget(event.user_id, None)
            else:
                continue
            auth.verified.drop(forget.user_id, forget.session_ids)
            bus.publish_soon(TOPIC, msgspec.msgpack.encode(forget))

    return tell
