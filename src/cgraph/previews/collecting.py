"""What nothing shows any more."""

from datetime import timedelta

from cgraph_kit import clock
from cgraph_kit.db import Repo

from .images import WRITING, remove_images

AT_ONCE = 500
IDLE = timedelta(hours=24)
"""After what a page said is too old to be shown anew, it is kept no longer, if it stands nowhere."""


async def collect_unused(db: Repo) -> int:
    """Forget pages no link leads to any more, and pictures nothing shows. How many of both.

    Any number of nodes may do so at once. What is held is left alone, and what has come to be used by the time it is held, too.
    """
    return await _forget_pages(db) + await _forget_images(db)


async def _forget_pages(db: Repo) -> int:
    forgotten = 0
    while True:
        async with db.transaction() as tx:
            held = await tx.values(_IDLE, clock.now() - IDLE, AT_ONCE)
            forgotten += len(await tx.values(_FORGET, held))
        if len(held) < AT_ONCE:
            return forgotten


async def _forget_images(db: Repo) -> int:
    removed = 0
    while True:
        async with db.transaction() as tx:
            held = await tx.values(_UNSHOWN, clock.now() - WRITING, AT_ONCE)
            removed += await remove_images(tx, held)
        if len(held) < AT_ONCE:
            return removed


_IDLE = """
SELECT id FROM link_previews p WHERE coalesce(expires_at, inserted_at) < $1
    AND NOT EXISTS (SELECT FROM link_preview_uses WHERE preview_id = p.id)
LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_FORGET = """
DELETE FROM link_previews p WHERE id = ANY($1)
    AND NOT EXISTS (SELECT FROM link_preview_uses WHERE preview_id = p.id)
RETURNING id
"""
_UNSHOWN = """
SELECT id FROM link_images i WHERE inserted_at < $1
    AND NOT EXISTS (SELECT FROM link_previews WHERE image_id = i.id)
    AND NOT EXISTS (SELECT FROM link_preview_uses WHERE image_id = i.id)
LIMIT $2 FOR UPDATE SKIP LOCKED
"""
