"""How PostgreSQL finds the pages: by the index of their order, so that they cost what they show."""

import random
import re
from typing import Any
from uuid import UUID

import pytest

from cgraph.accounts import Actor
from cgraph.forums import comment_trees, editing, snapshots
from cgraph.forums.comment import CommentSort, WhichComments
from cgraph.forums.ranking import Sort
from cgraph.forums.snapshots import COLUMNS, VOTED
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id
from support import plaza

from .test_comment_trees import Grove

INDEXES: dict[Sort, str] = {
    "hot": "hot",
    "top": "top",
    "best": "best",
    "controversial": "controversial",
    "active": "active",
    "rising": "rising",
    "scaled": "scaled",
    "most_comments": "comments",
    "new_comments": "commented",
}
COMMENT_INDEXES: dict[CommentSort, str] = {
    "best": "best",
    "top": "top",
    "hot": "hot",
    "controversial": "controversial",
    "qa": "qa",
    "new": "new",
    "old": "new",
}


@pytest.fixture(autouse=True)
async def alone(db: Transaction) -> None:
    """The planner weighs what lies in the tables: what tests with real commits have left would decide."""
    await db.value("TRUNCATE forums CASCADE")


async def plan(db: Transaction, sql: str, *args: Any) -> str:
    """As for a statement that is prepared once, whatever it is asked."""
    return "\n".join(await db.values(f"EXPLAIN (GENERIC_PLAN) {sql}", *args))


class TestRankedLists:
    @pytest.mark.parametrize("everywhere", [False, True])
    @pytest.mark.parametrize("sort", sorted(COLUMNS))
    async def test_are_read_in_the_order_of_their_index(
        self, db: Transaction, ann: Actor, sort: Sort, everywhere: bool
    ) -> None:
        forum_id = await plaza.found(db, ann)
        await plaza.fill(db, ann, forum_id, 2000)
        await db.value("ANALYZE posts, post_ranks")
        sql = snapshots._taking(COLUMNS[sort], everywhere, False, snapshots.LENGTH, young=False)
        now = clock.now()
        args: list[Any] = [new_id(), "list", now, now, None, 50, []]
        found = await plan(db, sql, *args, *([] if everywhere else [[forum_id]]))
        # While there is but one forum, that of all forums is as good.
        table = "post_ranks" if COLUMNS[sort] in VOTED else "posts"
        assert re.search(f"using {table}_(all_)?{INDEXES[sort]} on {table}", found)
        assert "Seq Scan on post" not in found


class TestComments:
    @pytest.mark.parametrize("sort", sorted(COMMENT_INDEXES))
    async def test_are_read_in_the_order_of_their_index(
        self, db: Transaction, ann: Actor, sort: CommentSort
    ) -> None:
        post_id = await plaza.post(db, ann, await plaza.found(db, ann))
        await _grow(db, post_id, ann)
        sql = comment_trees._tree(sort, WhichComments(sort))
        found = await plan(db, sql, post_id, None)
        # Of the first level, and of all below it.
        assert found.count(f"using comments_{COMMENT_INDEXES[sort]} on comments") >= 2


class TestRedactPost:
    async def test_reads_what_was_told_of_that_post_only(self, db: Transaction) -> None:
        # Whether that is worth it, while there is next to nothing, is not asked here.
        await db.value("SET LOCAL enable_seqscan = off")
        found = await plan(db, editing._REDACT, [new_id()], str(new_id()))
        conditions = re.findall(r"Index Cond: (.*)", found)
        assert conditions
        assert all("substr(payload, 8, 36)" in one for one in conditions)


async def _grow(db: Transaction, post_id: UUID, author: Actor) -> None:
    grove = Grove(db, post_id, author)
    tops = [grove.add() for _ in range(300)]
    for top in tops[:150]:
        for _ in range(4):
            grove.parents[new_id()] = top
    await grove.plant(random.Random(1))  # noqa: S311
    await db.value("ANALYZE comments")
