"""The statement behind a vote: writes one, or those of many people for many things.

It takes, in this order, the things by id, the votes by thing and person, and the authors' karma by forum and person; all
who change votes do. Rules are asked of the rows as they are once they are held. Who may not vote gets no row: `votes`
finds out why.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from cgraph_kit.batching import Batched

from .counting import CHANGED, COUNTERS, counting
from .vote import VotedKind, VotesCounted

LOCK_TIMEOUT = "1s"
"""How long votes that share a statement wait for the slowest of their locks before each goes alone."""


class Ballot(NamedTuple):
    """A vote to be written; the statement's arguments, in order."""

    item_id: UUID
    user_id: UUID
    value: int
    at: datetime


class Counted(msgspec.Struct, frozen=True):
    """What a thing has after a vote."""

    n: int
    """Which of the ballots it is."""
    post_id: UUID
    forum_id: UUID
    upvotes: int
    downvotes: int


@cache
def _sql(kind: VotedKind, *, shared: bool) -> str:
    return f"""
WITH input AS (
    SELECT * FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::smallint[], $5::timestamptz[])
        AS i (n, item_id, user_id, value, at)
    WHERE {_FEW}{_IMPATIENT if shared else ""}
), held AS MATERIALIZED ({_HELD[kind]}), allowed AS MATERIALIZED (
    SELECT i.*, h.post_id, h.forum_id
    FROM input i JOIN held h ON h.id = i.item_id JOIN forums f ON f.id = h.forum_id
    WHERE {_ALLOWED}
), given AS (
    INSERT INTO votes AS v (item_id, user_id, item_kind, forum_id, value, inserted_at, updated_at)
    SELECT item_id, user_id, '{kind}', forum_id, value, at, at FROM allowed ORDER BY item_id, user_id
    ON CONFLICT (item_id, user_id) DO UPDATE
        SET before = v.counted, value = excluded.value, revoked_at = NULL, revocation_id = NULL,
            updated_at = excluded.updated_at
        WHERE v.value <> excluded.value OR v.revoked_at IS NOT NULL
    RETURNING {CHANGED}
), {counting(kind)}
SELECT a.n, a.post_id, a.forum_id,
    coalesce(m.upvotes, (SELECT t.upvotes FROM {COUNTERS[kind]} t WHERE t.id = a.item_id)),
    coalesce(m.downvotes, (SELECT t.downvotes FROM {COUNTERS[kind]} t WHERE t.id = a.item_id))
FROM allowed a LEFT JOIN moved m ON m.id = a.item_id
"""


# True, and taken for rare: the planner expects one row, and finds everything by its index even while tables are small
# or have grown since it last looked.
_FEW = "n = abs(n)"
# Looked at once, before the first row is. Local to this statement's own transaction: only a pool's statements are shared.
_IMPATIENT = f" AND (SELECT set_config('lock_timeout', '{LOCK_TIMEOUT}', true)) IS NOT NULL"
# The forum as well: a vote that has waited for a move counts where the thing is now.
_HELD: dict[VotedKind, str] = {
    "post": """
    SELECT p.id, p.id AS post_id, p.forum_id, p.author_id, p.locked_at IS NOT NULL AS locked FROM posts p
    WHERE p.id IN (SELECT item_id FROM input) AND p.deleted_at IS NULL AND p.removed_at IS NULL
        AND p.archived_at IS NULL
    ORDER BY p.id FOR NO KEY UPDATE OF p
""",
    "comment": """
    SELECT c.id, c.post_id, c.forum_id, c.author_id, p.locked_at IS NOT NULL AS locked
    FROM comments c JOIN posts p ON p.id = c.post_id
    WHERE c.id IN (SELECT item_id FROM input) AND c.deleted_at IS NULL AND c.removed_at IS NULL
        AND p.deleted_at IS NULL AND p.removed_at IS NULL AND p.archived_at IS NULL
    ORDER BY c.id FOR NO KEY UPDATE OF c
""",
}
# Each is looked up only where it decides: most votes are given in public forums, and by people who are not banned.
_ADMINISTERS = "(SELECT true FROM administrators a WHERE a.user_id = i.user_id) IS TRUE"
_MODERATES = f"""(
        (SELECT true FROM forum_moderators m WHERE m.forum_id = f.id AND m.user_id = i.user_id) IS TRUE
        OR {_ADMINISTERS}
    )"""
_SUBSCRIBES = """(
        SELECT s.state = 'active' FROM forum_subscriptions s WHERE s.forum_id = f.id AND s.user_id = i.user_id
    ) IS TRUE"""
_BANNED = """(
        SELECT b.expires_at IS NULL OR b.expires_at > i.at FROM forum_bans b
        WHERE b.forum_id = f.id AND b.user_id = i.user_id
    ) IS TRUE"""
# As `access` has it: `demand_open`, `demand_taking_part`, and who may read at all.
_ALLOWED = f"""
    f.deleted_at IS NULL AND f.archived_at IS NULL
    AND (NOT h.locked OR {_MODERATES})
    AND (NOT {_BANNED} OR {_ADMINISTERS})
    AND (f.visibility <> 'private' OR {_SUBSCRIBES} OR {_MODERATES})
    AND (i.value >= 0 OR f.downvotes)
    AND h.author_id IS DISTINCT FROM i.user_id
"""


def _batched(kind: VotedKind) -> Batched[Ballot, VotesCounted]:
    def statement(ballots: Sequence[Ballot]) -> tuple[str, Sequence[Any]]:
        args = range(len(ballots)), *zip(*ballots, strict=True)
        return _sql(kind, shared=len(ballots) > 1), args

    def happened(ballot: Ballot, row: Counted) -> VotesCounted:
        score = row.upvotes - row.downvotes
        return VotesCounted(
            kind, ballot.item_id, row.post_id, row.forum_id, row.upvotes, row.downvotes, score
        )

    return Batched(
        Counted, key=lambda one: (one.item_id, one.user_id), statement=statement, happened=happened
    )


VOTING: dict[VotedKind, Batched[Ballot, VotesCounted]] = {
    "post": _batched("post"),
    "comment": _batched("comment"),
}
"""One person's votes for one thing keep their order; those of many for one thing share its row."""
