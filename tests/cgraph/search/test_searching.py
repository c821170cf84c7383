"""What a person finds, and how it is shown to them."""

from uuid import UUID

import pytest

from cgraph import forums, groups, messaging
from cgraph.accounts import Actor
from cgraph.forums import MutedWords, NewComment
from cgraph.groups import NewChannel, NewThread, Permission
from cgraph.search.backend import Found, Paging, Scope, Wanted
from cgraph.search.hits import CommentHit, MessageHit, PostHit, SearchHit
from cgraph.search.indexing import follow_changes
from cgraph.search.postgres import PostgresSearch
from cgraph.search.searching import SearchFor, SearchPage, SearchResults, count, search
from cgraph_kit.db import Transaction
from support.attached import with_file
from support.channels import say as tell
from support.communities import enter, first_channel, found, overwrite
from support.forums import make_forum, make_post
from support.talk import make_actor, open_between, say


class Finder:
    """Searches in what has been said so far."""

    def __init__(self, db: Transaction) -> None:
        self.db = db
        self.backend = PostgresSearch(db)

    async def __call__(self, actor: Actor | None, q: str, **options: object) -> SearchResults:
        await follow_changes(self.db, self.backend)
        return await search(self.db, self.backend, actor, SearchPage(q, **options))

    async def ids(self, actor: Actor | None, q: str, **options: object) -> list[UUID]:
        return [id_of(hit) for hit in (await self(actor, q, **options)).hits]


def id_of(hit: SearchHit) -> UUID:
    match hit:
        case MessageHit(message=message):
            return message.id
        case PostHit(post=post):
            return post.id
        case CommentHit(comment=comment):
            return comment.id
    raise TypeError(hit)


@pytest.fixture
def find(db: Transaction) -> Finder:
    return Finder(db)


class TestSearch:
    async def test_finds_what_was_said_in_a_conversation(
        self, db: Transaction, find: Finder, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        sent = await say(db, ann, id, "the quick brown fox")
        found = await find(bob, "fox")
        assert [id_of(hit) for hit in found.hits] == [sent.id]
        assert (found.total, found.total_is_capped, found.after) == (1, False, None)
        assert (await find(eve, "fox")).hits == []


class TestPlaces:
    @pytest.fixture
    async def group(self, db: Transaction, ann: Actor, bob: Actor, eve: Actor) -> UUID:
        """Ann's, in which Bob and Eve are."""
        id = await found(db, ann)
        await enter(db, id, bob, eve)
        return id

    @pytest.mark.parametrize("written", ["in:{}", "in:#general", "IN:{}"])
    async def test_are_channels_with_the_threads_that_are_read_below(
        self,
        db: Transaction,
        find: Finder,
        ann: Actor,
        bob: Actor,
        eve: Actor,
        group: UUID,
        written: str,
    ) -> None:
        channel = await first_channel(db, group)
        elsewhere = await groups.create_channel(db, ann, group, NewChannel(name="hall"))
        open_one = await groups.create_thread(db, ann, channel, NewThread("swarms"))
        aside = await groups.create_thread(db, bob, channel, NewThread("aside", private=True))
        places = {"channel": channel, "open": open_one.id, "aside": aside.id, "hall": elsewhere.id}
        said = {(await tell(db, bob, place, "waggle")).id: name for name, place in places.items()}
        q = f"waggle {written.format(channel)}"

        async def names(actor: Actor, q: str) -> set[str]:
            return {said[id] for id in await find.ids(actor, q)}

        for reader, read in ((ann, {"aside"}), (bob, {"aside"}), (eve, set())):
            assert await names(reader, q) == {"channel", "open"} | read
            assert await names(reader, f"waggle -{q.split()[1]}") == {"hall"}
            assert await names(reader, f"waggle in:{open_one.id}") == {"open"}
            assert await names(reader, f"waggle in:{aside.id}") == read
        await overwrite(db, channel, group, deny=Permission.READ_MESSAGE_HISTORY)
        assert await names(bob, q) == set()
        assert await names(ann, q) == {"channel", "open", "aside"}

    async def test_of_groups_one_is_not_in_are_none(
        self, db: Transaction, find: Finder, bob: Actor, group: UUID
    ) -> None:
        channel = await first_channel(db, group)
        thread = await groups.create_thread(db, bob, channel, NewThread("swarms"))
        await tell(db, bob, thread.id, "waggle")
        stranger = await make_actor(db)
        assert await find.ids(stranger, f"in:{channel}") == []
        assert await find.ids(stranger, f"in:{channel} waggle") == []
        assert len((await find(bob, f"in:{channel} waggle")).hits) == 1


class Counting(PostgresSearch):
    """Knows how often it was asked."""

    asked = 0

    async def search(self, wanted: Wanted, scope: Scope, paging: Paging) -> Found:
        self.asked += 1
        return await super().search(wanted, scope, paging)


class TestFiles:
    async def test_not_of_posts_with_muted_titles(
        self, db: Transaction, find: Finder, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        for title in ("honey the spoiler", "honey", "another spoiler"):
            file = await with_file(db, ann, name="waggle.png")
            await make_post(db, ann, forum.id, title=title, attachments=[file])
        await forums.set_muted_words(db, bob, MutedWords(["spoiler"]))
        found = await find(bob, "waggle", types="file")
        assert (len(found.hits), found.total) == (1, 1)
        assert (await find(ann, "waggle", types="file")).total == 3

    async def test_that_are_not_shown_are_not_looked_at_one_by_one(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        """Nobody has told the index yet that they are gone."""
        backend, forum = Counting(db), await make_forum(db, ann)
        kept = await make_post(db, ann, forum.id, title="waggle")
        posts = [await make_post(db, ann, forum.id, title="waggle") for _ in range(30)]
        await follow_changes(db, backend)
        await db.value(
            "UPDATE posts SET deleted_at = now() WHERE id = ANY($1)", [p.id for p in posts]
        )
        found = await search(db, backend, bob, SearchPage("waggle", limit=1))
        assert [id_of(hit) for hit in found.hits] == [kept.id]
        assert backend.asked < 5

    async def test_not_of_comments_on_hidden_posts(
        self, db: Transaction, find: Finder, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        post = await make_post(db, ann, forum.id)
        file = await with_file(db, ann, name="waggle.png")
        await forums.create_comment(db, ann, post.id, NewComment("see", attachments=[file]))
        await forums.hide_post(db, bob, post.id, hidden=True)
        found = await find(bob, "waggle")
        assert (found.hits, found.total) == ([], 0)
        assert (await find(ann, "waggle")).total == 1


class TestCount:
    async def test_tells_nothing_of_what_the_index_has_not_forgotten_yet(
        self, db: Transaction, find: Finder, ann: Actor, bob: Actor
    ) -> None:
        id = await open_between(db, ann, bob)
        said = [await say(db, ann, id, f"waggle {n}") for n in range(3)]
        assert (await find(bob, "waggle", limit=1)).total == 3
        for message, left in zip(said, (2, 1, 0), strict=True):
            await messaging.delete_message(db, ann, id, message.id)
            found = await search(db, find.backend, bob, SearchPage("waggle", limit=1))
            assert (found.total, found.after is not None) == (left, left > 1)
            counts = await count(db, find.backend, bob, SearchFor("waggle"))
            assert sum(one.total for one in counts) == left

    async def test_leaves_out_what_is_muted(
        self, db: Transaction, find: Finder, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann)
        file = await with_file(db, ann, name="waggle.png")
        await make_post(db, ann, forum.id, title="waggle spoiler", attachments=[file])
        await forums.set_muted_words(db, bob, MutedWords(["spoiler"]))
        await find(bob, "waggle")
        counts = await count(db, find.backend, bob, SearchFor("waggle"))
        assert sum(one.total for one in counts) == 0
