"""The number on an app's icon: one definition, for pushes and for the API."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo

from .counting import ARCHIVED, HIDDEN, JOINED, MENTIONS, MUTED, UNREAD


class _Badge(msgspec.Struct, frozen=True):
    user_id: UUID
    count: int


async def count_badges(db: Repo, user_ids: Collection[UUID]) -> dict[UUID, int]:
    """For each of these people: unread messages of direct conversations, and unread mentions elsewhere.

    What is muted or put away does not count. Exact, like the counters it is made of; one statement, however many people.
    """
    rows = await db.all(_Badge, _COUNT, list(user_ids))
    return dict.fromkeys(user_ids, 0) | {row.user_id: row.count for row in rows}


_COUNT = f"""
WITH p AS MATERIALIZED (SELECT * FROM participants WHERE user_id = ANY($1) AND left_seq IS NULL AND NOT gated), {HIDDEN}
SELECT p.user_id, sum(CASE WHEN c.kind = 'direct' THEN {UNREAD} ELSE {MENTIONS} END)::bigint
FROM p {JOINED}
WHERE s.last_seq > p.read_seq AND NOT {MUTED} AND NOT {ARCHIVED}
GROUP BY p.user_id
"""
