"""The forums of an import, who follows them, and what is said there."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from cgraph import forums
from cgraph.forums import ImportedForum, ImportedSubscription
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from . import ids
from .people import People
from .posts import Found, Making
from .records import Forum, Post, Said, Subscription, Vote
from .report import Report
from .texts import cut, without_nul

TITLE_MAX = 100
DESCRIPTION_MAX = 500
SIDEBAR_MAX = 10_000
MODERATORS_MAX = 50


class Boards:
    """Which of our forums each of theirs is, and what waits to be written there."""

    def __init__(self, report: Report, people: People, batch: int) -> None:
        self._report = report
        self._people = people
        self._batch = batch
        self._forums: set[UUID] = set()
        """Those that are there, or would be by now."""
        self._subscriptions: list[tuple[str, Subscription]] = []
        self._said: list[Found] = []
        self._met: set[UUID] = set()
        """Posts and comments of a dry run, which are nowhere yet."""

    async def make(self, db: Repo, where: str, forum: Forum) -> None:
        """Make a forum unless it is there."""
        await self.write(db)
        await self._people.settle(db)
        await self._people.look_up(db, {*forum.moderators, *filter(None, [forum.creator])})
        id = self._id(forum.id)
        if await forums.find_forum_ids(db, [id]):
            self._report.known["forums"] += 1
        else:
            self._report.taken["forums"] += 1
            if not self._report.dry_run:
                async with db.transaction() as tx:
                    slug = await forums.fit_slug(tx, forum.slug or forum.title)
                    await forums.import_forums(tx, [self._forum(where, forum, id, slug)])
        self._forums.add(id)

    async def follow(self, db: Repo, where: str, subscription: Subscription) -> None:
        """Let somebody follow a forum, with many others."""
        self._subscriptions.append((where, subscription))
        if len(self._subscriptions) >= self._batch:
            await self.write(db)

    async def say(self, db: Repo, where: str, said: Said) -> None:
        """Write a post, comment or vote, with many others."""
        self._said.append((where, said))
        if len(self._said) >= self._batch:
            await self.write(db)

    async def write(self, db: Repo) -> None:
        """Whatever waits."""
        if not self._subscriptions and not self._said:
            return
        subscriptions, self._subscriptions = self._subscriptions, []
        said, self._said = self._said, []
        await self._people.settle(db)
        named = {one.user for _, one in subscriptions} | set(_named(said))
        await self._people.look_up(db, named)
        await self._know(db, said, subscriptions)
        making = Making(self._report, self._people, self._forums, self._met)
        if self._report.dry_run:
            await making.prepare(db, said)
            self._followers(subscriptions)
            return
        async with db.transaction() as tx:
            await self._subscribe(tx, subscriptions)
            await making.write(tx, said)
        self._met.clear()

    async def _know(
        self, db: Repo, said: Sequence[Found], following: Sequence[tuple[str, Subscription]]
    ) -> None:
        """Find the forums that came in an earlier import."""
        named = {self._id(one.forum) for _, one in said if isinstance(one, Post)}
        named |= {self._id(one.forum) for _, one in following}
        self._forums |= await forums.find_forum_ids(db, list(named - self._forums))

    async def _subscribe(
        self, tx: Transaction, subscriptions: Sequence[tuple[str, Subscription]]
    ) -> None:
        for id, found in self._followers(subscriptions).items():
            new = await forums.import_subscriptions(tx, id, found)
            self._report.taken["subscriptions"] -= len(found) - new
            self._report.known["subscriptions"] += len(found) - new

    def _followers(
        self, subscriptions: Iterable[tuple[str, Subscription]]
    ) -> dict[UUID, list[ImportedSubscription]]:
        found: dict[UUID, dict[UUID, ImportedSubscription]] = {}
        for where, one in subscriptions:
            id, who = self._id(one.forum), self._people.get(one.user)
            if id not in self._forums:
                self._report.lost(where, "its forum is not in the export", one.forum)
            elif who is None:
                self._report.lost(where, "a follower nobody knows", one.user)
            else:
                at = min(one.inserted_at or clock.now(), clock.now())
                found.setdefault(id, {})[who] = ImportedSubscription(who, at, one.level)
        self._report.taken["subscriptions"] += sum(map(len, found.values()))
        return {id: list(people.values()) for id, people in found.items()}

    def _id(self, external: str) -> UUID:
        return ids.thing_id(self._report.source, "forum", external)

    def _forum(self, where: str, forum: Forum, id: UUID, slug: str) -> ImportedForum:
        if forum.slug and slug != forum.slug:
            self._report.changed(where, "a forum's name had to change", f"{forum.slug} → {slug}")
        creator = self._people.get(forum.creator)
        moderators = [creator, *(self._people.get(external) for external in forum.moderators)]
        now = clock.now()
        return ImportedForum(
            id=id,
            slug=slug,
            title=cut(forum.title, TITLE_MAX) or slug,
            inserted_at=min(forum.inserted_at or now, now),
            parent_id=self._parent(where, forum),
            description=cut(forum.description or "", DESCRIPTION_MAX) or None,
            sidebar=without_nul(forum.sidebar or "")[:SIDEBAR_MAX] or None,
            visibility=forum.visibility,
            posting=forum.posting,
            nsfw=forum.nsfw,
            creator_id=creator,
            moderators=list(dict.fromkeys(who for who in moderators if who))[:MODERATORS_MAX],
            deleted_at=forum.deleted_at,
        )

    def _parent(self, where: str, forum: Forum) -> UUID | None:
        if forum.parent is None:
            return None
        id = self._id(forum.parent)
        if id in self._forums:
            return id
        self._report.changed(where, "the forum it lies in is not there", forum.parent)
        return None


def _named(said: Iterable[Found]) -> Iterator[str]:
    """Everybody they name."""
    for _, one in said:
        if isinstance(one, Vote):
            yield one.user
        else:
            yield from filter(None, [one.author])
            yield from one.mentions.values()
            yield from (vote.user for vote in one.votes)
