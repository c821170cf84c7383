"""What looks odd about the votes in a forum, with the numbers that say so. Moderators judge; nothing is done by itself."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor, Person
from cgraph_kit import clock
from cgraph_kit.db import Repo

from .access import get_forum
from .vote_rings import Edge, find_rings, people

WINDOW = timedelta(days=30)
"""How far back is looked."""
BURST_SECONDS = 60
BURST_VOTES = 10
"""So many votes for one thing within so many seconds are a burst, if most come from new accounts."""
NEW = timedelta(days=7)
"""An account is new so long."""
MOST = 50
"""Rings and bursts shown."""


class RingedPerson(msgspec.Struct, frozen=True):
    """One of a ring."""

    user: Person
    inside: int
    """Up-votes they gave the others of the ring."""
    given: int
    """Up-votes they gave in the forum in all."""


class VoteRing(msgspec.Struct, frozen=True):
    """People who give each other most of their up-votes, who gives the largest share first."""

    people: list[RingedPerson]


class VoteBurst(msgspec.Struct, frozen=True):
    """Many votes for one thing at once, mostly from new accounts."""

    item_kind: Literal["post", "comment"]
    item_id: UUID
    votes: int
    from_new: int
    """Of them, from accounts that were no week old."""
    begun_at: datetime
    seconds: float
    """From the first of them to the last."""


class VoteSignals(msgspec.Struct, frozen=True):
    """What looks odd in the last thirty days."""

    rings: list[VoteRing]
    bursts: list[VoteBurst]


async def list_vote_signals(db: Repo, actor: Actor, forum: UUID | str) -> VoteSignals:
    """What looks odd about the votes in a forum; for its moderators. Raises `ForumNotFound`, `NotModerator`."""
    access = await get_forum(db, actor, forum)
    access.demand_moderator()
    since = clock.now() - WINDOW
    edges = await db.all(_Edge, _EDGES, access.forum_id, since)
    rings = find_rings(Edge(row.voter_id, row.author_id, row.n) for row in edges)[:MOST]
    known = await accounts.get_people(db, people(rings))
    bursts = await db.all(
        VoteBurst,
        _BURSTS,
        access.forum_id,
        since,
        timedelta(seconds=BURST_SECONDS),
        BURST_VOTES,
        NEW,
        MOST,
    )
    return VoteSignals(
        [
            VoteRing(
                [
                    RingedPerson(known[one.user_id], one.inside, one.given)
                    for one in ring
                    if one.user_id in known
                ]
            )
            for ring in rings
        ],
        bursts,
    )


class _Edge(msgspec.Struct, frozen=True):
    voter_id: UUID
    author_id: UUID
    n: int


_EDGES = """
SELECT v.user_id, coalesce(p.author_id, c.author_id), count(*)::int
FROM votes v
LEFT JOIN posts p ON v.item_kind = 'post' AND p.id = v.item_id
LEFT JOIN comments c ON v.item_kind = 'comment' AND c.id = v.item_id
WHERE v.forum_id = $1 AND v.inserted_at > $2 AND v.value = 1 AND coalesce(p.author_id, c.author_id) <> v.user_id
GROUP BY 1, 2
"""
# Of each thing the densest moment: the vote with the most others in the seconds before it.
_BURSTS = """
WITH given AS (
    SELECT v.item_kind, v.item_id, v.inserted_at, u.inserted_at > v.inserted_at - $5::interval AS new
    FROM votes v JOIN users u ON u.id = v.user_id
    WHERE v.forum_id = $1 AND v.inserted_at > $2 AND v.value <> 0
), dense AS (
    SELECT item_kind, item_id, inserted_at, count(*) OVER w AS n, count(*) FILTER (WHERE new) OVER w AS from_new,
        min(inserted_at) OVER w AS begun_at
    FROM given
    WINDOW w AS (PARTITION BY item_id ORDER BY inserted_at RANGE BETWEEN $3::interval PRECEDING AND CURRENT ROW)
), densest AS (
    SELECT DISTINCT ON (item_id) * FROM dense WHERE n >= $4 AND from_new * 2 > n ORDER BY item_id, n DESC, inserted_at
)
SELECT item_kind, item_id, n::int, from_new::int, begun_at, extract(epoch FROM inserted_at - begun_at)::float8
FROM densest ORDER BY n DESC, item_id LIMIT $6
"""
