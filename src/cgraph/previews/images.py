"""Pictures of pages: made small by a process of their own, kept once, handed out to whoever knows their id."""

import asyncio
import hashlib
import logging
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from cgraph import files
from cgraph_kit.db import Database, Repo, Transaction
from cgraph_kit.media import Looked, WorkerFailed, look
from cgraph_kit.storage import Storage

from .errors import PreviewNotFound
from .limits import EDGE, IMAGE

log = logging.getLogger(__name__)

WRITING = timedelta(hours=1)
"""How long storing one may take."""
CONTENT_TYPE = "image/webp"


class Kept(msgspec.Struct, frozen=True):
    """A picture as it is kept."""

    id: UUID
    width: int
    height: int


class LinkImage(msgspec.Struct, frozen=True):
    """What is needed to hand one out."""

    id: UUID
    hash: bytes
    """SHA-256 of its bytes."""
    size: int


def image_key(id: UUID) -> str:
    """Where a picture lies in the store."""
    return f"previews/{id}"


async def get_image(db: Repo, id: UUID) -> LinkImage:
    """Raises `PreviewNotFound`."""
    found = await db.first(LinkImage, "SELECT id, hash, size FROM link_images WHERE id = $1", id)
    if found is None:
        raise PreviewNotFound
    return found


async def keep_image(db: Database, storage: Storage, image: bytes) -> Kept | None:
    """Make it small and store it, unless the same is; None for what is no picture. Raises `StorageError`.

    It is collected unless something shows it within the hour.
    """
    async with files.scratch() as folder:
        looked = await _shrink(image, folder)
        if looked is None:
            return None
        content = await asyncio.to_thread((folder / "content").read_bytes)
    digest = hashlib.sha256(content).digest()
    if (same := await db.first(Kept, _TOUCH, digest)) is not None:
        return same
    id = uuid4()
    key = image_key(id)
    await files.doom(db, [key], after=WRITING)
    await storage.put(key, content)
    async with db.transaction() as tx:
        kept = await tx.one(Kept, _MAKE, id, digest, len(content), looked.width, looked.height)
        if kept.id == id:
            await files.spare(tx, [key])
    return kept


async def _shrink(image: bytes, folder: Path) -> Looked | None:
    source = folder / "source"
    await asyncio.to_thread(source.write_bytes, image)
    try:
        looked = await look(source, folder, IMAGE, edge=EDGE)
    except WorkerFailed as error:
        log.warning("a picture of a page was too hard to look at: %s", error)
        return None
    return looked if looked.fault is None and looked.rewritten else None


async def remove_images(tx: Transaction, ids: list[UUID]) -> int:
    """Remove those nothing shows. The caller holds them. How many."""
    gone = await tx.values(_REMOVE, ids)
    await files.doom(tx, [image_key(id) for id in gone])
    return len(gone)


# Whoever finds the same may show it for a while yet: its age begins anew.
_TOUCH = "UPDATE link_images SET inserted_at = now() WHERE hash = $1 RETURNING id, width, height"
_MAKE = """
INSERT INTO link_images (id, hash, size, width, height) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (hash) DO UPDATE SET inserted_at = now() RETURNING id, width, height
"""
_REMOVE = """
DELETE FROM link_images i WHERE id = ANY($1)
    AND NOT EXISTS (SELECT FROM link_previews WHERE image_id = i.id)
    AND NOT EXISTS (SELECT FROM link_preview_uses WHERE image_id = i.id)
RETURNING id
"""
