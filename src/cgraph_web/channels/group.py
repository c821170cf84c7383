"""`group:<id>`: what a group is made of, for its members."""

from collections.abc import Iterator
from typing import get_args
from uuid import UUID

import msgspec

from cgraph import groups
from cgraph_kit.channels import Joined, JoinParams, Outgoing

from .base import JoinRefused, PersonalChannel, resumed


class GroupChannel(PersonalChannel):
    """Structure, roles and members of one group. What is said in its channels is on topics of their own.

    Every push carries `seq`; a join with `{"since": n}` gets what came after n.
    """

    PREFIX = "group:"
    topic = "group:*"

    async def join(self, id: str, params: JoinParams) -> Joined:
        """Members only; anybody else hears `unauthorized`, whether the group exists or not."""
        await self.socket.still_signed_in()
        try:
            group_id = UUID(id)
            missed = await groups.read_since(
                self.db, self.actor, group_id, params.since, limits=self.app.limits.groups
            )
        except (ValueError, groups.GroupNotFound):
            raise JoinRefused from None
        if id != str(group_id):  # another spelling would be a topic nobody speaks on
            raise JoinRefused
        if params.since is None:
            return Joined({"seq": missed.seq}, missed.seq)
        return resumed(missed)


def _durable(happened: groups.GroupEvent) -> Iterator[Outgoing]:
    topic = f"{GroupChannel.PREFIX}{happened.group_id}"
    yield Outgoing(topic, happened.type, msgspec.Raw(happened.payload), happened.seq)


for _kind in get_args(groups.DurableGroupEvent):
    GroupChannel.push(_kind.type, when=_kind)(_durable)
