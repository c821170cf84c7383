"""`channel:<id>` and `thread:<id>`: who may look into a channel or thread of a group, while they are online."""

from typing import ClassVar, get_args
from uuid import UUID

from cgraph import groups, messaging

from .talk import TalkChannel, durable


class ChannelChannel(TalkChannel):
    """Messages and what becomes of them, typing and presence of one channel, and what threads begin and change in it.

    Who joins may see the channel; whoever loses that loses the topic. Nobody is told how far others have read. In groups
    of more than `channel_presence_max` members nobody is shown who is here.
    """

    PREFIX = "channel:"
    topic = "channel:*"
    gate = groups.CHANNELS
    refusals = (groups.MissingPermission, groups.ChannelArchived, groups.ThreadLocked)
    kind: ClassVar[messaging.Topic] = "channel"

    group_id: UUID
    channel_id: UUID
    """Of a thread: that of its channel."""
    _crowded = False

    async def look(self, place_id: UUID) -> None:
        """A thread's id makes no topic of channels, nor the other way round."""
        access = await groups.get_access(self.db, self.actor.id, place_id)
        if access.kind != self.kind:
            raise groups.ChannelNotFound
        self.group_id, self.channel_id = access.group_id, access.channel_id
        self._crowded = access.group_size > self.app.limits.groups.channel_presence_max

    async def can_be_seen(self) -> bool:
        return not self._crowded


class ThreadChannel(ChannelChannel):
    """The same of one thread."""

    PREFIX = "thread:"
    topic = "thread:*"
    kind = "thread"


_THREADS = (groups.ThreadCreated, groups.ThreadUpdated, groups.ThreadDeleted)
for _channel, _own in ((ChannelChannel, _THREADS), (ThreadChannel, _THREADS[1:2])):
    for _event in (*get_args(messaging.DurablePlaceEvent), *_own):
        _channel.push(_event.type, when=_event)(durable(_channel.kind))
