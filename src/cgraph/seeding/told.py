"""How far it has got."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Done, of how many in all, and what is being made."""


class Told:
    """Counts what is written, and tells."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def more(self, count: int, what: str) -> None:
        """So many more are there."""
        self._done += count
        self._progress(self._done, self._total, what)
