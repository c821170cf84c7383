"""`user:<id>`: what happens to a person, on every device of theirs."""

from collections.abc import Iterator
from typing import get_args

import msgspec

from cgraph import files, groups, messaging, notifications
from cgraph.accounts import DurableEvent, UserEvent
from cgraph_kit import streams
from cgraph_kit.channels import Joined, JoinParams, Outgoing
from cgraph_web.statuses import status_topic

from .base import JoinRefused, PersonalChannel, resumed


class UserChannel(PersonalChannel):
    """A person's own events: profile, sessions, blocks, conversations that come and go, read marks, unread counts."""

    PREFIX = "user:"
    topic = "user:*"

    async def join(self, id: str, params: JoinParams) -> Joined:
        """Only one's own. The answer holds the stream's `seq`, and with `since` what was missed."""
        if id != str(self.actor.id):
            raise JoinRefused
        await self.socket.still_signed_in()
        if params.since is None:
            seq = await streams.last_seq(self.db, self.actor.id)
            return Joined({"seq": seq}, seq)
        missed = await messaging.read_own_since(
            self.db, self.actor, params.since, limits=self.app.limits.messaging
        )
        return resumed(missed)

    @property
    def shown_in(self) -> str:
        return status_topic(self.actor.id)

    async def joined(self) -> None:
        """Be known, on every node, as somebody who listens; unless invisible, be seen where one is on a screen."""
        self.track(self.id, {})
        await self.socket.statuses.show(self)

    async def left(self, reason: str) -> None:  # noqa: ARG002 (every end is alike)
        """Be seen no longer."""
        self.socket.statuses.hide(self)


def _own(happened: UserEvent) -> Iterator[Outgoing]:
    topic = f"{UserChannel.PREFIX}{happened.user_id}"
    yield Outgoing(topic, happened.type, msgspec.Raw(happened.body()), happened.seq)


for _kind in (
    *get_args(DurableEvent),
    *get_args(messaging.DurableUserEvent),
    *get_args(groups.DurableUserEvent),
    *get_args(notifications.DurableEvent),
    *get_args(files.DurableEvent),
    groups.ThreadFollowed,
    groups.ThreadUnfollowed,
):
    UserChannel.push(_kind.type, when=_kind)(_own)
