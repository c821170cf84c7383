"""Files on this machine for as long as they are looked at."""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from cgraph_kit.storage import Storage

PIECE = 1024 * 1024


@asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    """A folder that nobody else may look into, and its end."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="cgraph-file-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def fetch(storage: Storage, keys: Iterable[str], target: Path) -> bytes:
    """Write these objects to a file, one after the other; the SHA-256 of all. Raises `StorageError`."""
    digest = hashlib.sha256()
    with await asyncio.to_thread(target.open, "wb") as file:
        for key in keys:
            async for piece in storage.stream(key, part=PIECE):
                digest.update(piece)
                await asyncio.to_thread(file.write, piece)
    return digest.digest()


async def pieces(path: Path) -> AsyncIterator[bytes]:
    """The bytes of a file."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


async def hashed(path: Path) -> bytes:
    """The SHA-256 of a file."""
    return await asyncio.to_thread(_hash, path)


def _hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
