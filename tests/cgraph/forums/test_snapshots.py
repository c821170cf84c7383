"""Ranked lists, paged while votes move."""

import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from cgraph.accounts import Actor
from cgraph.forums import snapshots
from cgraph.forums.errors import ListingExpired
from cgraph.forums.ranking import Sort, Window
from cgraph.forums.snapshots import COLUMNS, LENGTH, Ranked, list_ranked
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import encode_cursor
from support import plaza

SORTS = sorted(COLUMNS)


@pytest.fixture
async def forum_id(db: Transaction, ann: Actor) -> UUID:
    return await plaza.found(db, ann)


def ranked(forum_id: UUID, sort: Sort = "hot", window: Window = "all") -> Ranked:
    return Ranked(f"forum:{forum_id}", sort, [forum_id], window)


async def pages(
    db: Transaction, which: Ranked, limit: int, between: object = None
) -> list[list[UUID]]:
    """The whole list; `between` is done after each page."""
    found, after = [], None
    while True:
        page = await list_ranked(db, which, limit=limit, after=after)
        found.append(page.items)
        after = page.after
        if after is None:
            return found
        if callable(between):
            await between()


def flat(found: list[list[UUID]]) -> list[UUID]:
    return [id for page in found for id in page]


async def in_order(db: Transaction, forum_id: UUID, column: str) -> list[UUID]:
    """Everything that is shown, sorted at once."""
    return await db.values(
        f"SELECT id FROM posts p JOIN post_ranks r USING (id) WHERE p.forum_id = $1 AND r.shown "
        f"ORDER BY {column} DESC, p.inserted_at DESC, id DESC",
        forum_id,
    )


class Shaking:
    """Votes, comments and new posts, at random."""

    def __init__(self, db: Transaction, author: Actor, forum_id: UUID, seed: int) -> None:
        self.db, self.author, self.forum_id = db, author, forum_id
        self.dice = random.Random(seed)  # noqa: S311

    async def __call__(self) -> None:
        await self.db.value(
            "WITH moved AS (UPDATE posts SET rising = random(), scaled = random(), "
            "active_at = active_at + random() * interval '1 day' WHERE forum_id = $1 AND random() < $2) "
            "UPDATE post_ranks SET upvotes = (random() * 200)::int, downvotes = (random() * 200)::int "
            "WHERE forum_id = $1 AND random() < $2",
            self.forum_id,
            self.dice.random(),
        )
        if self.dice.random() < 0.5:
            await plaza.post(self.db, self.author, self.forum_id, upvotes=500)


class TestListRanked:
    @pytest.mark.parametrize("sort", SORTS)
    async def test_has_everything_in_order(
        self, db: Transaction, ann: Actor, forum_id: UUID, sort: Sort
    ) -> None:
        await plaza.fill(db, ann, forum_id, 60)
        found = await pages(db, ranked(forum_id, sort), 7)
        assert flat(found) == await in_order(db, forum_id, COLUMNS[sort])
        assert {len(page) for page in found[:-1]} == {7}

    @pytest.mark.parametrize("sort", SORTS)
    @pytest.mark.parametrize("seed", range(3))
    async def test_shows_each_once_while_votes_move(
        self, db: Transaction, ann: Actor, forum_id: UUID, sort: Sort, seed: int
    ) -> None:
        there = await plaza.fill(db, ann, forum_id, 100)
        shake = Shaking(db, ann, forum_id, seed)
        found = flat(await pages(db, ranked(forum_id, sort), 9, shake))
        assert sorted(found) == sorted(there)

    @pytest.mark.parametrize("sort", ["hot", "controversial"])
    async def test_goes_on_past_what_is_kept(
        self, db: Transaction, ann: Actor, forum_id: UUID, sort: Sort
    ) -> None:
        there = await plaza.fill(db, ann, forum_id, 2 * LENGTH + 77)
        shake = Shaking(db, ann, forum_id, 5)
        found = flat(await pages(db, ranked(forum_id, sort), 100, shake))
        assert sorted(found) == sorted(there)

    async def test_ends_where_a_full_row_does(
        self, db: Transaction, ann: Actor, forum_id: UUID
    ) -> None:
        there = await plaza.fill(db, ann, forum_id, LENGTH)
        assert sorted(flat(await pages(db, ranked(forum_id), 100))) == sorted(there)

    async def test_two_readers_go_on_alike(
        self, db: Transaction, ann: Actor, forum_id: UUID
    ) -> None:
        await plaza.fill(db, ann, forum_id, LENGTH + 20)
        one = await pages(db, ranked(forum_id), 100)
        assert await pages(db, ranked(forum_id), 100) == one

    async def test_a_new_post_is_seen_at_once(
        self, db: Transaction, ann: Actor, forum_id: UUID
    ) -> None:
        await plaza.fill(db, ann, forum_id, 20)
        await list_ranked(db, ranked(forum_id), limit=5)
        id = await plaza.post(db, ann, forum_id, upvotes=1000)
        assert (await list_ranked(db, ranked(forum_id), limit=5)).items[0] == id

    async def test_what_is_deleted_or_removed_is_not_listed(
        self, db: Transaction, ann: Actor, forum_id: UUID
    ) -> None:
        one, two, three = await plaza.fill(db, ann, forum_id, 3)
        await plaza.change(db, "posts", one, deleted_at=clock.now())
        await plaza.change(db, "posts", two, removed_at=clock.now())
        assert (await list_ranked(db, ranked(forum_id))).items == [three]

    async def test_equals_stand_by_time(self, db: Transaction, ann: Actor, forum_id: UUID) -> None:
        now = clock.now()
        ages = [3, 1, 2]
        ids = [await plaza.post(db, ann, forum_id, now - timedelta(hours=age)) for age in ages]
        found = await list_ranked(db, ranked(forum_id, "top"))
        assert found.items == [ids[1], ids[2], ids[0]]

    @pytest.mark.parametrize(
        ("window", "n"), [("hour", 4), ("day", 96), ("week", 120), ("all", 120)]
    )
    async def test_top_looks_back_so_far(
        self, db: Transaction, ann: Actor, forum_id: UUID, window: Window, n: int
    ) -> None:
        await plaza.fill(db, ann, forum_id, 120, apart=900)
        found = flat(await pages(db, ranked(forum_id, "top", window), 50))
        assert len(found) == n
        assert found == [id for id in await in_order(db, forum_id, "score") if id in set(found)]

    async def test_top_of_a_large_window(
        self, db: Transaction, ann: Actor, forum_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "YOUNG", 30)
        snapshots._taking.cache_clear()
        await plaza.fill(db, ann, forum_id, 120, apart=900)
        found = flat(await pages(db, ranked(forum_id, "top", "day"), 50))
        monkeypatch.undo()
        snapshots._taking.cache_clear()
        assert found == flat(await pages(db, ranked(forum_id, "top", "day"), 50))

    async def test_many_forums_are_one_list(
        self, db: Transaction, ann: Actor, forum_id: UUID
    ) -> None:
        other = await plaza.found(db, ann)
        hidden = await plaza.found(db, ann)
        there = await plaza.fill(db, ann, forum_id, 20) + await plaza.fill(db, ann, other, 20)
        await plaza.fill(db, ann, hidden, 5)
        which = Ranked(f"subscribed:{ann.id}", "hot", [forum_id, other])
        assert sorted(flat(await pages(db, which, 9))) == sorted(there)

    async def test_every_public_forum(self, db: Transaction, ann: Actor, forum_id: UUID) -> None:
        hidden = await plaza.found(db, ann, visibility="private")
        unlisted = await plaza.found(db, ann, visibility="unlisted")
        there = await plaza.fill(db, ann, forum_id, 30)
        elsewhere = await plaza.fill(db, ann, hidden, 5) + await plaza.fill(db, ann, unlisted, 5)
        found = flat(await pages(db, Ranked("all", "hot"), 50))
        assert set(there) <= set(found)
        assert not set(elsewhere) & set(found)

    async def test_no_forums_no_posts(self, db: Transaction, ann: Actor) -> None:
        page = await list_ranked(db, Ranked(f"subscribed:{ann.id}", "hot", []))
        assert (page.items, page.after) == ([], None)

    async def test_stands_for_an_hour(
        self, db: Transaction, ann: Actor, forum_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await plaza.fill(db, ann, forum_id, 20)
        page = await list_ranked(db, ranked(forum_id), limit=5)
        later = clock.now() + snapshots.KEPT
        monkeypatch.setattr(clock, "now", lambda: later)
        with pytest.raises(ListingExpired):
            await list_ranked(db, ranked(forum_id), limit=5, after=page.after)

    async def test_refuses_the_cursor_of_another_list(
        self, db: Transaction, ann: Actor, forum_id: UUID
    ) -> None:
        await plaza.fill(db, ann, forum_id, 20)
        page = await list_ranked(db, ranked(forum_id), limit=5)
        for which in (ranked(forum_id, "top"), ranked(uuid4())):
            with pytest.raises(Invalid):
                await list_ranked(db, which, after=page.after)
        with pytest.raises(Invalid):
            await list_ranked(db, ranked(forum_id), after="nonsense")
        for offset in (-1, LENGTH + 1, 2**31, 2**70):
            with pytest.raises(Invalid):
                await list_ranked(db, ranked(forum_id), after=encode_cursor((uuid4(), offset)))
        with pytest.raises(ListingExpired):
            await list_ranked(db, ranked(forum_id), after=encode_cursor((uuid4(), 0)))


class TestForgetSnapshots:
    async def test_drops_what_has_stood_too_long(
        self, db: Transaction, ann: Actor, forum_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await plaza.fill(db, ann, forum_id, LENGTH + 20)
        await pages(db, ranked(forum_id), 100)
        sql = "SELECT count(*) FROM ranking_snapshots WHERE list = $1"
        key = ranked(forum_id).key
        await snapshots.forget_snapshots(db)
        assert await db.value(sql, key) == 2
        later = clock.now() + snapshots.KEPT
        monkeypatch.setattr(clock, "now", lambda: later)
        await snapshots.forget_snapshots(db)
        assert await db.value(sql, key) == 0
