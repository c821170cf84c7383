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
from cgraph_kit.media import Bounds, Looked, Scanner, ScannerAway, WorkerFailed, look
from cgraph_kit.storage import Storage, StorageError

from .errors import (
    ChecksumMismatch,
    FileBroken,
    FileInfected,
    RefusedFile,
    TooHard,
    TooManyPixels,
    TypeBlocked,
)
from .keeping import Kept, keep, refuse
from .limits import DEFAULT_LIMITS, Limits
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


class Workshop:
    """Looks at a few files at a time. To be closed."""

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
        self._places = asyncio.Semaphore(limits.media_workers)
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
        async with self._places, scratch() as folder:
            quarantined = await self._db.all(_Piece, _PIECES, file_id)
            if not quarantined:
                return  # decided, or gone
            try:
                kept = await self._examine(folder, quarantined)
            except RefusedFile as refusal:
                await refuse(self._db, file_id, type(refusal))
                _LOOKED.labels(refusal.code).inc()
                return
            await keep(self._db, self.storage, file_id, kept)
            _LOOKED.labels("ready").inc()

    async def _examine(self, folder: Path, quarantined: "Sequence[_Piece]") -> Kept:
        """Raises the `RefusedFile` that says why it is not kept."""
        source = folder / "source"
        digest = await fetch(self.storage, [piece.key for piece in quarantined], source)
        if (declared := quarantined[0].sha256) is not None and declared != digest:
            raise ChecksumMismatch
        if self.scanner is not None and (found := await self.scanner.scan(source)) is not None:
            log.warning("an infected file was refused: %s", found)
            raise FileInfected
        looked = await self._worker(source, folder)
        if not looked.rewritten:
            return Kept(looked, source, folder, digest, source.stat().st_size)
        content = folder / "content"
        return Kept(looked, content, folder, await hashed(content), content.stat().st_size)

    async def _worker(self, source: Path, folder: Path) -> Looked:
        try:
            looked = await look(source, folder, self._bounds)
        except WorkerFailed as error:
            log.warning("a file was too hard to look at: %s", error)
            raise TooHard from None
        if looked.fault is not None:
            raise _FAULTS[looked.fault]
        if any(
            fnmatchcase(looked.content_type, blocked) for blocked in self.limits.file_blocked_types
        ):
            raise TypeBlocked
        return looked


class _Piece(msgspec.Struct, frozen=True):
    key: str
    sha256: bytes | None


_PIECES = """
SELECT c.key, u.sha256 FROM file_chunks c JOIN file_uploads u ON u.file_id = c.file_id JOIN files f ON f.id = u.file_id
WHERE c.file_id = $1 AND f.state = 'processing' ORDER BY c.start
"""
