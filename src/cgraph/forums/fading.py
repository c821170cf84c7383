"""Ranks that fade by themselves: `rising` and `scaled`, written anew for what is recent, a batch at a time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo

from .ranking import FADED_HOURS, RISING_HOURS, rising, scaled

MOST = 50_000
"""Posts looked at in one run, the newest first."""
AT_ONCE = 1000
"""Posts written in one statement."""
MONTH = timedelta(days=30)
ENOUGH = 0.03
"""A rank that would move by no more than this share of itself is left: every write of a row is one to each of its indexes."""


class _Post(msgspec.Struct, frozen=True):
    id: UUID
    forum_id: UUID
    score: int
    rising: float
    scaled: float
    gained: int
    inserted_at: datetime


class _Busy(msgspec.Struct, frozen=True):
    forum_id: UUID
    monthly: int


class _New(msgspec.Struct, frozen=True):
    id: UUID
    rising: float
    scaled: float


async def rank_recent(db: Repo) -> int:
    """Rank recent posts, and those that were, by their age and what they gained; how many have moved.

    Twice, or on several nodes at once, is harmless: what somebody else holds is left for the next time.
    """
    now = clock.now()
    oldest, rises = now - timedelta(hours=FADED_HOURS), now - timedelta(hours=RISING_HOURS)
    posts = await db.all(_Post, _RECENT, oldest, rises, MOST)
    busy = await db.all(_Busy, _BUSY, sorted({post.forum_id for post in posts}), now - MONTH)
    monthly = {row.forum_id: row.monthly for row in busy}
    moved = [new for post in posts if (new := _moved(post, now, monthly)) is not None]
    for some in _batches(sorted(moved, key=lambda new: new.id)):
        columns = zip(*((new.id, new.rising, new.scaled) for new in some), strict=True)
        await db.value(_WRITE, *map(list, columns))
    return len(moved)


def _moved(post: _Post, now: datetime, monthly: Mapping[UUID, int]) -> _New | None:
    """Its ranks now, if they are others."""
    hours = (now - post.inserted_at) / timedelta(hours=1)
    new = _New(
        post.id,
        rising(post.gained, hours),
        scaled(post.score, hours, monthly.get(post.forum_id, 0)),
    )
    same = _alike(post.rising, new.rising) and _alike(post.scaled, new.scaled)
    return None if same else new


def _alike(before: float, after: float) -> bool:
    return (before == 0) == (after == 0) and abs(after - before) <= ENOUGH * before


def _batches(moved: Sequence[_New]) -> Iterator[Sequence[_New]]:
    for start in range(0, len(moved), AT_ONCE):
        yield moved[start : start + AT_ONCE]


# What a vote gained counts from when it was first given; one's own gains nothing.
_RECENT = """
WITH gained AS (
    SELECT v.item_id, sum(v.counted)::int AS n FROM votes v JOIN posts p ON p.id = v.item_id
    WHERE v.inserted_at > $2 AND v.item_kind = 'post' AND v.user_id IS DISTINCT FROM p.author_id
    GROUP BY v.item_id
), recent AS (
    (SELECT id FROM posts WHERE inserted_at > $1 AND deleted_at IS NULL AND removed_at IS NULL
    ORDER BY inserted_at DESC, id DESC LIMIT $3)
    UNION SELECT item_id FROM gained
    UNION SELECT id FROM posts WHERE rising > 0 AND deleted_at IS NULL AND removed_at IS NULL
    UNION SELECT id FROM posts WHERE scaled > 0 AND deleted_at IS NULL AND removed_at IS NULL
)
SELECT p.id, p.forum_id, k.score, p.rising, p.scaled, coalesce(g.n, 0), p.inserted_at
FROM recent r JOIN posts p ON p.id = r.id JOIN post_ranks k ON k.id = p.id LEFT JOIN gained g ON g.item_id = p.id
"""
_BUSY = """
SELECT f.id, (
    SELECT count(*) + coalesce(sum(p.comment_count), 0) FROM posts p
    WHERE p.forum_id = f.id AND p.inserted_at > $2 AND p.deleted_at IS NULL AND p.removed_at IS NULL
)::int FROM unnest($1::uuid[]) f (id)
"""
_WRITE = """
WITH held AS MATERIALIZED (
    SELECT id FROM posts WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE posts p SET rising = v.rising, scaled = v.scaled
FROM held h JOIN unnest($1::uuid[], $2::float8[], $3::float8[]) v (id, rising, scaled) ON v.id = h.id
WHERE p.id = h.id
"""
