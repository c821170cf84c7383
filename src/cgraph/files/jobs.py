"""What files do later."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph_kit.jobs import Nothing, OnePending, job

from .collecting import collect, forget_unused

if TYPE_CHECKING:
    from cgraph.application import App


class LookAtFile(msgspec.Struct, frozen=True):
    """An upload that has arrived whole."""

    file_id: UUID


@job(queue="media", max_attempts=20, timeout=600, unique=OnePending(keys=("file_id",)))
async def look_at_file(app: "App", args: LookAtFile) -> None:
    """Look at a file that nobody has looked at yet. Twice is harmless: what is decided is decided once.

    It fails where the scanner or the store is away, and is tried again.
    """
    await app.workshop.finish(args.file_id)


class CollectFiles(msgspec.Struct, frozen=True):
    """Everything nobody has any use for."""


@job(queue="maintenance", max_attempts=1, timeout=600, unique=OnePending())
async def collect_files(app: "App", _args: CollectFiles) -> Nothing | None:
    """Remove uploads nobody finished, files nobody attached, and objects that are nobody's.

    Twice is harmless: the second time there is nothing left to do.
    """
    forgotten = await forget_unused(app.db, limits=app.limits.files)
    removed = await collect(app.db, app.storage)
    return None if forgotten or removed else Nothing()
