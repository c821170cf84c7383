"""A workshop with a store of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.files import Limits, Workshop, finish_upload, open_upload, write_piece
from cgraph_kit.db import Database
from cgraph_kit.storage import LocalStorage
from support.people import register


class Desk:
    """Where somebody brings files, and the clock is the caller's."""

    def __init__(self, database: Database, workshop: Workshop, owner: Actor) -> None:
        self.db = database
        self.workshop = workshop
        self.storage = workshop.storage
        self.owner = owner

    async def bring(self, content: bytes) -> object:
        """The id of a file that has arrived and was not looked at."""

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        limits = self.workshop.limits
        id = await open_upload(self.db, self.owner, "a", len(content), limits=limits)
        await write_piece(self.db, self.storage, self.owner, id, pieces(), offset=0, limits=limits)
        return await finish_upload(self.db, self.owner, id)

    async def keys(self, folder: str = "files") -> list[str]:
        return [one.key async for one in self.storage.list(folder)]


@pytest.fixture
async def desk(app: App, tmp_path: Path) -> AsyncIterator[Desk]:
    workshop = Workshop(app.db, LocalStorage(tmp_path), limits=Limits(media_wait_seconds=30))
    yield Desk(app.db, workshop, (await register(app)).actor)
    await workshop.close()
