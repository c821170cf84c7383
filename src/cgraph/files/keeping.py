"""What becomes of a file that was looked at: it is kept, or refused. Once, whoever comes first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import record
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id
from cgraph_kit.media import Looked
from cgraph_kit.storage import Storage

from .doomed import doom, spare
from .errors import Refusal
from .events import FileReady, FileRefused
from .file import FILE, FROM_FILES, FileRow
from .keys import content_key, thumbnail_key
from .quota import recharge
from .scratch import pieces
from .uploads import PART, WRITING


class Kept(msgspec.Struct, frozen=True):
    """What is to be kept of a file, and where it lies on this machine."""

    looked: Looked
    content: Path
    folder: Path
    """Of its thumbnails."""
    hash: bytes
    size: int


async def keep(db: Repo, storage: Storage, file_id: UUID, kept: Kept, *, quota: int) -> None:
    """Store it, unless the same is stored, and make the file ready.

    Raises `StorageError`, and `QuotaExceeded` where it has grown beyond what its owner may have.
    """
    if await _share(db, file_id, kept, quota):
        return
    blob_id = new_id()
    keys = [
        content_key(blob_id),
        *(thumbnail_key(blob_id, one.name) for one in kept.looked.thumbnails),
    ]
    await doom(db, keys, after=WRITING)
    await storage.put(keys[0], pieces(kept.content), part=PART)
    for key, one in zip(keys[1:], kept.looked.thumbnails, strict=True):
        await storage.put(key, pieces(kept.folder / f"thumbnail.{one.name}"), part=PART)
    async with db.transaction() as tx:
        if not await _hold(tx, file_id):
            await doom(tx, keys)
            return
        await recharge(tx, file_id, kept.size, quota=quota)
        made = await tx.value(_MAKE, *_columns(blob_id, kept))
        if made == blob_id:
            await spare(tx, keys)
        else:  # somebody was faster with the same
            await doom(tx, keys)
        await _ready(tx, file_id, made)


async def _share(db: Repo, file_id: UUID, kept: Kept, quota: int) -> bool:
    """Whether the same is stored already, so that nothing is to be written."""
    async with db.transaction() as tx:
        if not await _hold(tx, file_id):
            return True
        await recharge(tx, file_id, kept.size, quota=quota)
        blob_id = await tx.value(_SHARE, kept.hash)
        if blob_id is None:
            return False
        await _ready(tx, file_id, blob_id)
    return True


async def refuse(db: Repo, file_id: UUID, reason: type[Refusal]) -> None:
    """Keep nothing of it but the reason."""
    async with db.transaction() as tx:
        if await _hold(tx, file_id):
            await recharge(tx, file_id, 0)
            await tx.value(_REFUSE, file_id, reason.code, clock.now())
            await _told(tx, file_id, FileRefused)


async def _ready(tx: Transaction, file_id: UUID, blob_id: UUID) -> None:
    await tx.value(_READY, file_id, blob_id)
    await _told(tx, file_id, FileReady)


async def _told(tx: Transaction, file_id: UUID, event: type[FileReady] | type[FileRefused]) -> None:
    """The quarantine is emptied, and its owner told."""
    await tx.value(_EMPTY, file_id)
    row = await tx.one(FileRow, f"SELECT {FILE} FROM {FROM_FILES} WHERE f.id = $1", file_id)
    owner = await tx.value("SELECT user_id FROM files WHERE id = $1", file_id)
    if owner is not None:
        await record(tx, event, owner, row.file())


async def _hold(tx: Transaction, file_id: UUID) -> bool:
    """Whether it is still to be decided. Its row is held."""
    return await tx.value(_HOLD, file_id) is not None


def _columns(blob_id: UUID, kept: Kept) -> Sequence[Any]:
    looked = kept.looked
    return (
        blob_id,
        kept.hash,
        kept.size,
        looked.content_type,
        looked.width,
        looked.height,
        looked.frames,
        looked.duration,
        looked.placeholder,
        msgspec.to_builtins(looked.thumbnails),
    )


_HOLD = "SELECT id FROM files WHERE id = $1 AND state = 'processing' FOR NO KEY UPDATE"
_SHARE = "UPDATE file_blobs SET refs = refs + 1 WHERE hash = $1 RETURNING id"
_MAKE = """
INSERT INTO file_blobs AS b (id, hash, size, content_type, width, height, frames, duration, placeholder, thumbnails)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (hash) DO UPDATE SET refs = b.refs + 1 RETURNING id
"""
_READY = "UPDATE files SET state = 'ready', blob_id = $2, updated_at = now() WHERE id = $1"
_REFUSE = "UPDATE files SET state = 'refused', refusal = $2, updated_at = $3 WHERE id = $1"
_EMPTY = """
WITH upload AS (
    DELETE FROM file_uploads WHERE file_id = $1
)
INSERT INTO file_doomed (key, due_at) SELECT key, now() FROM file_chunks WHERE file_id = $1
ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at
"""
