"""Whom a post or comment means: `@username`, found on the server."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.markdown import names_in

from .access import Access


class _Named(msgspec.Struct, frozen=True):
    user_id: UUID
    username: str


async def find_mentioned(
    db: Repo, forum: Access, author_id: UUID | None, content: str
) -> list[UUID]:
    """The people whom a text calls by name, in order: active, not its author, no block between, and able to read the forum."""
    names = names_in(content)
    if not names:
        return []
    rows = await db.all(
        _Named,
        _FIND,
        sorted({name for each in names for name in each}),
        author_id,
        forum.forum_id,
        forum.visibility == "private",
        clock.now(),
    )
    ids = {row.username: row.user_id for row in rows}
    meant = (next((ids[name] for name in each if name in ids), None) for each in names)
    return list(dict.fromkeys(id for id in meant if id is not None))


def without(ids: Sequence[UUID], others: Sequence[UUID]) -> list[UUID]:
    """Those of the first that are not among the others."""
    kept = set(others)
    return [id for id in ids if id not in kept]


_FIND = """
SELECT u.id, u.username FROM users u
WHERE u.username = ANY($1) AND u.state = 'active' AND u.id IS DISTINCT FROM $2
    AND NOT EXISTS (SELECT FROM blocked_pairs b WHERE b.user_id = $2 AND b.other_id = u.id)
    AND (NOT $4 OR EXISTS (SELECT FROM forum_subscriptions s
            WHERE s.forum_id = $3 AND s.user_id = u.id AND s.state = 'active'
                AND NOT EXISTS (SELECT FROM forum_bans b WHERE b.forum_id = $3 AND b.user_id = u.id
                    AND (b.expires_at IS NULL OR b.expires_at > $5)))
        OR EXISTS (SELECT FROM forum_moderators m WHERE m.forum_id = $3 AND m.user_id = u.id))
"""
