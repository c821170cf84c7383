"""What votes decide: they move too often to be in the index, and are asked of the database."""

from collections.abc import Mapping, Sequence
from math import log
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo

from .backend import Hit, Wanted


class _Score(msgspec.Struct, frozen=True):
    id: UUID
    score: int


def asks_for_scores(wanted: Wanted) -> bool:
    return wanted.score_above is not None or wanted.score_below is not None


async def scores_of(db: Repo, hits: Sequence[Hit]) -> Mapping[UUID, int]:
    """Votes for less those against, of the posts and comments among these."""
    posts = [hit.id for hit in hits if hit.kind == "post"]
    comments = [hit.id for hit in hits if hit.kind == "comment"]
    rows = await db.all(_Score, _SCORES, posts, comments)
    return {row.id: row.score for row in rows}


async def within_scores(db: Repo, wanted: Wanted, hits: Sequence[Hit]) -> list[Hit]:
    """Those of these whose votes are as many as is wanted."""
    if not asks_for_scores(wanted) or not hits:
        return list(hits)
    scores = await scores_of(db, hits)
    above, below = wanted.score_above, wanted.score_below
    return [
        hit
        for hit in hits
        if (score := scores.get(hit.id)) is not None
        and (above is None or score > above)
        and (below is None or score < below)
    ]


def worth(score: int) -> float:
    """What votes add to a rank."""
    return log(1 + log(1 + max(0, score)))


_SCORES = """
SELECT r.id, r.score FROM post_ranks r WHERE r.id = ANY($1::uuid[])
UNION ALL SELECT c.id, c.score FROM comments c WHERE c.id = ANY($2::uuid[])
"""
