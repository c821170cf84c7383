"""Where old addresses lead: of posts that were put under another, and comments that are posts now."""

from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction

from .access import get_post_place
from .errors import PostMoved, PostNotFound


async def lead(tx: Transaction, id: UUID, target_kind: str, target_id: UUID) -> None:
    """From now on an address leads elsewhere, and so do those that led to it."""
    await tx.value(_LEAD_ON, id, target_kind, target_id)
    await tx.value(_LEAD, id, target_kind, target_id)


async def stop_leading(tx: Transaction, id: UUID) -> None:
    """It is what it was again."""
    await tx.value("DELETE FROM forum_redirects WHERE id = $1", id)


async def find_post_redirect(db: Repo, id: UUID) -> UUID | None:
    """The post in which a post or comment is to be found now."""
    found: UUID | None = await db.value(_FIND, id)
    return found


async def lead_on(db: Repo, actor: Actor | None, id: UUID) -> None:
    """Raise `PostMoved` where a post or comment that is not here is elsewhere, for who may read it there."""
    post_id = await find_post_redirect(db, id)
    if post_id is None:
        return
    try:
        post = await get_post_place(db, actor, post_id)
    except PostNotFound:
        return
    if post.there:
        raise PostMoved("post", post_id)


_LEAD_ON = "UPDATE forum_redirects SET target_kind = $2, target_id = $3 WHERE target_id = $1"
_LEAD = """
INSERT INTO forum_redirects (id, target_kind, target_id) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET target_kind = excluded.target_kind, target_id = excluded.target_id
"""
_FIND = """
SELECT CASE r.target_kind WHEN 'post' THEN r.target_id ELSE c.post_id END
FROM forum_redirects r LEFT JOIN comments c ON c.id = r.target_id WHERE r.id = $1
"""
