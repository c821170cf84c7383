"""Reading trees of comments."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from cgraph.accounts import Actor
from cgraph.forums.comment import (
    ANSWERS,
    COMMENT_SORTS,
    MOST,
    Comment,
    CommentPage,
    CommentSort,
    More,
    WhichComments,
)
from cgraph.forums.comment_orders import ORDERS, Position
from cgraph.forums.comment_trees import list_comments
from cgraph.forums.errors import CommentNotFound, PostNotFound
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.paging import encode_cursor
from support import plaza


@pytest.fixture
async def forum_id(db: Transaction, ann: Actor) -> UUID:
    return await plaza.found(db, ann)


@pytest.fixture
async def post_id(db: Transaction, bob: Actor, forum_id: UUID) -> UUID:
    return await plaza.post(db, bob, forum_id)


class Grove:
    """Comments of one post, written as rows."""

    def __init__(self, db: Transaction, post_id: UUID, author: Actor) -> None:
        self.db, self.post_id, self.author = db, post_id, author
        self.parents: dict[UUID, UUID | None] = {}
        self.began = clock.now()

    def add(self, parent_id: UUID | None = None) -> UUID:
        id = new_id()
        self.parents[id] = parent_id
        return id

    def path(self, id: UUID) -> list[UUID]:
        parent_id = self.parents[id]
        return [*self.path(parent_id), id] if parent_id else [id]

    def below(self, id: UUID | None) -> list[UUID]:
        return [one for one, parent_id in self.parents.items() if parent_id == id]

    def all_below(self, id: UUID) -> list[UUID]:
        return [one for one in self.parents if one != id and id in self.path(one)]

    async def plant(self, dice: random.Random) -> None:
        """Write them all, with votes and times at random, many of them alike."""
        ids = list(self.parents)
        paths = {id: self.path(id) for id in ids}
        counted = dict.fromkeys(ids, 0)
        for id in ids:
            for above in paths[id][:-1]:
                counted[above] += 1
        await self.db.value(
            _PLANT,
            self.post_id,
            self.author.id,
            ids,
            list(self.parents.values()),
            [".".join(one.hex for one in paths[id]) for id in ids],
            [len(paths[id]) for id in ids],
            [dice.choice([1, 1, 2, 9]) for _ in ids],
            [dice.choice([0, 0, 1, 5]) for _ in ids],
            [dice.random() < 0.2 for _ in ids],
            [len(self.below(id)) for id in ids],
            [counted[id] for id in ids],
            [self.began + timedelta(seconds=dice.randrange(20)) for _ in ids],
        )


_PLANT = """
INSERT INTO comments (id, post_id, forum_id, parent_id, path, depth, author_id, content, upvotes, downvotes, host,
    child_count, descendant_count, inserted_at)
SELECT i.id, p.id, p.forum_id, i.parent_id, i.path::ltree, i.depth, $2, 'So it is.', i.up, i.down, i.host, i.children,
    i.descendants, i.at
FROM posts p, unnest($3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::int[], $8::int[], $9::bool[], $10::int[],
    $11::int[], $12::timestamptz[])
    i (id, parent_id, path, depth, up, down, host, children, descendants, at)
WHERE p.id = $1
"""


async def grow(db: Transaction, post_id: UUID, author: Actor, seed: int, n: int = 120) -> Grove:
    """A forest at random: some of them broad, some deep."""
    dice = random.Random(seed)  # noqa: S311
    grove = Grove(db, post_id, author)
    depth = {0: 3, 1: 12, 2: 25}[seed % 3]
    for _ in range(n):
        above = [id for id in grove.parents if len(grove.path(id)) < depth]
        rooted = not above or dice.random() < 0.15
        recent = above[-4:] if dice.random() < 0.5 else above
        grove.add(None if rooted else dice.choice(recent))
    await grove.plant(dice)
    return grove


async def read_all(
    db: Transaction, actor: Actor | None, post_id: UUID, which: WhichComments
) -> list[Comment]:
    """Everything, by opening every branch."""
    found: list[Comment] = []
    waiting: list[str | None] = [None]
    while waiting:
        asked = WhichComments(which.sort, which.limit, which.depth, waiting.pop())
        page = await list_comments(db, actor, post_id, asked)
        found += page.comments
        waiting += [more.cursor for more in mores(page)]
    return found


def mores(page: CommentPage) -> Iterator[More]:
    yield from (one.more for one in page.comments if one.more)
    if page.more:
        yield page.more


async def in_order(
    db: Transaction, post_id: UUID, parent_id: UUID | None, sort: CommentSort
) -> list[UUID]:
    """All that answer one, sorted at once."""
    return await db.values(
        f"SELECT c.id FROM comments c WHERE post_id = $1 AND parent_id IS NOT DISTINCT FROM $2 "
        f"ORDER BY {ORDERS[sort].sql()}",
        post_id,
        parent_id,
    )


class TestListComments:
    @pytest.mark.parametrize("sort", COMMENT_SORTS)
    @pytest.mark.parametrize("seed", range(6))
    async def test_shows_each_once_in_every_order(
        self, db: Transaction, eve: Actor, post_id: UUID, sort: CommentSort, seed: int
    ) -> None:
        grove = await grow(db, post_id, eve, seed)
        which = WhichComments(sort, limit=1 + seed * 3, depth=1 + seed * 2 % 10)
        found = await read_all(db, eve, post_id, which)
        assert len(found) == len({one.id for one in found}) == len(grove.parents)

    @pytest.mark.parametrize("sort", COMMENT_SORTS)
    async def test_orders_all_that_answer_the_same(
        self, db: Transaction, eve: Actor, post_id: UUID, sort: CommentSort
    ) -> None:
        grove = await grow(db, post_id, eve, 0)
        found = await read_all(db, eve, post_id, WhichComments(sort, limit=5, depth=2))
        for parent_id in (None, *grove.parents):
            shown = [one.id for one in found if one.parent_id == parent_id]
            assert shown == await in_order(db, post_id, parent_id, sort)

    @pytest.mark.parametrize("seed", range(6))
    async def test_says_exactly_how_many_are_not_shown(
        self, db: Transaction, eve: Actor, post_id: UUID, seed: int
    ) -> None:
        grove = await grow(db, post_id, eve, seed)
        page = await list_comments(db, eve, post_id, WhichComments(limit=2, depth=1 + seed))
        shown = {one.id for one in page.comments}
        for comment in page.comments:
            left = set(grove.below(comment.id)) - shown
            assert (comment.more.remaining if comment.more else 0) == len(left)
            assert comment.descendant_count == len(grove.all_below(comment.id))
        left = set(grove.below(None)) - shown
        assert (page.more.remaining if page.more else 0) == len(left)

    async def test_shows_each_before_those_that_answer_it(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        await grow(db, post_id, eve, 1)
        page = await list_comments(db, eve, post_id, WhichComments())
        for before, after in pairwise(page.comments):
            assert after.depth <= before.depth + 1
            if after.depth == before.depth + 1:
                assert after.parent_id == before.id

    async def test_shows_few_answers_below_the_first_level(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        grove = Grove(db, post_id, eve)
        top = grove.add()
        for _ in range(ANSWERS + 2):
            grove.add(top)
        await grove.plant(random.Random(1))  # noqa: S311
        page = await list_comments(db, eve, post_id, WhichComments())
        assert len(page.comments) == 1 + ANSWERS
        more = page.comments[0].more
        assert more is not None
        assert (more.parent_id, more.remaining) == (top, 2)
        rest = await list_comments(db, eve, post_id, WhichComments(cursor=more.cursor))
        assert len(rest.comments) == 2
        assert rest.more is None

    async def test_shows_no_more_than_it_can(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        grove = Grove(db, post_id, eve)
        for _ in range(100):
            top = grove.add()
            for _ in range(3):
                answer = grove.add(top)
                for _ in range(3):
                    grove.add(answer)
        await grove.plant(random.Random(1))  # noqa: S311
        page = await list_comments(db, eve, post_id, WhichComments(limit=100))
        assert len(page.comments) == MOST
        found = await read_all(db, eve, post_id, WhichComments(limit=100))
        assert len({one.id for one in found}) == len(found) == len(grove.parents)

    async def test_focus_shows_one_branch_with_its_context(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        grove = Grove(db, post_id, eve)
        chain = [grove.add()]
        for _ in range(5):
            chain.append(grove.add(chain[-1]))
            grove.add(chain[-2])
        grove.add()
        await grove.plant(random.Random(1))  # noqa: S311
        which = WhichComments(focus=chain[3], context=2)
        page = await list_comments(db, eve, post_id, which)
        assert [one.id for one in page.comments[:3]] == chain[1:4]
        assert {one.id for one in page.comments[3:]} == set(grove.all_below(chain[3]))
        assert page.more is None
        assert [one.more for one in page.comments[:2]] == [None, None]

    async def test_focus_is_a_comment_of_the_post(
        self, db: Transaction, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        grove = Grove(db, await plaza.post(db, eve, forum_id), eve)
        id = grove.add()
        await grove.plant(random.Random(1))  # noqa: S311
        for focus in (id, uuid4()):
            with pytest.raises(CommentNotFound):
                await list_comments(db, eve, post_id, WhichComments(focus=focus))
        with pytest.raises(Invalid):
            cursor = encode_cursor(Position("best", None, None))
            await list_comments(db, eve, post_id, WhichComments(focus=id, cursor=cursor))

    async def test_has_stubs_without_words(
        self, db: Transaction, ann: Actor, eve: Actor, post_id: UUID
    ) -> None:
        grove = Grove(db, post_id, eve)
        deleted, removed, gone = grove.add(), grove.add(), grove.add()
        grove.add(deleted)
        await grove.plant(random.Random(1))  # noqa: S311
        await plaza.change(db, "comments", deleted, deleted_at=clock.now(), content="")
        await plaza.change(db, "comments", removed, removed_at=clock.now())
        await plaza.change(db, "comments", gone, deleted_at=clock.now(), content="")
        page = await list_comments(db, None, post_id, WhichComments())
        texts = {one.id: one.content for one in page.comments}
        assert {deleted, removed, gone} & texts.keys() == {deleted, removed}
        assert texts[deleted] == texts[removed] == ""
        page = await list_comments(db, ann, post_id, WhichComments())
        assert {one.id: one.content for one in page.comments}[removed] == "So it is."

    @pytest.mark.parametrize("state", ["deleted_at", "removed_at"])
    async def test_of_a_stub_as_far_as_the_stub_is_there(
        self, db: Transaction, ann: Actor, bob: Actor, eve: Actor, post_id: UUID, state: str
    ) -> None:
        await plaza.change(db, "posts", post_id, **{state: clock.now()})
        for reader in (None, eve):
            with pytest.raises(PostNotFound):
                await list_comments(db, reader, post_id, WhichComments())
        await list_comments(db, bob, post_id, WhichComments())
        if state == "removed_at":
            await list_comments(db, ann, post_id, WhichComments())
        grove = Grove(db, post_id, eve)
        id = grove.add()
        await grove.plant(random.Random(1))  # noqa: S311
        await plaza.change(db, "posts", post_id, comment_count=1)
        page = await list_comments(db, None, post_id, WhichComments())
        assert [one.id for one in page.comments] == [id]

    async def test_counts_no_leaves_that_are_gone(
        self, db: Transaction, eve: Actor, post_id: UUID
    ) -> None:
        grove = Grove(db, post_id, eve)
        tops = [grove.add() for _ in range(9)]
        grove.add(tops[0])
        await grove.plant(random.Random(1))  # noqa: S311
        for id in (tops[0], tops[3], tops[7]):
            await plaza.change(db, "comments", id, deleted_at=clock.now(), content="")
        seen, which = [], WhichComments("old", limit=2)
        while True:
            page = await list_comments(db, None, post_id, which)
            seen += [one.id for one in page.comments if one.depth == 1]
            if page.more is None:
                break
            assert page.more.remaining == 7 - len(seen)
            which = WhichComments("old", limit=2, cursor=page.more.cursor)
        assert len(seen) == 7

    async def test_nothing_yet(self, db: Transaction, post_id: UUID) -> None:
        page = await list_comments(db, None, post_id, WhichComments())
        assert (page.comments, page.more) == ([], None)

    async def test_not_for_who_may_not_read_the_forum(
        self, db: Transaction, eve: Actor, forum_id: UUID, post_id: UUID
    ) -> None:
        await plaza.change(db, "forums", forum_id, visibility="private")
        for actor in (eve, None):
            with pytest.raises(PostNotFound):
                await list_comments(db, actor, post_id, WhichComments())

    @pytest.mark.parametrize(
        "position",
        [
            "nonsense",
            Position("best", None, ([], uuid4())),
            Position("best", None, ([1.0, 2.0], uuid4())),
            Position("new", None, ([1e300], uuid4())),
            Position("top", None, ([1e300], uuid4())),
            Position("top", None, ([-3e9], uuid4())),
            ("sideways", None, None),
        ],
    )
    async def test_refuses_made_up_cursors(
        self, db: Transaction, post_id: UUID, position: Sequence[object] | str
    ) -> None:
        cursor = position if isinstance(position, str) else encode_cursor(position)
        with pytest.raises(Invalid):
            await list_comments(db, None, post_id, WhichComments(cursor=cursor))
