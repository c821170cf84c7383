"""Who is connected, for those who have no sockets to ask: each node writes down its people, and says so again and again.

Presence itself is told over the bus within a second; this is its record, at most a few seconds behind, and repaired by a
job where a node died without a word.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from cgraph_kit import clock
from cgraph_kit.db import Repo

STALE = timedelta(minutes=3)
"""After so long without a word from a node its people are not connected to it any more."""


async def come_online(db: Repo, node: str, user_ids: Collection[UUID]) -> None:
    """These people are connected to this node, or still are."""
    await db.value(_COME, node, sorted(user_ids), clock.now())


async def go_offline(db: Repo, node: str, user_ids: Collection[UUID]) -> None:
    """These people are connected to this node no longer."""
    await db.value(_GO, node, sorted(user_ids), clock.now())


async def list_online_ids(db: Repo, user_ids: Collection[UUID]) -> set[UUID]:
    """Those of these people who are connected to any node."""
    return set(await db.values(_LIST, list(user_ids), clock.now() - STALE))


async def last_sign_of_life(db: Repo, user_id: UUID) -> datetime | None:
    """When a person was last here in any way, for decisions alone: it is nothing to be shown. Exact to a few minutes."""
    seen: datetime | None = await db.value(_LIFE, user_id)
    return seen


async def list_seen_ids(db: Repo, user_ids: Collection[UUID], since: datetime) -> set[UUID]:
    """Those of these people who have been here in any way since an instant, or are now; for decisions, not to be shown."""
    return set(await db.values(_SEEN, list(user_ids), since, clock.now() - STALE))


async def forget_stale(db: Repo) -> int:
    """Take back what nodes said that have been silent since; when they were last seen is kept. Returns how many."""
    gone: int = await db.value(_FORGET, clock.now() - STALE)
    return gone


_COME = """
INSERT INTO online (user_id, node, seen_at) SELECT unnest($2::uuid[]), $1, $3
ON CONFLICT (user_id, node) DO UPDATE SET seen_at = excluded.seen_at
"""
_LIFE = """
SELECT greatest(
    (SELECT last_seen_at FROM users WHERE id = $1),
    (SELECT max(seen_at) FROM online WHERE user_id = $1),
    (SELECT max(last_seen_at) FROM sessions WHERE user_id = $1)
)
"""
_SEEN = """
SELECT id FROM users WHERE id = ANY($1) AND last_seen_at >= $2
UNION SELECT user_id FROM online WHERE user_id = ANY($1) AND seen_at > $3
UNION SELECT user_id FROM sessions WHERE user_id = ANY($1) AND last_seen_at >= $2
"""
# People are taken in the order of their ids, whatever the plan: nodes that stop together let go of the same ones.
_GO = """
WITH gone AS (
    DELETE FROM online WHERE node = $1 AND user_id = ANY($2) RETURNING user_id
), held AS MATERIALIZED (
    SELECT id FROM users WHERE id IN (SELECT user_id FROM gone) ORDER BY id FOR NO KEY UPDATE
)
UPDATE users u SET last_seen_at = $3 FROM held h WHERE u.id = h.id AND u.status <> 'invisible'
"""
_LIST = "SELECT DISTINCT user_id FROM online WHERE user_id = ANY($1) AND seen_at > $2"
_FORGET = """
WITH stale AS MATERIALIZED (
    SELECT user_id, node FROM online WHERE seen_at <= $1 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM online o USING stale s WHERE o.user_id = s.user_id AND o.node = s.node RETURNING o.user_id, o.seen_at
), held AS MATERIALIZED (
    SELECT id FROM users WHERE id IN (SELECT user_id FROM gone) ORDER BY id FOR NO KEY UPDATE
), seen AS (
    UPDATE users u SET last_seen_at = g.seen_at
    FROM (SELECT user_id, max(seen_at) AS seen_at FROM gone GROUP BY user_id) g, held h
    WHERE h.id = g.user_id AND u.id = h.id AND u.status <> 'invisible' AND (u.last_seen_at IS NULL OR u.last_seen_at < g.seen_at)
)
SELECT count(*) FROM gone
"""
