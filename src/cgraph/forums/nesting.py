"""Forums in forums: a forest without cycles, of bounded height.

Whoever changes who lies where holds one lock for all trees, so that two changes that are fine alone cannot make a ring together.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid

from .access import JOINS, get_forum
from .errors import ForumArchived, ForumNotFound, NotModerator
from .forum import ForumName

LOCK = 0x666F72
"""Of the database's advisory locks."""


class _Heights(msgspec.Struct, frozen=True):
    above: int
    below: int
    ring: bool


async def hold_trees(tx: Transaction) -> None:
    """Nobody else puts a forum anywhere before this transaction ends. To be called before any forum is held."""
    await tx.value("SELECT pg_advisory_xact_lock($1)", LOCK)


async def check_parent(
    tx: Transaction, actor: Actor, forum_id: UUID | None, parent_id: UUID, *, depth_max: int
) -> None:
    """Raise `Invalid` where a forum (None: a new one) cannot lie in this one: no forum of theirs, itself, below itself, too deep."""
    try:
        parent = await get_forum(tx, actor, parent_id)
        parent.demand_moderator()
    except (ForumNotFound, NotModerator):
        raise Invalid.field("parent_id", "is no forum you moderate") from None
    if parent.archived:
        raise ForumArchived
    found = await tx.one(_Heights, _HEIGHTS, parent_id, forum_id)
    if found.ring:
        raise Invalid.field("parent_id", "lies in this forum")
    if found.above + found.below > depth_max:
        raise Invalid.field("parent_id", f"is too deep: at most {depth_max} forums in each other")


async def list_ancestors(db: Repo, actor: Actor | None, forum_id: UUID) -> Sequence[ForumName]:
    """The forums around one, from the top down; those the actor may not read are left out."""
    user_id = None if actor is None else actor.id
    return await db.all(ForumName, _ANCESTORS, forum_id, user_id, clock.now())


# How many forums there are down to the parent, and from the forum to its lowest.
_HEIGHTS = """
WITH RECURSIVE up AS (
    SELECT id, parent_id, 1 AS n FROM forums WHERE id = $1
    UNION ALL SELECT f.id, f.parent_id, n + 1 FROM forums f JOIN up ON f.id = up.parent_id
), down AS (
    SELECT id, 1 AS n FROM forums WHERE id = $2
    UNION ALL SELECT f.id, n + 1 FROM forums f JOIN down ON f.parent_id = down.id
)
SELECT (SELECT max(n) FROM up), coalesce((SELECT max(n) FROM down), 1), EXISTS (SELECT FROM up WHERE id = $2)
"""
READABLE = "(f.visibility <> 'private' OR m.position IS NOT NULL OR a.user_id IS NOT NULL OR s.state = 'active' AND b.user_id IS NULL)"
"""Whether a forum `f` may be read, with `JOINS`."""
_ANCESTORS = f"""
WITH RECURSIVE up AS (
    SELECT parent_id AS id, 1 AS n FROM forums WHERE id = $1
    UNION ALL SELECT f.parent_id, n + 1 FROM forums f JOIN up ON f.id = up.id
)
SELECT f.id, f.slug, f.title FROM up JOIN forums f ON f.id = up.id {JOINS}
WHERE f.deleted_at IS NULL AND {READABLE} ORDER BY up.n DESC
"""
