"""What a person has searched for lately, kept to be suggested to them again, if they want that."""

import logging
from datetime import timedelta

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.validation import Input

from .limits import DEFAULT_LIMITS, Limits

log = logging.getLogger(__name__)

LOCK = 0x5EA2C4
"""Of the database's advisory locks."""
TYPING = timedelta(minutes=1)
"""Within which a search that goes on from another takes its place: clients search while people type."""
LONGEST = 500
"""Code points of a search that is kept."""


class KeepRecent(Input, frozen=True):
    """Whether what is searched for is kept."""

    keep: bool
    """False: nothing from now on, and what there is is forgotten."""


class RecentSearches(msgspec.Struct, frozen=True):
    """What is kept."""

    keep: bool
    searches: list[str]
    """The newest first."""


async def remember_search(
    db: Repo, actor: Actor, q: str, *, limits: Limits = DEFAULT_LIMITS
) -> None:
    """Keep what was searched for, unless they do not want that; older ones go, and the beginnings of this one.

    Where that does not succeed, nothing is kept, and nothing raised: the search itself has.
    """
    text = q.strip()
    if not text or len(text) > LONGEST:
        return
    now = clock.now()
    try:
        async with db.transaction() as tx:
            # Who types fast searches several times at once, each of which takes out what others put in.
            await tx.value(_HOLD, LOCK, actor.id)
            await tx.value(_REMEMBER, actor.id, text, now, limits.recent_max - 1, now - TYPING)
    except Exception:
        log.warning("a search is not kept", exc_info=True)


async def get_recent_searches(db: Repo, actor: Actor) -> RecentSearches:
    """What is kept of one's own searches."""
    keep = await db.value("SELECT keep_recent FROM search_preferences WHERE user_id = $1", actor.id)
    return RecentSearches(keep is not False, await db.values(_LIST, actor.id))


async def keep_recent_searches(db: Repo, actor: Actor, wanted: KeepRecent) -> RecentSearches:
    """Have one's searches kept, or not."""
    async with db.transaction() as tx:
        await tx.value(_PREFER, actor.id, wanted.keep)
        if not wanted.keep:
            await forget_recent_searches(tx, actor)
        return await get_recent_searches(tx, actor)


async def forget_recent_searches(db: Repo, actor: Actor) -> None:
    """Forget what was searched for until now."""
    await db.value("DELETE FROM recent_searches WHERE user_id = $1", actor.id)


_HOLD = "SELECT pg_advisory_xact_lock($1, hashtext($2::uuid::text))"
_LIST = "SELECT q FROM recent_searches WHERE user_id = $1 ORDER BY searched_at DESC, q"
_PREFER = """
INSERT INTO search_preferences (user_id, keep_recent) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET keep_recent = excluded.keep_recent
"""
# The rest sees the rows as they were before the new one.
_REMEMBER = """
WITH kept AS (
    INSERT INTO recent_searches (user_id, q, searched_at)
    SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM search_preferences WHERE user_id = $1 AND NOT keep_recent)
    ON CONFLICT (user_id, q) DO UPDATE SET searched_at = excluded.searched_at
)
DELETE FROM recent_searches WHERE user_id = $1 AND q <> $2 AND (
    q IN (SELECT q FROM recent_searches WHERE user_id = $1 AND q <> $2 ORDER BY searched_at DESC OFFSET $4)
    OR (starts_with($2, q) AND searched_at > $5)
)
"""
