"""Taking bytes in, whole or in pieces; nothing of them can be read before somebody has looked at them.

A piece is an object of its own, noted as doomed before it is written: the transaction that makes it part of the upload
takes the note away, and whatever ends the writer before that leaves it to the collector.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Database, Repo, Transaction
from cgraph_kit.errors import Error, Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.storage import Storage

from .doomed import doom, spare
from .errors import (
    FileEmpty,
    FileTooLarge,
    OffsetMismatch,
    TooManyPieces,
    UploadNotFound,
    UploadUnderWay,
)
from .file import ALT_MAX
from .keys import chunk_key
from .limits import DEFAULT_LIMITS, Limits
from .names import harmless
from .quota import charge, demand_turn
from .removing import remove_unattached
from .upload import FROM_UPLOADS, UPLOAD, NewUpload, Upload, UploadRow

PART = 5 * 1024 * 1024
"""Bytes that go to the store at a time; the least S3 takes."""
CHUNKS_MAX = 1000
"""Pieces of one upload."""
WRITING = timedelta(hours=2)
"""How long writing one piece may take before it is taken for dead."""


class Received(msgspec.Struct, frozen=True):
    """A piece that lies in the store."""

    key: str
    size: int
    hash: bytes


async def begin_upload(
    db: Repo, actor: Actor, new: NewUpload, *, limits: Limits = DEFAULT_LIMITS
) -> Upload:
    """Make room for a file to come in pieces. Raises `FileTooLarge`, `QuotaExceeded`."""
    hash = bytes.fromhex(new.sha256) if new.sha256 else None
    async with db.transaction() as tx:
        row = await _begin(
            tx, actor, new.name, new.size, hash=hash, alt_text=new.alt_text, limits=limits
        )
    return row.upload()


async def open_upload(
    db: Repo,
    actor: Actor,
    name: str,
    size: int | None,
    *,
    at_most: int | None = None,
    alt_text: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> UUID:
    """Make room for a file to come in one piece. `size`: None where it is not known, but `at_most`, or the largest there may be.

    Raises `FileTooLarge`, `FileEmpty`, `QuotaExceeded`, `TooManyWaiting`, and `Invalid` for what is no alternative text.
    """
    if size == 0:
        raise FileEmpty
    if alt_text is not None and not (0 < len(alt_text) <= ALT_MAX and "\x00" not in alt_text):
        raise Invalid.field("alt_text", f"must have 1 to {ALT_MAX} characters")
    async with db.transaction() as tx:
        row = await _begin(tx, actor, name, size, at_most=at_most, alt_text=alt_text, limits=limits)
        await demand_turn(tx, actor.id, most=limits.files_waiting_max)
    return row.id


async def _begin(
    tx: Transaction,
    actor: Actor,
    name: str,
    size: int | None,
    *,
    at_most: int | None = None,
    hash: bytes | None = None,
    alt_text: str | None = None,
    limits: Limits,
) -> UploadRow:
    if size is not None and size > limits.file_max:
        raise FileTooLarge(limit=limits.file_max)
    charged = min(limits.file_max, at_most or limits.file_max) if size is None else size
    await charge(tx, actor.id, charged, quota=limits.file_quota)
    return await tx.one(
        UploadRow,
        _BEGIN,
        new_id(),
        actor.id,
        harmless(name),
        charged,
        alt_text,
        size,
        hash,
        clock.now() + timedelta(hours=limits.upload_hours),
    )


async def get_upload(db: Repo, actor: Actor, upload_id: UUID) -> Upload:
    """How far it has come. Raises `UploadNotFound`, also for what is finished."""
    return (await _get(db, actor, upload_id)).upload()


async def write_piece(
    db: Database,
    storage: Storage,
    actor: Actor,
    upload_id: UUID,
    content: AsyncIterator[bytes],
    *,
    offset: int,
    limits: Limits = DEFAULT_LIMITS,
) -> Upload:
    """Add what comes at `offset`: all of it, or nothing. The same piece again is well.

    Of several that write at one offset at the same time the first to end wins, and the others learn where to go on. Raises
    `UploadNotFound`, `OffsetMismatch`, `FileTooLarge` for more than was declared, and what `content` raises.
    """
    row = await _get(db, actor, upload_id)
    if offset > row.received:
        raise OffsetMismatch(offset=row.received)
    if offset < row.received:
        await _demand_same(db, row, offset, content)
        return row.upload()
    most = (limits.file_max if row.size is None else row.size) - offset
    piece = await _store(db, storage, upload_id, content, most)
    try:
        async with db.transaction() as tx:
            await _add(tx, actor, upload_id, offset, piece)
            return await get_upload(tx, actor, upload_id)
    except Error:
        await doom(db, [piece.key])
        raise


async def _demand_same(
    db: Repo, row: UploadRow, offset: int, content: AsyncIterator[bytes]
) -> None:
    """Raises `OffsetMismatch` unless these are the very bytes of a piece that arrived before; nothing is stored of them."""
    size = await db.value(_SIZE_AT, row.id, offset)
    if size is None:
        raise OffsetMismatch(offset=row.received)
    digest = hashlib.sha256()
    read = 0
    async for piece in content:
        read += len(piece)
        if read > size:
            raise OffsetMismatch(offset=row.received)
        digest.update(piece)
    if not await db.value(_SAME, row.id, offset, read, digest.digest()):
        raise OffsetMismatch(offset=row.received)


async def _add(
    tx: Transaction, actor: Actor, upload_id: UUID, offset: int, piece: Received
) -> None:
    """Make a piece part of the upload, whose row is held."""
    row = await hold_upload(tx, actor, upload_id)
    if row is None:
        raise UploadNotFound
    if row.state != "uploading":
        raise UploadUnderWay
    if offset == row.received and piece.size:
        if await tx.value(_ADD, upload_id, offset, piece.size, piece.hash, piece.key, CHUNKS_MAX):
            await spare(tx, [piece.key])
            return
        raise TooManyPieces(limit=CHUNKS_MAX)
    # Somebody was faster; with the same, perhaps.
    if piece.size and not await tx.value(_SAME, upload_id, offset, piece.size, piece.hash):
        raise OffsetMismatch(offset=row.received)
    await doom(tx, [piece.key])


async def _store(
    db: Database, storage: Storage, upload_id: UUID, content: AsyncIterator[bytes], most: int
) -> Received:
    """Write at most so many bytes into quarantine. Raises `FileTooLarge` for more."""
    key = chunk_key(upload_id, new_id())
    await doom(db, [key], after=WRITING)
    digest = hashlib.sha256()
    size = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal size
        async for piece in content:
            size += len(piece)
            if size > most:
                raise FileTooLarge(limit=most)
            digest.update(piece)
            yield piece

    await storage.put(key, counted(), part=PART)
    return Received(key, size, digest.digest())


async def abandon_upload(db: Repo, actor: Actor, upload_id: UUID) -> None:
    """Give it up, and forget what has arrived. Raises `UploadNotFound`, `UploadUnderWay`."""
    async with db.transaction() as tx:
        row = await hold_upload(tx, actor, upload_id)
        if row is None:
            raise UploadNotFound
        if row.state != "uploading":
            raise UploadUnderWay
        await remove_unattached(tx, [row.id])


async def discard_upload(db: Repo, actor: Actor, upload_id: UUID) -> None:
    """Give up what did not arrive as it should; what is finished, or gone, is left alone."""
    with suppress(UploadNotFound, UploadUnderWay):
        await abandon_upload(db, actor, upload_id)


async def hash_of_first_piece(db: Repo, upload_id: UUID) -> bytes:
    """SHA-256 of what came first: of an upload in one piece, of all of it. Nothing's, where nothing came."""
    return await db.value(_FIRST, upload_id) or b""


async def hold_upload(tx: Transaction, actor: Actor, upload_id: UUID) -> UploadRow | None:
    """One of the actor's, which nobody else changes until this transaction ends; also when it waits to be looked at.

    The file's row is the lock of both; what was written while we waited for it is seen by the statement after.
    """
    if not await tx.value(_HOLD, upload_id, actor.id):
        return None
    return await tx.first(UploadRow, _HELD, upload_id)


async def _get(db: Repo, actor: Actor, upload_id: UUID) -> UploadRow:
    row = await db.first(UploadRow, _GET, upload_id, actor.id)
    if row is None or row.expires_at <= clock.now():
        raise UploadNotFound
    return row


_BEGIN = """
WITH made AS (
    INSERT INTO files (id, user_id, name, state, charged, alt_text) VALUES ($1, $2, $3, 'uploading', $4, $5)
    RETURNING id, name, state
), begun AS (
    INSERT INTO file_uploads (file_id, size, sha256, expires_at) SELECT id, $6, $7, $8 FROM made
    RETURNING size, received, expires_at
)
SELECT m.id, m.name, b.size, b.received, b.expires_at, m.state FROM made m, begun b
"""
_GET = f"SELECT {UPLOAD} FROM {FROM_UPLOADS} WHERE f.id = $1 AND f.user_id = $2 AND f.state = 'uploading'"
_HOLD = "SELECT true FROM files WHERE id = $1 AND user_id = $2 FOR NO KEY UPDATE"
_HELD = f"SELECT {UPLOAD} FROM {FROM_UPLOADS} WHERE f.id = $1"
_ADD = """
WITH added AS (
    INSERT INTO file_chunks (file_id, start, size, hash, key)
    SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM file_chunks WHERE file_id = $1) < $6
    RETURNING size
)
UPDATE file_uploads u SET received = u.received + a.size FROM added a WHERE u.file_id = $1 RETURNING true
"""
_SAME = "SELECT true FROM file_chunks WHERE file_id = $1 AND start = $2 AND size = $3 AND hash = $4"
_FIRST = "SELECT hash FROM file_chunks WHERE file_id = $1 AND start = 0"
_SIZE_AT = "SELECT size FROM file_chunks WHERE file_id = $1 AND start = $2"
