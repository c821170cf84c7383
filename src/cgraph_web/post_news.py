"""Votes, comments and readers as numbers, told about once a second to those who look at a forum or a post."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from cgraph import forums
from cgraph_kit.channels import Outgoing
from cgraph_kit.channels.bus import Said
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable

from .channels.forum import ForumChannel
from .channels.post import PostChannel

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds in which what is counted is gathered: a post that goes round the world is told of once a second."""
AT_ONCE = 1_000
"""Posts or comments counted in one statement."""

Readers = Callable[[str], int]


class ReaderCount(msgspec.Struct, frozen=True):
    """How many read along."""

    count: int


class PostNews:
    """Looks the numbers up after the fact, so a push that comes late is newer, never wrong.

    How many read along every node knows by itself, from presence, and tells its own.
    """

    def __init__(self, db: Repo, endpoint: Endpoint, readers: Readers) -> None:
        self._db = db
        self._endpoint = endpoint
        self._readers = readers
        self._posts: dict[UUID, None] = {}
        self._comments: dict[UUID, None] = {}
        self._told: dict[str, int] = {}
        """By topic, how many readers were told."""

    def listen(self, events: Sequence[Any]) -> None:
        """A listener of this node's events."""
        for event in events:
            match event:
                case forums.VotesCounted(kind="comment"):
                    self._comments[event.id] = None
                case forums.VotesCounted() | forums.PostCounted():
                    self._posts[event.post_id] = None

    async def tell_for_ever(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(PAUSE)
            try:
                self.tell_readers()
                await self.tell()
            except Unavailable:
                log.warning("counts of posts are not pushed: the database is away")
            except Exception:
                log.exception("counts of posts could not be pushed")

    async def tell(self) -> None:
        """Tell of everything that was touched since the last time."""
        posts, self._posts = self._posts, {}
        comments, self._comments = self._comments, {}
        for ids in _in_parts(posts):
            for post in await forums.count_posts(self._db, ids):
                counts = forums.Counts(
                    post.id, post.upvotes, post.downvotes, post.score, post.comment_count
                )
                for topic in (ForumChannel.PREFIX + str(post.forum_id), _topic(post.id)):
                    self._publish(topic, "post_counted", counts, post.id)
        for ids in _in_parts(comments):
            for one in await forums.count_comments(self._db, ids):
                counted = forums.CommentCounts(one.id, one.upvotes, one.downvotes, one.score)
                self._publish(_topic(one.post_id), "comment_counted", counted, one.id)

    def tell_readers(self) -> None:
        """Tell those on this node how many read along, where that has changed."""
        topics = self._endpoint.topics(PostChannel.PREFIX)
        told = {topic: self._readers(topic) for topic in topics}
        for topic, count in told.items():
            if self._told.get(topic) != count:
                body = msgspec.json.encode(ReaderCount(count))
                self._endpoint.heard(topic, Said(b'"readers"', body, key="readers"))
        self._told = told

    def _publish(self, topic: str, event: str, payload: msgspec.Struct, id: UUID) -> None:
        self._endpoint.publish(Outgoing(topic, event, payload, coalesce_key=f"{event}:{id}"))


def _topic(post_id: UUID) -> str:
    return f"{PostChannel.PREFIX}{post_id}"


def _in_parts(ids: dict[UUID, None]) -> Iterator[list[UUID]]:
    rest = iter(ids)
    while part := list(islice(rest, AT_ONCE)):
        yield part
