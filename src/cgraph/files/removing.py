"""Removing files: rows at once, objects by whoever collects what is doomed.

Locks are taken in one order, here and wherever files change: files, usage, blobs, each by id.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph_kit.db import Transaction

from .keys import CONTENT, THUMBNAIL


async def remove_unattached(tx: Transaction, file_ids: Sequence[UUID]) -> list[UUID]:
    """Remove those of these files that hang on nothing. The caller holds their rows.

    Contents that no file has any more are doomed with them. The ids of the removed.
    """
    gone = await tx.all(_Gone, _REMOVE, list(file_ids))
    blob_ids = [row.blob_id for row in gone if row.blob_id is not None]
    if blob_ids:
        await tx.value(_DROP, blob_ids, CONTENT, THUMBNAIL)
    return [row.id for row in gone]


class _Gone(msgspec.Struct, frozen=True):
    id: UUID
    blob_id: UUID | None


# The attachments are looked at in a statement after the one that held the rows: one that was made while we waited is
# seen.
_REMOVE = """
WITH gone AS (
    DELETE FROM files f WHERE f.id = ANY($1)
      AND NOT EXISTS (SELECT FROM file_attachments a WHERE a.file_id = f.id)
    RETURNING f.id, f.user_id, f.blob_id, f.charged
), held AS MATERIALIZED (
    SELECT u.user_id FROM file_usage u WHERE u.user_id IN (SELECT user_id FROM gone)
    ORDER BY u.user_id FOR NO KEY UPDATE
), credited AS (
    UPDATE file_usage u SET bytes = u.bytes - g.charged
    FROM (SELECT user_id, sum(charged) AS charged FROM gone GROUP BY user_id) g, held h
    WHERE u.user_id = g.user_id AND h.user_id = g.user_id
), chunks AS (
    INSERT INTO file_doomed (key, due_at)
    SELECT c.key, now() FROM file_chunks c JOIN gone g ON g.id = c.file_id
    ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at
)
SELECT id, blob_id FROM gone
"""
_DROP = """
WITH counted AS (
    SELECT id, count(*) AS n FROM unnest($1::uuid[]) AS i (id) GROUP BY id
), held AS MATERIALIZED (
    SELECT b.id, b.refs, b.thumbnails FROM file_blobs b WHERE b.id IN (SELECT id FROM counted)
    ORDER BY b.id FOR UPDATE
), fewer AS (
    UPDATE file_blobs b SET refs = h.refs - c.n FROM held h JOIN counted c ON c.id = h.id
    WHERE b.id = h.id AND h.refs > c.n
), last AS (
    DELETE FROM file_blobs b USING held h JOIN counted c ON c.id = h.id WHERE b.id = h.id AND h.refs <= c.n
    RETURNING h.id, h.thumbnails
)
INSERT INTO file_doomed (key, due_at)
SELECT $2 || id, now() FROM last
UNION ALL
SELECT $3 || l.id || '.' || (t.thumbnail->>'name'), now()
FROM last l, jsonb_array_elements(l.thumbnails) AS t (thumbnail)
ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at
"""
