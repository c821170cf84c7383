"""What was said somewhere, read whole, as it can be taken over elsewhere."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph import files, previews
from cgraph_kit.db import Transaction

from .attaching import voice_of
from .histories import ImportedMessage, ImportedPin, ImportedReaction


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    sender_id: UUID
    content: str
    inserted_at: datetime
    edited_at: datetime | None
    reply_to_id: UUID | None
    reactions: list[dict[str, Any]] | None
    pinned_at: datetime | None
    pinned_by: UUID | None
    attachments: list[dict[str, Any]] | None
    voice: dict[str, Any] | None
    previews: list[dict[str, Any]] | None
    previews_off: bool

    def message(self) -> ImportedMessage:
        reactions = msgspec.convert(self.reactions or [], list[ImportedReaction])
        pin = ImportedPin(self.pinned_by, self.pinned_at) if self.pinned_at else None
        return ImportedMessage(
            self.id,
            self.sender_id,
            self.content,
            self.inserted_at,
            self.edited_at,
            self.reply_to_id,
            reactions,
            pin,
            attachments=files.from_stored(self.attachments),
            voice=voice_of(self.voice),
            previews=previews.from_stored(self.previews),
            previews_off=self.previews_off,
        )


async def export_history(
    tx: Transaction, conversation_id: UUID, *, most: int
) -> list[ImportedMessage]:
    """The first so many messages of people that are not deleted, in their order; nobody says anything there meanwhile.

    Asks nobody whether they may: the caller has. What they had said before is not in it.
    """
    await tx.value("SELECT 1 FROM conversations WHERE id = $1 FOR NO KEY UPDATE", conversation_id)
    await tx.value("SELECT 1 FROM streams WHERE id = $1 FOR NO KEY UPDATE", conversation_id)
    rows = await tx.all(_Row, _EXPORT, conversation_id, most)
    return [row.message() for row in rows]


_EXPORT = """
SELECT m.id, m.sender_id, m.content, m.inserted_at, m.edited_at, m.reply_to_id, CASE WHEN m.reacted THEN (
    SELECT jsonb_agg(jsonb_build_object('emoji', r.emoji, 'user_id', r.user_id, 'inserted_at', r.inserted_at)
        ORDER BY r.inserted_at, r.emoji, r.user_id)
    FROM reactions r WHERE r.conversation_id = m.conversation_id AND r.message_id = m.id
) END, m.pinned_at, m.pinned_by, m.attachments, m.voice, m.previews, m.previews_off
FROM messages m
WHERE m.conversation_id = $1 AND m.kind = 'text' AND m.deleted_at IS NULL AND m.expires_at IS NULL
ORDER BY m.seq LIMIT $2
"""
