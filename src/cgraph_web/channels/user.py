"""`user:<id>`: what happens to a person, on every device of theirs."""

from collections.abc import Iterator
from typing import get_args
from uuid import UUID

import msgspec

from cgraph.accounts import DurableEvent, UserEvent
from cgraph_kit import streams
from cgraph_kit.channels import Joined, JoinParams, Outgoing

from .base import PersonalChannel, refuse_strangers, resumed


class UserChannel(PersonalChannel):
    """A person's own events: profile, sessions, blocks, conversations that come and go, read marks, unread counts."""

    topic = "user:*"

    async def join(self, id: str, params: JoinParams) -> Joined:
        """Only one's own. The answer holds the stream's `seq`, and with `since` what was missed."""
        refuse_strangers(id == str(self.actor.id))
        await self.socket.still_signed_in()
        if params.since is None:
            seq = await streams.last_seq(self.db, self.actor.id)
            return Joined({"seq": seq}, seq)
        most = self.app.settings.resume_max
        return resumed(await streams.since(self.db, self.actor.id, params.since, most=most), {})


def durable(topic_id: UUID, event: str, payload: bytes, seq: int) -> Outgoing:
    """A durable push on `user:<id>`; `payload` is the event's JSON object, `seq` included."""
    return Outgoing(f"user:{topic_id}", event, msgspec.Raw(payload), seq)


def _account_event(happened: UserEvent) -> Iterator[Outgoing]:
    payload = streams.splice(msgspec.json.encode(happened.payload), happened.seq)
    yield durable(happened.user_id, happened.type, payload, happened.seq)


for _kind in get_args(DurableEvent):
    UserChannel.push(_kind.type, when=_kind)(_account_event)
