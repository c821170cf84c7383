"""Reading what pages show, and keeping it for a day: one page of a host at a time."""

from datetime import timedelta
from uuid import UUID

import msgspec

from cgraph.settings import Settings
from cgraph_kit import clock
from cgraph_kit.db import Database
from cgraph_kit.guard import Fetcher
from cgraph_kit.storage import Storage

from .asking import Found, ask
from .images import Kept, keep_image
from .limits import SECONDS, agent_of, open_fetcher

GOOD, BAD = timedelta(hours=24), timedelta(hours=1)
"""How long is kept what a page showed, and that it showed nothing."""
TURN = timedelta(seconds=60)
"""After which who asked a host is taken for dead: more than a page and its picture take."""
WAIT = SECONDS / 5
"""Seconds until it is looked whether a host is free."""


class Previewer:
    """Asks pages. To be closed."""

    def __init__(self, db: Database, storage: Storage, fetcher: Fetcher, *, agent: str) -> None:
        self._db = db
        self._storage = storage
        self._fetcher = fetcher
        self._agent = agent

    @classmethod
    def from_settings(cls, db: Database, storage: Storage, settings: Settings) -> "Previewer":
        """Raises `SettingsError`."""
        return cls(db, storage, open_fetcher(settings), agent=agent_of(settings))

    async def close(self) -> None:
        await self._fetcher.close()

    async def refresh(self, preview_id: UUID) -> float | None:
        """Read a page unless that was done lately. Seconds to wait where its host is being asked; None: it is done."""
        wanted = await self._db.first(_Wanted, _WANTED, preview_id, clock.now())
        if wanted is None:
            return None
        now = clock.now()
        if not await self._db.value(_TAKE, wanted.host, now, now + TURN):
            return WAIT
        try:
            found = await ask(self._fetcher, wanted.url, self._agent)
            image = None
            if found is not None and found.image is not None:
                image = await keep_image(self._db, self._storage, found.image)
            await self._keep(preview_id, found, image)
        finally:
            await self._db.value("DELETE FROM link_preview_hosts WHERE host = $1", wanted.host)
        return None

    async def _keep(self, preview_id: UUID, found: Found | None, image: Kept | None) -> None:
        """What was shown before stays where nothing comes."""
        if found is None or not _shows(found, image):
            await self._db.value(_MISS, preview_id, clock.now() + BAD)
            return
        page = {
            "kind": found.kind,
            "site_name": found.page.site_name,
            "title": found.page.title,
            "description": found.page.description,
            "image": None
            if image is None
            else {
                "url": f"/api/v1/previews/{image.id}/image",
                "width": image.width,
                "height": image.height,
            },
        }
        image_id = image.id if image else None
        await self._db.value(_KEEP, preview_id, page, image_id, clock.now() + GOOD)


def _shows(found: Found, image: Kept | None) -> bool:
    said = found.page.title or found.page.description
    return image is not None or (found.kind == "page" and said is not None)


class _Wanted(msgspec.Struct, frozen=True):
    url: str
    host: str


_WANTED = """
SELECT url, host FROM link_previews WHERE id = $1 AND (expires_at IS NULL OR expires_at <= $2)
"""
_TAKE = """
INSERT INTO link_preview_hosts AS h (host, until) VALUES ($1, $3)
ON CONFLICT (host) DO UPDATE SET until = excluded.until WHERE h.until <= $2 RETURNING true
"""
_KEEP = "UPDATE link_previews SET page = $2, image_id = $3, expires_at = $4 WHERE id = $1"
_MISS = "UPDATE link_previews SET expires_at = $2 WHERE id = $1"
