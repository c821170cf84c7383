"""Taking the weight from somebody's votes, and giving it back: some at a time, ranks and karma with them.

What they gave to their own stays: that everybody has. A vote that is given anew counts, whatever became of the one before.
"""

from functools import cache
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Transaction

from .counting import CHANGED, TABLES, counting
from .vote import VotedKind, VotesCounted


class _Changed(msgspec.Struct, frozen=True):
    id: UUID
    post_id: UUID
    forum_id: UUID
    upvotes: int
    downvotes: int


async def revoke_votes(
    tx: Transaction, forum_id: UUID, user_id: UUID, act_id: UUID, *, most: int
) -> int:
    """Let some votes a person has given in a forum count no longer, at most so many; how many, 0 when none is left."""
    return await _change(tx, forum_id, user_id, act_id, most, revoke=True)


async def give_votes_back(
    tx: Transaction, forum_id: UUID, user_id: UUID, act_id: UUID, *, most: int
) -> int:
    """Let some of the votes that were revoked by that act count again, at most so many; how many those were."""
    return await _change(tx, forum_id, user_id, act_id, most, revoke=False)


async def _change(
    tx: Transaction, forum_id: UUID, user_id: UUID, act_id: UUID, most: int, *, revoke: bool
) -> int:
    """Posts first; comments once none is left.

    Never both in one transaction: it would hold authors' karma while it waits for comments, and whoever votes waits for
    karma while they hold a comment.
    """
    kinds: tuple[VotedKind, ...] = ("post", "comment")
    for kind in kinds:
        args = forum_id, user_id, most, clock.now() if revoke else None, act_id
        rows = await tx.all(_Changed, _sql(kind, revoke=revoke), *args)
        for row in rows:
            score = row.upvotes - row.downvotes
            tx.publish(
                VotesCounted(
                    kind, row.id, row.post_id, row.forum_id, row.upvotes, row.downvotes, score
                )
            )
        if rows:
            return len(rows)
    return 0


@cache
def _sql(kind: VotedKind, *, revoke: bool) -> str:
    table, post_id = TABLES[kind], "id" if kind == "post" else "post_id"
    if revoke:
        state, change = "v.revoked_at IS NULL", "revoked_at = $4::timestamptz, revocation_id = $5"
    else:
        # Of what was revoked before acts were noted, nobody knows by which.
        state = "v.revoked_at IS NOT NULL AND coalesce(v.revocation_id, $5) = $5"
        change = "revoked_at = $4::timestamptz, revocation_id = NULL"
    return f"""
WITH picked AS MATERIALIZED (
    SELECT v.item_id FROM votes v JOIN {table} t ON t.id = v.item_id
    WHERE v.user_id = $2 AND v.forum_id = $1 AND v.item_kind = '{kind}' AND v.value <> 0 AND {state}
        AND t.author_id IS DISTINCT FROM $2
    ORDER BY v.item_id LIMIT $3
), held AS MATERIALIZED (
    SELECT t.id, t.author_id, t.{post_id} AS post_id FROM {table} t
    WHERE t.id IN (SELECT item_id FROM picked) ORDER BY t.id FOR NO KEY UPDATE
), given AS (
    UPDATE votes v SET before = v.counted, {change}
    FROM held h WHERE v.item_id = h.id AND v.user_id = $2 AND {state}
    RETURNING {", ".join(f"v.{name}" for name in CHANGED.split(", "))}
), {counting(kind)}
SELECT m.id, h.post_id, $1::uuid, m.upvotes, m.downvotes FROM moved m JOIN held h ON h.id = m.id
"""
