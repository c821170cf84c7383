"""Who may see what came with posts and comments."""

from collections.abc import Sequence
from uuid import UUID

from cgraph.accounts import Actor
from cgraph.files import Hung
from cgraph_kit import clock
from cgraph_kit.db import Repo

from .access import JOINS
from .nesting import READABLE


async def list_shown_posts(db: Repo, actor: Actor | None, hung: Sequence[Hung]) -> set[UUID]:
    """Those of these posts that are more than stubs to this person (None: to anybody); one statement. See `files.Reader`."""
    return await _list(db, _POSTS, actor, hung)


async def list_shown_comments(db: Repo, actor: Actor | None, hung: Sequence[Hung]) -> set[UUID]:
    """The same of comments."""
    return await _list(db, _COMMENTS, actor, hung)


async def _list(db: Repo, sql: str, actor: Actor | None, hung: Sequence[Hung]) -> set[UUID]:
    reader_id = None if actor is None else actor.id
    return set(await db.values(sql, [one.item_id for one in hung], reader_id, clock.now()))


_SHOWN = f"""
f.deleted_at IS NULL AND {READABLE} AND i.deleted_at IS NULL
    AND (i.removed_at IS NULL OR m.position IS NOT NULL OR a.user_id IS NOT NULL OR i.author_id = $2)
"""
_POSTS = f"""
SELECT i.id FROM posts i JOIN forums f ON f.id = i.forum_id {JOINS} WHERE i.id = ANY ($1) AND {_SHOWN}
"""
_COMMENTS = f"""
SELECT i.id FROM comments i JOIN posts p ON p.id = i.post_id JOIN forums f ON f.id = p.forum_id {JOINS}
WHERE i.id = ANY ($1) AND {_SHOWN}
"""
