"""Where files are looked at: taken out of quarantine, scanned, made anew and kept, or refused.

Whoever finishes an upload has it looked at here and waits a moment for what comes of it: nearly always it is an image of a
phone, done in less time than a job would wait to be taken. Where it takes longer, where nobody waits any more, or where this
process ends, the job that was left behind does the same again; what is decided is decided once.
"""

import asyncio
import logging
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from uuid import UUID

import msgspec

from cgraph_kit import telemetry
from cgraph_kit.db import Database
from cgraph_kit.errors import Error
from cgraph_kit.media import (
    HEAD,
    Bounds,
    Looked,
    Scanner,
    ScannerAway,
    WorkerFailed,
    look,
    looks_like_image,
)
from cgraph_kit.storage import Storage, StorageError

from .errors import (
    ChecksumMismatch,
    FileBroken,
    FileInfected,
    FileTooLarge,
    QuotaExceeded,
    RefusedFile,
    TooHard,
    TooManyPixels,
    TypeBlocked,
)
from .keeping import Kept, keep, refuse
from .limits import DEFAULT_LIMITS, Limits
from .places import Places
from .scratch import fetch, hashed, scratch

log = logging.getLogger(__name__)

_LOOKED = telemetry.counter(
    "files_looked_at_total", "Uploads that were kept or refused, by what came of it.", ("outcome",)
)
_FAULTS: dict[str, type[RefusedFile]] = {
    "broken": FileBroken,
    "too_many_pixels": TooManyPixels,
    "too_hard": TooHard,
}


GROWTH = 2
"""How many times the largest file what is made of an image may be: who compressed it may have had more patience."""
OTHERS = 8
"""Files at a time that need no decoder, or are with the scanner: they cost a moment, and room on this machine."""


class Workshop:
    """Looks at a few files at a time, of each person in turn. What is no image does not wait for images. To be closed."""

    def __init__(
        self,
        db: Database,
        storage: Storage,
        *,
        limits: Limits = DEFAULT_LIMITS,
        scanner: Scanner | None = None,
    ) -> None:
        self.storage = storage
        self.limits = limits
        self.scanner = scanner
        self._db = db
        self._images = Places(limits.media_workers)
        self._others = Places(OTHERS)
        self._bounds = Bounds(
            limits.image_pixels_max, limits.media_memory_mib, limits.media_seconds
        )
        self._at_work: dict[UUID, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """Drop what is at work: jobs will do it elsewhere."""
        for task in (tasks := list(self._at_work.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def process(self, file_id: UUID) -> None:
        """Look at a file, and wait a while for it. It goes on if the caller leaves or has waited long enough."""
        await asyncio.wait([self._begin(file_id)], timeout=self.limits.media_wait_seconds)

    async def finish(self, file_id: UUID) -> None:
        """Look at a file to the end. Raises `ScannerAway`, `StorageError`: then nothing is known of it."""
        await asyncio.shield(self._begin(file_id))

    def _begin(self, file_id: UUID) -> "asyncio.Task[None]":
        task = self._at_work.get(file_id)
        if task is None:
            task = self._at_work[file_id] = asyncio.create_task(self._look_at(file_id))
            task.add_done_callback(lambda done: self._ended(file_id, done))
        return task

    def _ended(self, file_id: UUID, task: "asyncio.Task[None]") -> None:
        del self._at_work[file_id]
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, ScannerAway | StorageError | Error):
            log.warning("a file waits to be looked at: %s", error, extra={"file_id": str(file_id)})
        else:
            log.error("a file could not be looked at", exc_info=error)

    async def _look_at(self, file_id: UUID) -> None:
        pieces = await self._pieces(file_id)
        if not pieces:
            return  # decided, or gone
        try:
            kept = await self._keep(file_id, pieces)
        except (RefusedFile, QuotaExceeded, FileTooLarge) as refusal:
            await refuse(self._db, file_id, type(refusal))
            _LOOKED.labels(refusal.code).inc()
        else:
            if kept:
                _LOOKED.labels("ready").inc()

    async def _keep(self, file_id: UUID, pieces: "Sequence[_Piece]") -> bool:
        """Whether it was. An image has no place among images while it is with the scanner, which may be slow, or away."""
        owner = pieces[0].owner
        if not await self._may_be_image(pieces):
            async with self._others.place(owner), scratch() as folder:
                return await self._make(file_id, folder, scan=True)
        if self.scanner is not None:
            async with self._others.place(owner), scratch() as folder:
                await self._scan(await self._fetch(file_id, folder))
        async with self._images.place(owner), scratch() as folder:
            return await self._make(file_id, folder, scan=False)

    async def _make(self, file_id: UUID, folder: Path, *, scan: bool) -> bool:
        """Raises the `RefusedFile` that says why it is not kept."""
        source = await self._fetch(file_id, folder)
        if source is None:
            return False
        if scan:
            await self._scan(source)
        kept = await self._examine(source, folder)
        await keep(self._db, self.storage, file_id, kept, quota=self.limits.file_quota)
        return True

    async def _pieces(self, file_id: UUID) -> "Sequence[_Piece]":
        """None where it is decided, or gone."""
        return await self._db.all(_Piece, _PIECES, file_id)

    async def _may_be_image(self, pieces: "Sequence[_Piece]") -> bool:
        """By the beginning; also where its first piece is too short to tell. What it is the worker says."""
        stream = self.storage.stream(pieces[0].key, end=HEAD)
        head = b"".join([piece async for piece in stream])
        return looks_like_image(head) or (len(head) < HEAD and len(pieces) > 1)

    async def _fetch(self, file_id: UUID, folder: Path) -> Path | None:
        """Where it lies now; None: it was decided meanwhile. Raises `ChecksumMismatch`."""
        pieces = await self._pieces(file_id)
        if not pieces:
            return None
        source = folder / "source"
        digest = await fetch(self.storage, [piece.key for piece in pieces], source)
        if (declared := pieces[0].sha256) is not None and declared != digest:
            raise ChecksumMismatch
        return source

    async def _scan(self, source: Path | None) -> None:
        """Raises `FileInfected`, `ScannerAway`."""
        if self.scanner is None or source is None:
            return
        if (found := await self.scanner.scan(source)) is not None:
            log.warning("an infected file was refused: %s", found)
            raise FileInfected

    async def _examine(self, source: Path, folder: Path) -> Kept:
        """What is to be kept of it. Raises the `RefusedFile` that says why nothing is, and `FileTooLarge`."""
        looked = await self._worker(source, folder)
        content = folder / "content" if looked.rewritten else source
        size = content.stat().st_size
        if size > (most := GROWTH * self.limits.file_max):
            raise FileTooLarge(limit=most)
        return Kept(looked, content, folder, await hashed(content), size)

    async def _worker(self, source: Path, folder: Path) -> Looked:
        try:
            looked = await look(source, folder, self._bounds)
        except WorkerFailed as error:
            log.warning("a file was too hard to look at: %s", error)
            raise TooHard from None
        if looked.fault is not None:
            raise _FAULTS[looked.fault]
        types = {looked.content_type, looked.sent_as or looked.content_type}
        blocked = self.limits.file_blocked_types
        if any(fnmatchcase(one, pattern) for one in types for pattern in blocked):
            raise TypeBlocked
        return looked


class _Piece(msgspec.Struct, frozen=True):
    key: str
    sha256: bytes | None
    owner: UUID | None


_PIECES = """
SELECT c.key, u.sha256, f.user_id FROM file_chunks c JOIN file_uploads u ON u.file_id = c.file_id JOIN files f ON f.id = u.file_id
WHERE c.file_id = $1 AND f.state = 'processing' ORDER BY c.start
"""
