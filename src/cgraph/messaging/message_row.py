"""Messages as rows: columns and joins of whatever hangs on them, in one statement."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph import files, previews
from cgraph.accounts import Person

from .attaching import attached_types, voice_of
from .message import PREVIEW, Message, Quoted, ReactionCount


class MessageRow(msgspec.Struct, frozen=True):
    """What `selecting` selects."""

    id: UUID
    conversation_id: UUID
    seq: int
    kind: str
    content: str
    sender_id: UUID | None
    sender_number: int | None
    sender_username: str | None
    sender_name: str | None
    sender_avatar: str | None
    reply_to_id: UUID | None
    quoted_seq: int | None
    quoted_kind: str | None
    quoted_content: str | None
    quoted_sender_id: UUID | None
    quoted_number: int | None
    quoted_username: str | None
    quoted_name: str | None
    quoted_avatar: str | None
    mentions: list[UUID]
    data: dict[str, Any] | None
    reactions: list[dict[str, Any]] | None
    inserted_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    deleted_by: UUID | None
    pinned_at: datetime | None
    pinned_by: UUID | None
    expires_at: datetime | None
    called: list[UUID] | None
    attachments: list[dict[str, Any]] | None
    voice: dict[str, Any] | None
    quoted_attached: list[str] | None
    quoted_voice: bool | None
    previews: list[dict[str, Any]] | None
    previews_off: bool

    def message(self) -> Message:
        sender = _person(
            self.sender_id,
            self.sender_number,
            self.sender_username,
            self.sender_name,
            self.sender_avatar,
        )
        reactions = [ReactionCount(**each) for each in self.reactions] if self.reactions else []
        return Message(
            self.id,
            self.conversation_id,
            self.seq,
            self.kind,
            self.content,
            self.sender_id,
            sender,
            self.reply_to_id,
            self._quoted() if self.quoted_seq is not None else None,
            self.mentions,
            self.data,
            reactions,
            self.inserted_at,
            self.edited_at,
            self.deleted_at,
            self.deleted_by,
            self.pinned_at,
            self.pinned_by,
            self.expires_at,
            self.called or [],
            files.from_stored(self.attachments),
            voice_of(self.voice),
            previews.from_stored(self.previews),
            self.previews_off,
        )

    def _quoted(self) -> Quoted | None:
        if self.reply_to_id is None or self.quoted_seq is None:
            return None
        sender = _person(
            self.quoted_sender_id,
            self.quoted_number,
            self.quoted_username,
            self.quoted_name,
            self.quoted_avatar,
        )
        return Quoted(
            self.reply_to_id,
            self.quoted_seq,
            self.quoted_sender_id,
            sender,
            self.quoted_kind or "",
            self.quoted_content or "",
            self.quoted_attached or (),
            bool(self.quoted_voice),
        )


def _person(
    id: UUID | None,
    number: int | None,
    username: str | None,
    display_name: str | None,
    avatar_url: str | None,
) -> Person | None:
    if id is None or number is None or username is None:
        return None
    return Person(id, number, username, display_name, avatar_url)


def selecting(reader: str, joined_seq: str) -> str:
    """Columns and joins that make `MessageRow`s of messages `m`; the arguments are SQL expressions.

    Reactions are only looked for where there have been any, answered messages only where there is one.
    """
    return f"""
    m.id, m.conversation_id, m.seq, m.kind, m.content,
    m.sender_id, u.user_id, u.username, u.display_name, u.avatar_url,
    m.reply_to_id, q.seq, q.kind, left(q.content, {PREVIEW}),
    q.sender_id, v.user_id, v.username, v.display_name, v.avatar_url,
    m.mentions, m.data,
    CASE WHEN m.reacted THEN (
        SELECT jsonb_agg(
            jsonb_build_object('emoji', r.emoji, 'count', r.count, 'me', r.me) ORDER BY r.first, r.emoji
        ) FROM (
            SELECT emoji, count(*), bool_or(user_id = {reader}) AS me, min(inserted_at) AS first
            FROM reactions WHERE conversation_id = m.conversation_id AND message_id = m.id GROUP BY emoji
        ) r
    ) END,
    m.inserted_at, m.edited_at, m.deleted_at, m.deleted_by, m.pinned_at, m.pinned_by, m.expires_at, m.called,
    m.attachments, m.voice, {attached_types("q")}, q.voice IS NOT NULL, m.previews, m.previews_off
FROM messages m
LEFT JOIN users u ON u.id = m.sender_id
LEFT JOIN messages q ON q.conversation_id = m.conversation_id AND q.id = m.reply_to_id
    AND q.deleted_at IS NULL AND q.seq > {joined_seq}
LEFT JOIN users v ON v.id = q.sender_id
"""
