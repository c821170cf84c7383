"""Saying it differently, and what was said before."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from cgraph import files, notifications
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from .attaching import attach_to_comment
from .comment import Comment, CommentEdit
from .comment_access import CommentAccess, hold_comment
from .comment_events import tell_comment_changed
from .comment_jobs import notify_of_comment
from .comment_view import get_comment
from .commenting import check_comment
from .errors import CommentNotFound, NotCommentAuthor
from .limits import DEFAULT_LIMITS, Limits
from .naming import find_mentioned, without
from .posting_limits import count_posting
from .previewing import Linking, follow_edit


class CommentRevision(msgspec.Struct, frozen=True):
    """What a comment said from some time on."""

    revision: int
    """1: as it was made."""
    content: str
    inserted_at: datetime


async def edit_comment(
    db: Repo,
    actor: Actor,
    comment_id: UUID,
    edit: CommentEdit,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Comment:
    """Change what one has said; to the same text: nothing happens. Only the newly mentioned are notified.

    What is changed within `post_grace_seconds` leaves no trace. Raises `CommentNotFound`, `NotCommentAuthor`,
    `BannedFromForum`, `ForumArchived`, `PostArchived`, `PostLocked`, `PostingTooFast`, `Invalid`, and as `files.attach`.
    """
    if edit.content is not UNSET:
        check_comment(edit.content, limits)
    async with db.transaction() as tx:
        comment = await hold_comment(tx, actor, comment_id)
        if not (comment.there and comment.post.there):
            raise CommentNotFound
        if not comment.authored:
            raise NotCommentAuthor
        comment.post.demand_open()
        comment.post.forum.demand_taking_part()
        after = await _after(tx, actor, comment, edit, limits=limits)
        if after != _After(comment.content, comment.attachments, comment.previews_off):
            await count_posting(tx, comment.post.forum, "edit", after.content, limits.pace)
            was = Linking(comment.content, None, comment.previews_off)
            now = Linking(after.content, None, after.previews_off)
            await follow_edit(tx, "comment", comment_id, was, now, limits=limits)
            await _edit(tx, actor, comment, after, limits)
        return await get_comment(tx, actor, comment_id)


class _After(msgspec.Struct, frozen=True):
    """What it says then, and what comes with it."""

    content: str
    attachments: list[dict[str, Any]] | None
    previews_off: bool


async def _after(
    tx: Transaction, actor: Actor, comment: CommentAccess, edit: CommentEdit, *, limits: Limits
) -> _After:
    content = comment.content if edit.content is UNSET else edit.content
    off = comment.previews_off if edit.suppress_previews is UNSET else edit.suppress_previews
    if edit.attachments is UNSET:
        return _After(content, comment.attachments, off)
    before = files.from_stored(comment.attachments)
    attached = await attach_to_comment(
        tx, actor, comment.id, edit.attachments, limits=limits, before=before
    )
    return _After(content, files.stored(attached), off)


async def _edit(
    tx: Transaction, actor: Actor, comment: CommentAccess, after: _After, limits: Limits
) -> None:
    if after.content == comment.content:
        await tx.value(_ATTACH, comment.id, after.attachments)
        await tell_comment_changed(tx, comment.id)
        return
    content, at = after.content, clock.now()
    written_at = comment.edited_at or comment.inserted_at
    if at - written_at > timedelta(seconds=limits.post_grace_seconds):
        await tx.value(_KEEP, comment.id, comment.content, actor.id, written_at)
        written_at = at
    mentions = await find_mentioned(tx, comment.post.forum, actor.id, content)
    edited_at = None if written_at == comment.inserted_at else written_at
    await tx.value(_CHANGE, comment.id, content, mentions, edited_at, after.attachments)
    await tell_comment_changed(tx, comment.id)
    if added := without(mentions, comment.mentions):
        await notify_of_comment.enqueue(tx, comment_id=comment.id, mentions=added, new=False)
    if removed := without(comment.mentions, mentions):
        await notifications.withdraw(tx, [comment.id], kind="mention", user_ids=removed)


async def list_comment_revisions(
    db: Repo, actor: Actor | None, comment_id: UUID
) -> list[CommentRevision]:
    """Everything a comment has said, oldest first, the present text last; for whoever may read it.

    Raises `CommentNotFound`, also for a stub.
    """
    comment = await get_comment(db, actor, comment_id)
    if not comment.content:
        raise CommentNotFound
    before = await db.all(CommentRevision, _REVISIONS, comment_id)
    since = comment.edited_at or comment.inserted_at
    return [*before, CommentRevision(len(before) + 1, comment.content, since)]


_KEEP = """
INSERT INTO forum_revisions (item_id, revision, content, editor_id, inserted_at)
SELECT $1, 1 + coalesce(max(revision), 0), $2, $3, $4 FROM forum_revisions WHERE item_id = $1
"""
_CHANGE = """
UPDATE comments SET content = $2, mentions = $3, edited_at = $4, attachments = $5 WHERE id = $1
"""
_ATTACH = "UPDATE comments SET attachments = $2 WHERE id = $1"
_REVISIONS = """
SELECT revision, content, inserted_at FROM forum_revisions WHERE item_id = $1 ORDER BY revision
"""
