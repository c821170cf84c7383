"""What changed votes change: the counters of posts and comments, and their authors' karma, in the same statement.

A thing's ranks are generated columns of its counters, so they move with them; those of posts lie in a table of their own
(migration 0020). Whoever changes votes holds the things they are for, in the order of their ids, so nobody else changes
these votes, or the counters, meanwhile; `votes.before` tells what each counted as until then, whatever the statement's
snapshot knew.
"""

from .vote import VotedKind

TABLES: dict[VotedKind, str] = {"post": "posts", "comment": "comments"}
COUNTERS: dict[VotedKind, str] = {"post": "post_ranks", "comment": "comments"}
"""Where `upvotes`, `downvotes` and the ranks of each thing are, by the same id."""
CHANGED = "item_id, user_id, forum_id, counted, before"
"""What `given` returns of each changed vote."""


def counting(kind: VotedKind) -> str:
    """CTEs that follow `held (id, author_id …)`, the things, and `given`, the changed votes.

    `moved` has the things whose counters changed, as they are then.
    """
    table = TABLES[kind]
    return f"""
changes AS (
    SELECT g.item_id, g.user_id, g.forum_id, h.author_id,
        (g.counted = 1)::int - (g.before = 1)::int AS up, (g.counted = -1)::int - (g.before = -1)::int AS down
    FROM given g JOIN held h ON h.id = g.item_id
), moved AS (
    UPDATE {COUNTERS[kind]} t SET upvotes = t.upvotes + c.up, downvotes = t.downvotes + c.down
    FROM (SELECT item_id, sum(up)::int AS up, sum(down)::int AS down FROM changes GROUP BY item_id) c
    WHERE t.id = c.item_id AND (c.up <> 0 OR c.down <> 0)
    RETURNING t.id, t.upvotes, t.downvotes
), rewarded AS (
    INSERT INTO karma AS k (forum_id, user_id, {table})
    SELECT forum_id, author_id, sum(up - down) FROM changes WHERE author_id <> user_id
    GROUP BY forum_id, author_id HAVING sum(up - down) <> 0 ORDER BY forum_id, author_id
    ON CONFLICT (forum_id, user_id) DO UPDATE SET {table} = k.{table} + excluded.{table}
)"""
