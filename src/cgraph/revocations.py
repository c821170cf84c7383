"""Revoked sessions and changed profiles reach the token cache of every node."""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from cgraph_kit.pubsub import PubSub

from .accounts import Auth, ProfileUpdated, SessionRevoked

log = logging.getLogger(__name__)

TOPIC = "revocations"


class Forget(msgspec.Struct, frozen=True):
    """What other nodes must no longer believe; `session_ids` None: everything of that person."""

    user_id: UUID
    session_ids: list[UUID] | None


class Revocations:
    """Tells this node's `Auth` what happens here, and the others' by the bus.

    A message lost with the bus is made good within a minute: no token is believed longer without asking the database.
    """

    def __init__(self, bus: PubSub, auth: Auth) -> None:
        self._bus = bus
        self._auth = auth
        bus.on_message = self._receive

    async def start(self) -> None:
        await self._bus.subscribe(TOPIC)

    def listen(self, events: Sequence[Any]) -> None:
        """A listener of this node's events."""
        for event in events:
            self._auth.receive(event)
            if isinstance(event, SessionRevoked):
                self._tell(Forget(event.user_id, event.payload.session_ids))
            elif isinstance(event, ProfileUpdated):
                self._tell(Forget(event.user_id, None))

    def _tell(self, forget: Forget) -> None:
        self._bus.publish_soon(TOPIC, msgspec.json.encode(forget))

    def _receive(self, _topic: str, data: bytes) -> None:
        try:
            forget = msgspec.json.decode(data, type=Forget)
        except msgspec.MsgspecError:
            log.exception("another node sent what this one does not understand")
        else:
            self._auth.verified.drop(forget.user_id, forget.session_ids)
