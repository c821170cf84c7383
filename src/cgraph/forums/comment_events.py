"""What has happened to comments: durable events in the post's stream."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from cgraph import files, previews
from cgraph.accounts import Person
from cgraph.files import Attachment
from cgraph.previews import Preview
from cgraph_kit.db import Transaction

from .events import PostCounted, PostEvent, tell_post


class CommentCreated(PostEvent, frozen=True):
    """Somebody said something."""

    type: ClassVar[str] = "new_comment"


class CommentUpdated(PostEvent, frozen=True):
    """A comment is another now: edited, deleted, locked, taken out or back in. The payload is all of it."""

    type: ClassVar[str] = "comment_updated"


class CommentPayload(msgspec.Struct, frozen=True):
    """Payload of `new_comment` and `comment_updated`; of what is deleted or removed only that it is."""

    id: UUID
    post_id: UUID
    forum_id: UUID
    parent_id: UUID | None
    reply_to_id: UUID | None
    depth: int
    author: Person | None
    content: str
    """Markdown."""
    mentions: Sequence[UUID]
    host: bool
    distinguished: bool
    inserted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    removed_at: datetime | None
    locked_at: datetime | None
    attachments: Sequence[Attachment] = ()
    previews: Sequence[Preview] = ()


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    post_id: UUID
    forum_id: UUID
    parent_id: UUID | None
    reply_to_id: UUID | None
    depth: int
    author_id: UUID | None
    author_number: int | None
    username: str | None
    display_name: str | None
    avatar_url: str | None
    content: str
    mentions: list[UUID]
    host: bool
    distinguished: bool
    inserted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    removed_at: datetime | None
    locked_at: datetime | None
    attachments: list[dict[str, Any]] | None
    told_seqs: list[int]
    previews: list[dict[str, Any]] | None

    def author(self) -> Person | None:
        if self.author_id is None or self.author_number is None or self.username is None:
            return None
        return Person(
            self.author_id, self.author_number, self.username, self.display_name, self.avatar_url
        )


async def tell_comment_changed(tx: Transaction, comment_id: UUID) -> None:
    """Tell those who read the post what a comment is now. Once per transaction, after all changes.

    The text of one that is gone is in the log no longer: who resumes meets what is left of it.
    """
    row = await tx.one(_Row, _PAYLOAD, comment_id)
    gone = row.deleted_at is not None or row.removed_at is not None
    payload = CommentPayload(
        row.id,
        row.post_id,
        row.forum_id,
        row.parent_id,
        row.reply_to_id,
        row.depth,
        None if gone else row.author(),
        "" if gone else row.content,
        () if gone else row.mentions,
        row.host,
        row.distinguished,
        row.inserted_at,
        row.edited_at,
        row.deleted_at,
        row.removed_at,
        row.locked_at,
        () if gone else files.from_stored(row.attachments),
        () if gone else previews.from_stored(row.previews),
    )
    event = await tell_post(tx, CommentUpdated, row.forum_id, row.post_id, payload)
    if gone:
        await tx.value(_REDACT, row.post_id, row.told_seqs, row.id)
    else:
        await tx.value(_TOLD, row.id, event.seq)
    tx.publish(PostCounted(row.forum_id, row.post_id))


_PAYLOAD = """
SELECT c.id, c.post_id, c.forum_id, c.parent_id, c.reply_to_id, c.depth, c.author_id, u.user_id, u.username,
    u.display_name, u.avatar_url, c.content, c.mentions, c.host, c.distinguished, c.inserted_at, c.edited_at,
    c.deleted_at, c.removed_at, c.locked_at, c.attachments, c.told_seqs, c.previews
FROM comments c LEFT JOIN users u ON u.id = c.author_id WHERE c.id = $1
"""
_TOLD = "UPDATE comments SET told_seqs = told_seqs || $2::bigint WHERE id = $1"
_REDACT = """
WITH redacted AS (
    UPDATE events SET payload = (payload::jsonb || '{"author": null, "content": "", "mentions": [], "attachments": [], "previews": []}')::text
    WHERE stream_id = $1 AND seq = ANY ($2::bigint[])
)
UPDATE comments SET told_seqs = '{}' WHERE id = $3
"""
