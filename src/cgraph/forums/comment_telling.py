"""Whom a comment concerns: those it mentions, whom it answers, and those who follow the post."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph.notifications import Kind, Occasion, Scope, Subject
from cgraph_kit.db import Repo

from .telling import AT_ONCE, NOBODY, list_followers, list_readers


class _Comment(msgspec.Struct, frozen=True):
    post_id: UUID
    forum_id: UUID
    author_id: UUID | None
    post_author_id: UUID | None
    answered_id: UUID | None
    """The comment it answers."""
    answered_author_id: UUID | None
    gone: bool
    inserted_at: datetime
    seq: int
    """In the post's stream."""


async def tell_of_comment(
    db: Repo, comment_id: UUID, mentions: Sequence[UUID], *, new: bool, grace: float
) -> None:
    """Tell the mentioned and, of a new one, the author it answers and the post's followers; each of one thing only."""
    comment = await db.first(_Comment, _COMMENT, comment_id)
    if comment is None:
        return
    told = set(mentions)
    await _tell(db, comment_id, "mention", mentions, grace)
    if not new:
        return
    answered = comment.answered_author_id if comment.answered_id else comment.post_author_id
    if answered is not None and answered not in told:
        kind: Kind = "comment_reply" if comment.answered_id else "post_reply"
        await _tell(db, comment_id, kind, [answered], grace)
        told.add(answered)
    after: UUID | None = NOBODY
    while after is not None:
        async with db.transaction() as tx:
            people = await list_followers(tx, comment.post_id, comment.forum_id, after, AT_ONCE)
        await _tell(db, comment_id, "followed_post", [id for id in people if id not in told], grace)
        after = people[-1] if len(people) == AT_ONCE else None


async def _tell(
    db: Repo, comment_id: UUID, kind: Kind, people: Sequence[UUID], grace: float
) -> None:
    if not people:
        return
    async with db.transaction() as tx:
        # Held until the commit, and before inboxes: whoever takes it away withdraws what is told here.
        comment = await tx.first(_Comment, f"{_COMMENT} FOR SHARE OF c", comment_id)
        if comment is None or comment.gone:
            return
        await notifications.hold_inboxes(tx, set(people))
        told = await list_readers(tx, people, comment.forum_id, comment.author_id)
        found = [_occasion(comment, comment_id, kind, user_id) for user_id in told]
        if found:
            scopes = [Scope("post", comment.post_id), Scope("forum", comment.forum_id)]
            await notifications.notify(tx, found, scopes, grace=grace)


def _occasion(comment: _Comment, comment_id: UUID, kind: Kind, user_id: UUID) -> Occasion:
    """Answers to one thing are one entry of the inbox, and so are all comments on a post that is followed."""
    subject = Subject("post", comment.post_id)
    if kind == "mention":
        subject = Subject("comment", comment_id)
    elif kind == "comment_reply" and comment.answered_id is not None:
        subject = Subject("comment", comment.answered_id)
    return Occasion(
        user_id=user_id,
        kind=kind,
        event_id=comment_id,
        happened_at=comment.inserted_at,
        subject=subject,
        actor_id=comment.author_id,
        place=Scope("post", comment.post_id),
        seq=comment.seq,
        object_id=comment_id,
    )


_COMMENT = """
SELECT c.post_id, c.forum_id, c.author_id, p.author_id, coalesce(c.reply_to_id, c.parent_id), a.author_id,
    c.deleted_at IS NOT NULL OR c.removed_at IS NOT NULL OR p.deleted_at IS NOT NULL OR p.removed_at IS NOT NULL
        OR f.deleted_at IS NOT NULL, c.inserted_at, coalesce(c.told_seqs[1], 0)
FROM comments c JOIN posts p ON p.id = c.post_id JOIN forums f ON f.id = c.forum_id
LEFT JOIN comments a ON a.id = coalesce(c.reply_to_id, c.parent_id)
WHERE c.id = $1
"""
