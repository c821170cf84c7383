"""Messages as search finds them. Where their conversations lie, those above know."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph.searchable import Reached, Scanned, Searchable, has_link, mention_of
from cgraph_kit.db import Repo


class _Row(msgspec.Struct, frozen=True):
    conversation_id: UUID
    seq: int
    id: UUID
    sender_id: UUID | None
    content: str
    reply_to_id: UUID | None
    mentions: list[UUID]
    """People, and those called many at once: roles, the group, the place."""
    inserted_at: datetime
    edited_at: datetime | None
    pinned_at: datetime | None
    attachments: list[dict[str, Any]] | None
    shown: bool

    def thing(self) -> Searchable:
        return Searchable(
            kind="message",
            id=self.id,
            container_id=self.conversation_id,
            author_id=self.sender_id,
            inserted_at=self.inserted_at,
            seq=self.seq,
            text=self.content,
            features=tuple(self._features()),
            attachments=self.attachments or (),
        )

    def _features(self) -> Iterator[str]:
        if has_link(self.content):
            yield "link"
        if self.reply_to_id is not None:
            yield "reply"
        if self.mentions:
            yield "mention"
        yield from map(mention_of, self.mentions)
        if self.edited_at is not None:
            yield "edited"
        if self.pinned_at is not None:
            yield "pinned"


async def list_searchable(db: Repo, keys: Collection[tuple[UUID, UUID]]) -> list[Searchable]:
    """What people said, as it is now, by conversation and id; what is deleted or gone is left out. One statement."""
    ids = list(zip(*keys, strict=True)) or [(), ()]
    rows = await db.all(_Row, _LIST, *map(list, ids))
    return [row.thing() for row in rows if row.shown]


async def scan_searchable(db: Repo, after: Reached, limit: int) -> Scanned:
    """What people said, conversation by conversation."""
    rows = await db.all(_Row, _SCAN, after.id, after.seq, limit)
    reached = Reached(rows[-1].conversation_id, rows[-1].seq) if len(rows) == limit else None
    return Scanned([row.thing() for row in rows if row.shown], reached)


# A conversation that has been deleted leaves its messages to be swept.
_COLUMNS = """
m.conversation_id, m.seq, m.id, m.sender_id, m.content, m.reply_to_id, m.mentions || coalesce(m.called, '{}'),
m.inserted_at, m.edited_at, m.pinned_at, m.attachments,
m.kind = 'text' AND m.deleted_at IS NULL AND EXISTS (SELECT FROM conversations c WHERE c.id = m.conversation_id)
"""
_LIST = f"""
SELECT {_COLUMNS} FROM unnest($1::uuid[], $2::uuid[]) AS k (conversation_id, id),
LATERAL (SELECT * FROM messages m WHERE m.conversation_id = k.conversation_id AND m.id = k.id OFFSET 0) m
"""
_SCAN = f"""
SELECT {_COLUMNS} FROM messages m WHERE (m.conversation_id, m.seq) > ($1, $2)
ORDER BY m.conversation_id, m.seq LIMIT $3
"""
