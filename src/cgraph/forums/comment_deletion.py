"""Taking back what one has said."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph import files, notifications
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from .attaching import COMMENT
from .comment_access import CommentAccess, get_comment_place
from .comment_events import tell_comment_changed
from .commenting import hold_tree
from .errors import CommentNotFound, NotCommentAuthor, PostNotFound


async def delete_comment(db: Repo, actor: Actor, comment_id: UUID) -> None:
    """Empty one's own comment for everybody. Neither bans nor locks keep anyone from it.

    What it said, had said before, and came with it is gone, from the log too. With something below it its place stays, as a stub;
    otherwise it is listed no longer, nor are stubs above it with nothing else below them.

    Raises `CommentNotFound`, also for what is gone already, `NotCommentAuthor`.
    """
    async with db.transaction() as tx:
        post_id = await tx.value("SELECT post_id FROM comments WHERE id = $1", comment_id)
        if post_id is None:
            raise CommentNotFound
        try:
            await hold_tree(tx, post_id)
        except PostNotFound:
            raise CommentNotFound from None
        comment = await get_comment_place(tx, actor, comment_id)
        if not comment.authored:
            raise NotCommentAuthor
        if not comment.deleted:
            await _delete(tx, comment)


async def _delete(tx: Transaction, comment: CommentAccess) -> None:
    held = await tx.all(Above, _HOLD, [*comment.ancestor_ids, comment.id], comment.reply_to_id)
    by_id = {one.id: one for one in held}
    above = [by_id[id] for id in comment.ancestor_ids]
    losses = carry(above, leaf=not comment.child_count)
    await tx.value(
        _COUNT,
        [loss.id for loss in losses],
        [loss.children for loss in losses],
        [loss.descendants for loss in losses],
    )
    await tx.value(_EMPTY, comment.id, clock.now())
    await files.release(tx, COMMENT, [comment.id])
    await tx.value(_UNANSWER, comment.id)
    await tx.value("DELETE FROM forum_revisions WHERE item_id = $1", comment.id)
    if not comment.removed:
        await tx.value(_UNCOUNT, comment.post.forum.forum_id, comment.post.id)
    await tell_comment_changed(tx, comment.id)
    await notifications.withdraw(tx, [comment.id])


class Above(msgspec.Struct, frozen=True):
    """A comment above another."""

    id: UUID
    child_count: int
    deleted: bool


class Loss(msgspec.Struct, frozen=True):
    """What is no longer below a comment."""

    id: UUID
    children: int
    descendants: int


def carry(above: Sequence[Above], *, leaf: bool) -> list[Loss]:
    """What those above, from the top down, lose when their author deletes a comment; `leaf`: nothing is below it.

    A stub without anything below it is gone as well, and so on upwards.
    """
    losses, going, gone = [], leaf, 0
    for one in reversed(above):
        gone += going
        if gone:
            losses.append(Loss(one.id, int(going), gone))
        going = going and one.deleted and one.child_count == 1
    return losses


# In the order of their ids, as votes take them.
_HOLD = """
SELECT id, child_count, deleted_at IS NOT NULL FROM comments WHERE id = ANY ($1::uuid[]) OR id = $2
ORDER BY id FOR NO KEY UPDATE
"""
_COUNT = """
UPDATE comments c SET child_count = c.child_count - l.children, descendant_count = c.descendant_count - l.descendants
FROM unnest($1::uuid[], $2::int[], $3::int[]) l (id, children, descendants) WHERE c.id = l.id
"""
_EMPTY = """
UPDATE comments SET content = '', mentions = '{}', attachments = NULL, deleted_at = $2 WHERE id = $1
"""
# What it answered is answered by its host no longer, unless there is another such answer.
_UNANSWER = """
UPDATE comments a SET answered = EXISTS (
    SELECT FROM comments o
    WHERE o.post_id = a.post_id AND o.host AND o.deleted_at IS NULL AND (
        o.parent_id = a.id AND o.reply_to_id IS NULL OR o.parent_id = a.parent_id AND o.reply_to_id = a.id
    )
)
FROM comments c WHERE c.id = $1 AND c.host AND a.id = coalesce(c.reply_to_id, c.parent_id)
"""
_UNCOUNT = """
WITH post AS (UPDATE posts SET comment_count = comment_count - 1 WHERE id = $2)
UPDATE forums SET comment_count = comment_count - 1 WHERE id = $1
"""
