"""A directory as an object store."""

import asyncio
import re
import time
from contextlib import suppress
from pathlib import Path

from obstore.store import LocalStore

from .base import StorageError
from .objects import Objects

_STAGED = re.compile(r".*#\d+")
"""What the library writes to before it renames; never listed."""


class LocalStorage(Objects):
    """Objects are files below `root`, which is made when missing and closed to other users."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            store = LocalStore(self.root)
        except OSError as error:
            raise StorageError(f"{self.root}: {error.strerror or error}") from error
        super().__init__(store, str(self.root))

    async def sweep(self, *, older_than: float) -> int:
        return await asyncio.to_thread(self._sweep, time.time() - older_than)

    def _sweep(self, before: float) -> int:
        removed = 0
        for path in self.root.rglob("*#*"):
            with suppress(FileNotFoundError):  # another process was faster
                if _STAGED.fullmatch(path.name) and path.stat().st_mtime < before:
                    path.unlink()
                    removed += 1
        return removed
