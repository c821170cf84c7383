"""Open topics of forums follow who may read them: who may no longer hears nothing of it, on every node."""

from collections.abc import Iterable

from cgraph import forums
from cgraph.forums import AccessLost

from .channels.forum import ForumChannel
from .channels.post import PostChannel
from .rechecking import Rechecking


class Readers(Rechecking[AccessLost]):
    """Of forums and posts."""

    change = AccessLost

    def key(self, change: AccessLost) -> AccessLost:
        return change

    async def everything(self) -> Iterable[AccessLost]:
        of_posts = await forums.list_forum_ids(self._db, list(self.open(PostChannel.PREFIX)))
        return [AccessLost(id, None) for id in {*self.open(ForumChannel.PREFIX), *of_posts}]

    async def look(self, change: AccessLost) -> None:
        topics = [f"{ForumChannel.PREFIX}{change.forum_id}"]
        if posts := list(self.open(PostChannel.PREFIX)):
            there = await forums.list_ids_in_forum(self._db, change.forum_id, posts)
            topics += [f"{PostChannel.PREFIX}{id}" for id in there]
        on = {topic: self.on(topic) for topic in topics}
        people = {id for heard in on.values() for id in heard if change.user_id in {None, id}}
        if not people:
            return
        for user_id in await forums.find_shut_out(self._db, change.forum_id, people):
            for topic in topics:
                if user_id in on[topic]:
                    self.shut_out(user_id, topic)
