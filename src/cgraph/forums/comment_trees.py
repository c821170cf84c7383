"""Reading the comments of a post: one statement, whatever shape its tree has.

The first level is a page in the asked order; below each comment come its first answers, and theirs, level by level until
there are enough. Each read is a range of the index of its order, so it costs what is shown, however much there is. What is
not shown is counted exactly: `child_count` less what is shown, and of the first level by counting.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid

from .access import PostAccess, get_post_place
from .comment import ANSWERS, MOST, Comment, CommentPage, CommentSort, More, WhichComments
from .comment_access import CommentAccess, get_comment_place
from .comment_orders import ORDERS, Position, position_after, read_position
from .comment_view import COLUMNS, JOINS, Row, shown
from .errors import CommentNotFound, PostNotFound


class _Row(Row, frozen=True):
    level: int
    """1: of the first level; 0: above the focus."""
    rest: int
    """How many the first level has in all, from where it begins here."""


async def list_comments(
    db: Repo, actor: Actor | None, post_id: UUID, which: WhichComments
) -> CommentPage:
    """Some comments of a post, and where each branch goes on. Removed and deleted ones are stubs.

    Raises `PostNotFound`, `CommentNotFound` for a focus that is not there, `Invalid`.
    """
    if which.focus is not None:
        return await _focused(db, actor, post_id, which, which.focus)
    position = Position(which.sort, None, None)
    if which.cursor is not None:
        position = read_position(which.cursor)
    post = await get_post_place(db, actor, post_id)
    await _demand_listed(db, post)
    sort, parent_id = position.sort, position.parent_id
    sql = _tree(sort, which, nested=parent_id is not None, going_on=position.last is not None)
    args = [post_id, post.forum.user_id, *_given(parent_id), *position.arguments()]
    rows = await db.all(_Row, sql, *args)
    tree = _Tree.of(rows, sort)
    comments = await shown(db, post.forum, tree.in_order())
    more = tree.more_of_first(parent_id)
    return CommentPage(post_id, sort, [tree.with_more(one) for one in comments], more)


async def _focused(
    db: Repo, actor: Actor | None, post_id: UUID, which: WhichComments, focus_id: UUID
) -> CommentPage:
    """One comment with what is below it, after so many of those above it."""
    if which.cursor is not None:
        raise Invalid.field("cursor", "cannot be given with a focus")
    focus = await get_comment_place(db, actor, focus_id)
    if focus.post.id != post_id:
        raise CommentNotFound
    await _demand_listed(db, focus.post)
    sql = _tree(which.sort, which, focused=True)
    args = post_id, focus.post.forum.user_id, focus_id, _nearest(focus, which.context)
    tree = _Tree.of(await db.all(_Row, sql, *args), which.sort)
    comments = await shown(db, focus.post.forum, tree.in_order())
    return CommentPage(post_id, which.sort, [tree.with_more(one) for one in comments], None)


async def _demand_listed(db: Repo, post: PostAccess) -> None:
    """Raise `PostNotFound` for a stub below which there is nothing, as `get_post` does."""
    known = post.authored or (post.forum.moderator and not post.deleted)
    if not (post.there or known or await db.value(_COMMENTED, post.id)):
        raise PostNotFound


def _nearest(focus: CommentAccess, n: int) -> list[UUID]:
    return focus.ancestor_ids[max(0, len(focus.ancestor_ids) - n) :]


class _Tree(NamedTuple):
    """What was read, by what it answers."""

    sort: CommentSort
    above: list[_Row]
    first: list[_Row]
    rows: dict[UUID, _Row]
    answers: dict[UUID, list[_Row]]

    @classmethod
    def of(cls, rows: Sequence[_Row], sort: CommentSort) -> "_Tree":
        tree = cls(sort, [], [], {row.id: row for row in rows}, {})
        for row in rows:
            if row.level == 0:
                tree.above.append(row)
            elif row.level == 1:
                tree.first.append(row)
            elif row.parent_id is not None:
                tree.answers.setdefault(row.parent_id, []).append(row)
        return tree

    def in_order(self) -> list[Row]:
        """Each before its answers."""
        ordered: list[Row] = sorted(self.above, key=lambda row: row.depth)
        waiting = self.first[::-1]
        while waiting:
            row = waiting.pop()
            ordered.append(row)
            waiting += reversed(self.answers.get(row.id, ()))
        return ordered

    def with_more(self, comment: Comment) -> Comment:
        """With what is not shown of its answers; nothing for those above the focus."""
        answers = self.answers.get(comment.id, ())
        remaining = comment.child_count - len(answers)
        if remaining <= 0 or self.rows[comment.id].level == 0:
            return comment
        cursor = position_after(self.sort, comment.id, answers[-1] if answers else None)
        return replace(comment, more=More(comment.id, remaining, cursor))

    def more_of_first(self, parent_id: UUID | None) -> More | None:
        """The rest of the first level."""
        if not self.first or self.first[0].rest <= len(self.first):
            return None
        last = self.first[-1]
        return More(
            parent_id, last.rest - len(self.first), position_after(self.sort, parent_id, last)
        )


def _given(id: UUID | None) -> list[UUID]:
    return [] if id is None else [id]


_COMMENTED = "SELECT comment_count > 0 FROM posts WHERE id = $1"
# All less those that are not listed: the first by an index alone, where the table has been vacuumed, and the others are few.
_COUNT = """(
    (SELECT count(*) FROM comments c WHERE c.post_id = $1 AND {first})
    - (SELECT count(*) FROM comments c WHERE c.post_id = $1 AND {first} AND c.deleted_at IS NOT NULL AND c.child_count = 0)
)"""
_LISTED = "c.post_id = $1 AND (c.deleted_at IS NULL OR c.child_count > 0)"


def _tree(
    sort: CommentSort,
    which: WhichComments,
    *,
    nested: bool = False,
    going_on: bool = False,
    focused: bool = False,
) -> str:
    first = "c.parent_id = $3" if nested else "c.parent_id IS NULL"
    if going_on:
        first += f" AND {ORDERS[sort].after(4 if nested else 3)}"
    if focused:
        first = "c.id = $3"
    return _sql(sort, first, which.limit, which.depth, focused=focused)


@lru_cache(maxsize=256)
def _sql(sort: CommentSort, first: str, limit: int, depth: int, *, focused: bool) -> str:
    order = ORDERS[sort].sql()
    above = "UNION ALL SELECT id, 0, 0 FROM unnest($4::uuid[]) a (id)" if focused else ""
    return f"""
WITH RECURSIVE tree AS (
    (SELECT c.id, c.child_count, 1 AS level FROM comments c WHERE {_LISTED} AND {first} ORDER BY {order} LIMIT {limit})
    UNION ALL
    SELECT a.id, a.child_count, t.level + 1 FROM tree t, LATERAL (
        SELECT c.id, c.child_count FROM comments c WHERE {_LISTED} AND c.parent_id = t.id ORDER BY {order} LIMIT {ANSWERS}
    ) a WHERE t.level < {depth} AND t.child_count > 0
), page AS MATERIALIZED (
    SELECT id, level, row_number() OVER () AS n FROM (SELECT id, level FROM tree LIMIT {MOST}) t {above}
)
SELECT {COLUMNS}, p.level, {_COUNT.format(first=first)}
FROM page p, LATERAL (SELECT * FROM comments c WHERE c.id = p.id LIMIT 1) c {JOINS} ORDER BY p.n
"""
