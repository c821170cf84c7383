"""`post:<id>`: what is said about a post, for whoever reads it."""

from collections.abc import Iterator
from typing import get_args
from uuid import UUID

import msgspec

from cgraph import forums
from cgraph_kit.channels import Joined, JoinParams, Outgoing

from .base import JoinRefused, PersonalChannel, resumed


class PostChannel(PersonalChannel):
    """Comments on one post, and what becomes of them and of the post itself.

    Every durable push carries `seq`; a join with `{"since": n}` gets what came after n. Votes come about once a second as
    `post_counted` and `comment_counted`, with the newest numbers only, and so does `readers`: how many read along.
    """

    PREFIX = "post:"
    topic = "post:*"

    async def join(self, id: str, params: JoinParams) -> Joined:
        """Whoever may read it; anybody else hears `unauthorized`, whether the post exists or not."""
        await self.socket.still_signed_in()
        try:
            post_id = UUID(id)
            missed = await forums.read_post_since(
                self.db, self.actor, post_id, params.since, limits=self.app.limits.forums
            )
        except (ValueError, forums.PostNotFound):
            raise JoinRefused from None
        if id != str(post_id):  # another spelling would be a topic nobody speaks on
            raise JoinRefused
        if params.since is None:
            return Joined({"seq": missed.seq}, missed.seq)
        return resumed(missed)

    async def joined(self) -> None:
        """Count as a reader; who they are, nobody is told."""
        self.track(str(self.actor.id), {})


def _durable(happened: forums.PostEvent) -> Iterator[Outgoing]:
    topic = f"{PostChannel.PREFIX}{happened.post_id}"
    yield Outgoing(topic, happened.type, msgspec.Raw(happened.payload), happened.seq)


for _kind in get_args(forums.DurablePostEvent):
    PostChannel.push(_kind.type, when=_kind)(_durable)
