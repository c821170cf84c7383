"""A directory as an object store."""

import asyncio
import re
import time
from contextlib import suppress
from pathlib import Path

from obstore.store import LocalStore

from .objects import Objects

_STAGED = re.compile(r".*#\d+")
"""What the library writes to before it renames; never listed."""


class LocalStorage(Objects):
    """Objects are files below `root`, which is made with the first of them, and closed to other users; so is each folder
    in it, for the root may be a directory that others made, and may look into.

    Not before: whoever only looks (root, say, for whom nothing is closed) must not become its owner.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._opened: LocalStore | None = None
        super().__init__(str(self.root))

    @property
    def _store(self) -> LocalStore:
        if self._opened is None:
            self._opened = LocalStore(self.root.resolve(strict=True))
        return self._opened

    def _prepare(self, key: str) -> None:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder, slash, _ = key.partition("/")
        if slash:
            (self.root / folder).mkdir(mode=0o700, exist_ok=True)

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
