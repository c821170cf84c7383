"""Taking something out for the time being, because many have reported it: an act of nobody in particular."""

from uuid import UUID

from msgspec.structs import replace

from cgraph import notifications
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id

from .comment_events import tell_comment_changed
from .editing import redact_post
from .item_state import CommentState, ItemState, PostState, read_state, state_facts, write_state
from .log import record
from .posting import tell_changed

REASON = "reported by several people"


async def hide_reported(tx: Transaction, kind: type[ItemState], id: UUID) -> UUID | None:
    """Remove a post or comment until a moderator has looked; the act, by which it is put back.

    None: it is gone already, or a moderator of the forum has written it.
    """
    forum_id: UUID | None = await tx.value(_HOLD[kind.table], id)
    if forum_id is None:
        return None
    before = await read_state(tx, kind, id)
    if before.removed_at is not None:
        return None
    act_id = new_id()
    after = replace(before, removed_at=clock.now(), removed_by=None, removal_id=act_id)
    await write_state(tx, id, before, after)
    if kind is PostState:
        await redact_post(tx, forum_id, id)
        await tell_changed(tx, forum_id, id)
    else:
        await tell_comment_changed(tx, id)
    await notifications.withdraw(tx, [id])
    action = "post_removed" if kind is PostState else "comment_removed"
    return await record(
        tx,
        forum_id,
        None,
        action,
        id,
        before=state_facts(before),
        after=state_facts(after),
        reason=REASON,
        id=act_id,
    )


async def hide_reported_post(tx: Transaction, post_id: UUID) -> UUID | None:
    """As `hide_reported`."""
    return await hide_reported(tx, PostState, post_id)


async def hide_reported_comment(tx: Transaction, comment_id: UUID) -> UUID | None:
    """As `hide_reported`."""
    return await hide_reported(tx, CommentState, comment_id)


# The forum, then the post, as everybody takes them.
_NO_MODERATOR = """
NOT EXISTS (SELECT FROM forum_moderators m WHERE m.forum_id = i.forum_id AND m.user_id = i.author_id)
"""
_HELD = """
WITH forum AS MATERIALIZED (
    SELECT id FROM forums WHERE id = (SELECT forum_id FROM {table} WHERE id = $1) FOR NO KEY UPDATE
), post AS MATERIALIZED (
    SELECT p.id FROM forum, posts p WHERE p.id = (SELECT {post} FROM {table} WHERE id = $1) FOR NO KEY UPDATE OF p
)
SELECT i.forum_id FROM post, {table} i WHERE i.id = $1 AND i.deleted_at IS NULL AND {unless}
"""
_HOLD = {
    "posts": _HELD.format(table="posts", post="id", unless=_NO_MODERATOR),
    "comments": _HELD.format(table="comments", post="post_id", unless=_NO_MODERATOR),
}
