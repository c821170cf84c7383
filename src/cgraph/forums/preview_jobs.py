"""Showing what the pages behind links say, once they have been read: what the job of previews asks of forums."""

from cgraph.previews import Placed
from cgraph_kit.db import Transaction

from .comment_events import tell_comment_changed
from .posting import tell_changed
from .previewing import keep_ready


async def show_post_previews(tx: Transaction, placed: Placed) -> None:
    """Show what is there of the links in a post, and tell its readers; nothing where it is gone."""
    forum_id = await tx.value(_HOLD_POST, placed.item_id)
    if forum_id is not None and await keep_ready(tx, "post", placed.item_id):
        await tell_changed(tx, forum_id, placed.item_id)


async def show_comment_previews(tx: Transaction, placed: Placed) -> None:
    """The same of a comment."""
    # Its post first, as everybody takes them.
    await tx.value(_HOLD_POST_OF, placed.item_id)
    held = await tx.value(_HOLD_COMMENT, placed.item_id)
    if held and await keep_ready(tx, "comment", placed.item_id):
        await tell_comment_changed(tx, placed.item_id)


_HOLD_POST = """
SELECT forum_id FROM posts WHERE id = $1 AND deleted_at IS NULL AND NOT previews_off FOR NO KEY UPDATE
"""
_HOLD_POST_OF = """
SELECT 1 FROM posts WHERE id = (SELECT post_id FROM comments WHERE id = $1) FOR NO KEY UPDATE
"""
_HOLD_COMMENT = """
SELECT true FROM comments WHERE id = $1 AND deleted_at IS NULL AND NOT previews_off FOR NO KEY UPDATE
"""
