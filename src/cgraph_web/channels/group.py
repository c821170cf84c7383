"""`group:<id>`: what a group is made of, for its members."""

from collections.abc import Iterator
from functools import partial
from typing import get_args
from uuid import UUID

import msgspec

from cgraph import groups
from cgraph_kit.channels import Joined, JoinParams, Outgoing, on
from cgraph_web.crowds import Screen

from .base import JoinRefused, PersonalChannel, resumed


class OnScreen(msgspec.Struct, frozen=True):
    """Of whom one hears whether they are here."""

    user_ids: list[UUID]


class GroupChannel(PersonalChannel):
    """Structure, roles and members of one group. What is said in its channels is on topics of their own.

    Every durable push carries `seq`; a join with `{"since": n}` gets what came after n. Who is here is told of everybody in
    groups of up to `group_presence_max` members, and in larger ones of those whom `presence_range` names.
    """

    PREFIX = "group:"
    topic = "group:*"

    group_id: UUID
    screen: Screen

    async def join(self, id: str, params: JoinParams) -> Joined:
        """Members only; anybody else hears `unauthorized`, whether the group exists or not."""
        await self.socket.still_signed_in()
        try:
            self.group_id = UUID(id)
            missed = await groups.read_since(
                self.db, self.actor, self.group_id, params.since, limits=self.app.limits.groups
            )
        except (ValueError, groups.GroupNotFound):
            raise JoinRefused from None
        if id != str(self.group_id):  # another spelling would be a topic nobody speaks on
            raise JoinRefused
        if params.since is None:
            return Joined({"seq": missed.seq}, missed.seq)
        return resumed(missed)

    async def joined(self) -> None:
        """In a small group, see who is here; as anywhere, unless they are invisible, or a block stands between the two."""
        self.screen = self.socket.crowds.open(self)
        most = self.app.limits.groups.group_presence_max
        everybody = partial(groups.list_small_crowd, self.db, self.actor, self.group_id, most=most)
        await self.screen.show(everybody, everybody=True)

    async def left(self, reason: str) -> None:  # noqa: ARG002 (every end is alike)
        """See nobody any more."""
        self.socket.crowds.shut(self)

    def lost(self) -> None:
        """Diffs build on each other: the state is told again."""
        self.screen.watch.refresh()

    @on("presence_range", errors=(groups.GroupNotFound,))
    async def presence_range(self, which: groups.Onlooking) -> OnScreen:
        """Have those members on the screen, and no others: a `presence_state` of them follows, and then every
        `presence_diff`. Replies those who are members, and may be seen being here.
        """
        onlooked = partial(groups.list_onlooked, self.db, self.actor, self.group_id, which)
        return OnScreen(await self.screen.show(onlooked))


def _durable(happened: groups.GroupEvent) -> Iterator[Outgoing]:
    topic = f"{GroupChannel.PREFIX}{happened.group_id}"
    yield Outgoing(topic, happened.type, msgspec.Raw(happened.payload), happened.seq)


for _kind in get_args(groups.DurableGroupEvent):
    GroupChannel.push(_kind.type, when=_kind)(_durable)
