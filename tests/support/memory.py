"""Directories of a test run, in memory where the machine allows."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "cgraph-tests-"


def _parent() -> Path:
    memory = Path("/dev/shm")  # noqa: S108 (a RAM disk where there is one)
    return memory if memory.is_dir() else Path(tempfile.gettempdir())


@contextmanager
def in_memory() -> Iterator[Path]:
    """An empty directory of this process, removed when it is left; `clear` does it where the process was killed."""
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_parent()))
    held = os.open(path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(held)


def clear() -> None:
    """Remove what killed runs have left: the kernel has let go of their locks, and a living run holds its own."""
    for path in _parent().glob(f"{PREFIX}*"):
        with suppress(OSError):  # another run is removing it, or it is another user's
            _remove_unheld(path)


def _remove_unheld(path: Path) -> None:
    if not any(path.iterdir()):
        return  # perhaps just made, and about to be locked
    held = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(held)
