"""What previews do later."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph_kit.jobs import Nothing, OnePending, Snooze, job

from .collecting import collect_unused
from .placing import show_everywhere

if TYPE_CHECKING:
    from cgraph.application import App


class ReadLink(msgspec.Struct, frozen=True):
    """A page somebody has led to."""

    preview_id: UUID


@job(queue="previews", max_attempts=5, timeout=120, unique=OnePending(keys=("preview_id",)))
async def read_link(app: "App", args: ReadLink) -> Snooze | None:
    """Read a page, unless that was done lately, and show what it says wherever its link waits for it.

    Twice is harmless: the second time it is there already, and nothing waits.
    """
    wait = await app.previewer.refresh(args.preview_id)
    if wait is not None:
        return Snooze(wait)
    await show_everywhere(app.db, app.shows, args.preview_id)
    return None


class CollectPreviews(msgspec.Struct, frozen=True):
    """Everything nothing shows."""


@job(queue="maintenance", max_attempts=1, timeout=600, unique=OnePending())
async def collect_previews(app: "App", _args: CollectPreviews) -> Nothing | None:
    """Forget pages and pictures nothing shows any more. Twice is harmless: the second time there is nothing left to do."""
    return None if await collect_unused(app.db) else Nothing()
