"""What has happened, told to everyone in this process who wants to know."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)

Listener = Callable[[Sequence[Any]], None]


class Happenings:
    """The events of each commit, handed to every listener at once and in order."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def tell(self, events: Sequence[Any]) -> None:
        """A failing listener is logged and keeps nothing from the others: what happened is committed."""
        for listener in self._listeners:
            try:
                listener(events)
            except Exception:
                log.exception("a listener failed")

    @contextmanager
    def listener(self, listener: Listener) -> Iterator[None]:
        """Listen until the block ends."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)
