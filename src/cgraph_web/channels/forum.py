"""`forum:<id>`: what is new in a forum, for whoever reads it."""

from collections.abc import Iterator
from typing import get_args
from uuid import UUID

import msgspec

from cgraph import forums
from cgraph_kit.channels import Joined, JoinParams, Outgoing

from .base import JoinRefused, PersonalChannel, resumed


class ForumChannel(PersonalChannel):
    """New posts of one forum, and what becomes of them and of the forum itself.

    Every durable push carries `seq`; a join with `{"since": n}` gets what came after n. Votes and comments come about once a
    second as `post_counted`, with the newest numbers only.
    """

    PREFIX = "forum:"
    topic = "forum:*"

    async def join(self, id: str, params: JoinParams) -> Joined:
        """Whoever may read it; anybody else hears `unauthorized`, whether the forum exists or not."""
        await self.socket.still_signed_in()
        try:
            forum_id = UUID(id)
            missed = await forums.read_forum_since(
                self.db, self.actor, forum_id, params.since, limits=self.app.limits.forums
            )
        except (ValueError, forums.ForumNotFound):
            raise JoinRefused from None
        if id != str(forum_id):  # another spelling would be a topic nobody speaks on
            raise JoinRefused
        if params.since is None:
            return Joined({"seq": missed.seq}, missed.seq)
        return resumed(missed)


def _durable(happened: forums.ForumEvent) -> Iterator[Outgoing]:
    topic = f"{ForumChannel.PREFIX}{happened.forum_id}"
    yield Outgoing(topic, happened.type, msgspec.Raw(happened.payload), happened.seq)


for _kind in get_args(forums.DurableForumEvent):
    ForumChannel.push(_kind.type, when=_kind)(_durable)
