"""What notifications may ask about forums: a post or comment as a person may see it now."""

from collections.abc import Sequence

import msgspec

from cgraph.notifications import Look, Wanted
from cgraph_kit import clock
from cgraph_kit.db import Repo

EXCERPT = 1000
"""Code points of a post or comment."""


class _Found(msgspec.Struct, frozen=True):
    n: int
    gone: bool
    may_see: bool
    read: bool
    text: str | None
    title: str | None


async def look_at_posts(db: Repo, wanted: Sequence[Wanted]) -> list[Look]:
    """Each of these posts, or comments below them, in order; without an object: the post itself. One statement for all."""
    return await _look(db, _POSTS, wanted)


async def look_at_forums(db: Repo, wanted: Sequence[Wanted]) -> list[Look]:
    """The forums themselves. One statement for all."""
    return await _look(db, _FORUMS, wanted)


async def _look(db: Repo, sql: str, wanted: Sequence[Wanted]) -> list[Look]:
    rows = await db.all(
        _Found,
        sql,
        [one.user_id for one in wanted],
        [one.scope_id for one in wanted],
        [one.object_id for one in wanted],
        clock.now(),
    )
    found = {row.n: row for row in rows}
    return [_shown(found.get(n)) for n in range(1, len(wanted) + 1)]


def _shown(row: _Found | None) -> Look:
    if row is None:
        return Look(gone=True, may_see=False)
    visible = row.may_see and not row.gone
    return Look(
        row.gone,
        row.may_see,
        row.read,
        row.text if visible else None,
        row.title if row.may_see else None,
    )


_JOINS = """
LEFT JOIN forum_moderators m ON m.forum_id = f.id AND m.user_id = w.user_id
LEFT JOIN forum_subscriptions s ON s.forum_id = f.id AND s.user_id = w.user_id AND s.state = 'active'
LEFT JOIN forum_bans b ON b.forum_id = f.id AND b.user_id = w.user_id AND (b.expires_at IS NULL OR b.expires_at > $4)
LEFT JOIN administrators a ON a.user_id = w.user_id
"""
_MAY_READ = """
(f.visibility <> 'private' OR m.user_id IS NOT NULL OR a.user_id IS NOT NULL
    OR s.user_id IS NOT NULL AND b.user_id IS NULL)
"""
_WANTED = "unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS w (user_id, scope_id, object_id, n)"
_POSTS = f"""
SELECT w.n, p.deleted_at IS NOT NULL OR p.removed_at IS NOT NULL OR f.deleted_at IS NOT NULL
        OR w.object_id IS DISTINCT FROM p.id AND w.object_id IS NOT NULL
            AND (c.id IS NULL OR c.deleted_at IS NOT NULL OR c.removed_at IS NOT NULL),
    {_MAY_READ}, coalesce(k.read_at >= coalesce(c.inserted_at, p.inserted_at), false),
    nullif(left(CASE WHEN c.id IS NULL THEN p.title ELSE c.content END, {EXCERPT}), ''),
    CASE WHEN p.deleted_at IS NULL AND p.removed_at IS NULL AND f.deleted_at IS NULL THEN p.title END
FROM {_WANTED}
JOIN posts p ON p.id = w.scope_id JOIN forums f ON f.id = p.forum_id {_JOINS}
LEFT JOIN comments c ON c.id = w.object_id AND c.post_id = p.id
LEFT JOIN post_marks k ON k.post_id = p.id AND k.user_id = w.user_id
"""
_FORUMS = f"""
SELECT w.n, f.deleted_at IS NOT NULL, {_MAY_READ}, false, NULL, f.title
FROM {_WANTED} JOIN forums f ON f.id = w.scope_id {_JOINS}
"""
