"""Channels and public threads that are gone, for as long as an index may still hold what was said there.

Triggers note them in whatever transaction takes them away; `get_readable` excludes them for whoever reads their group whole.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from cgraph_kit.db import Repo


async def list_places_gone(db: Repo, before: datetime, after: UUID, most: int) -> list[UUID]:
    """Some of those that went before an instant, by their ids from the one after `after` on."""
    return await db.values(_LIST, before, after, most)


async def forget_places_gone(db: Repo, ids: Collection[UUID]) -> None:
    """Nothing holds anything of these any more. A channel is kept until its threads, for which it stands, are forgotten."""
    await db.value(_FORGET, list(ids))


_LIST = """
SELECT id FROM group_places_gone WHERE gone_at < $1 AND id > $2 ORDER BY id LIMIT $3
"""
_FORGET = """
DELETE FROM group_places_gone g WHERE g.id = ANY($1) AND NOT EXISTS (
    SELECT FROM group_places_gone t WHERE t.channel_id = g.id AND t.with_channel
)
"""
