"""Every number of forums counted anew, for all of them at once: slow, and for who has loaded many."""

from collections.abc import Mapping
from datetime import datetime
from math import isclose
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo, columns

from . import ranking
from .counting import COUNTERS, TABLES
from .vote import VotedKind

RANKED = 10_000
"""Posts, and comments, whose ranks are worked out anew."""
_NEAR = 1e-9


async def recount(db: Repo) -> Mapping[str, int]:
    """How many rows say something else than what is there, by what they say; all 0, if all is well.

    Ranks: of some posts and comments only, drawn by lot where there are more than ten thousand.
    """
    found = {
        what: await db.value(f"SELECT count(*) FROM ({sql}) w") for what, sql in _WRONG.items()
    }
    for kind, table in TABLES.items():
        found[f"ranks of {table}"] = await _ranks(db, kind)
    return found


class _Ranked(msgspec.Struct, frozen=True):
    id: UUID
    upvotes: int
    downvotes: int
    inserted_at: datetime
    hot: float
    best: float
    controversy: float
    hot_epoch: int = ranking.HOT_EPOCH
    hot_seconds: int = ranking.HOT_SECONDS

    @property
    def right(self) -> bool:
        at = self.inserted_at.timestamp()
        u, d = self.upvotes, self.downvotes
        hot = ranking.hot(u, d, at, epoch=self.hot_epoch, seconds=self.hot_seconds)
        return (
            isclose(self.hot, hot, abs_tol=2e-7)
            and isclose(self.best, ranking.best(u, d), abs_tol=_NEAR)
            and isclose(self.controversy, ranking.controversy(u, d), rel_tol=_NEAR)
        )


async def _ranks(db: Repo, kind: VotedKind) -> int:
    names = columns(_Ranked)
    if kind == "comment":
        names = names.partition(", hot_epoch")[0]
    sql = f"SELECT {names} FROM {COUNTERS[kind]} ORDER BY random() LIMIT $1"
    rows = await db.all(_Ranked, sql, RANKED)
    return sum(not row.right for row in rows)


def _votes(kind: VotedKind) -> str:
    return f"""
SELECT FROM {COUNTERS[kind]} t LEFT JOIN (
    SELECT item_id, count(*) FILTER (WHERE counted = 1) AS up, count(*) FILTER (WHERE counted = -1) AS down
    FROM votes WHERE item_kind = '{kind}' GROUP BY item_id
) v ON v.item_id = t.id
WHERE t.upvotes <> coalesce(v.up, 0) OR t.downvotes <> coalesce(v.down, 0)
"""


def _karma(kind: VotedKind) -> str:
    return f"""
SELECT FROM (
    SELECT v.forum_id, t.author_id AS user_id, sum(v.counted) AS n FROM votes v JOIN {kind}s t ON t.id = v.item_id
    WHERE v.item_kind = '{kind}' AND t.author_id <> v.user_id GROUP BY 1, 2
) v FULL JOIN karma k USING (forum_id, user_id)
WHERE coalesce(v.n, 0) <> coalesce(k.{kind}s, 0)
"""


_SHOWN = "deleted_at IS NULL AND removed_at IS NULL"
_WRONG = {
    "subscribers of forums": """
SELECT FROM forums f LEFT JOIN (
    SELECT forum_id, count(*) AS n FROM forum_subscriptions WHERE state = 'active' GROUP BY forum_id
) s ON s.forum_id = f.id
WHERE f.subscriber_count <> coalesce(s.n, 0)
""",
    "posts of forums": f"""
SELECT FROM forums f LEFT JOIN (SELECT forum_id, count(*) AS n FROM posts WHERE {_SHOWN} GROUP BY forum_id) p
    ON p.forum_id = f.id
WHERE f.post_count <> coalesce(p.n, 0)
""",
    "comments of forums": f"""
SELECT FROM forums f LEFT JOIN (SELECT forum_id, count(*) AS n FROM comments WHERE {_SHOWN} GROUP BY forum_id) c
    ON c.forum_id = f.id
WHERE f.comment_count <> coalesce(c.n, 0)
""",
    "comments of posts": f"""
SELECT FROM posts p LEFT JOIN (
    SELECT post_id, count(*) AS n, max(inserted_at) AS latest FROM comments WHERE {_SHOWN} GROUP BY post_id
) c ON c.post_id = p.id
WHERE p.comment_count <> coalesce(c.n, 0)
""",
    "places in comment trees": """
SELECT FROM comments c LEFT JOIN comments p ON p.id = c.parent_id
WHERE c.depth <> nlevel(c.path) OR c.post_id <> coalesce(p.post_id, c.post_id)
    OR c.path <> coalesce(p.path, '') || replace(c.id::text, '-', '')
""",
    "answers to comments": """
SELECT FROM comments c LEFT JOIN (
    SELECT parent_id, count(*) AS children, sum(descendant_count + 1) AS descendants
    FROM comments WHERE deleted_at IS NULL OR child_count > 0 GROUP BY parent_id
) b ON b.parent_id = c.id
WHERE c.child_count <> coalesce(b.children, 0) OR c.descendant_count <> coalesce(b.descendants, 0)
""",
    "posts and what ranks them": f"""
SELECT FROM posts p FULL JOIN post_ranks r ON r.id = p.id
WHERE (p.id, p.forum_id, p.hot_epoch, p.hot_seconds, p.inserted_at, {_SHOWN})
    IS DISTINCT FROM (r.id, r.forum_id, r.hot_epoch, r.hot_seconds, r.inserted_at, r.shown)
""",
    "votes for posts": _votes("post"),
    "votes for comments": _votes("comment"),
    "karma of posts": _karma("post"),
    "karma of comments": _karma("comment"),
}
