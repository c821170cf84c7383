"""The order of one topic's durable messages, whatever order they come in."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Sequence(Generic[T]):
    """Lets items through in the order of their numbers, each once, and knows when one is missing.

    Where it begins is learned from the first `start`: until then everything offered is kept.
    """

    __slots__ = ("_early", "_keep", "cursor", "target")

    def __init__(self, keep: int) -> None:
        self.cursor: int | None = None
        """The last number let through; None: not known where to begin."""
        self.target = 0
        """The highest number known to exist."""
        self._keep = keep
        self._early: dict[int, T] | None = None

    @property
    def incomplete(self) -> bool:
        """Some number up to `target` is missing."""
        return self.cursor is not None and self.target > self.cursor

    def offer(self, seq: int, item: T) -> list[T]:
        """What may go out now, in order: nothing if `seq` has been, or while an earlier one is missing.

        Of what comes early only `keep` items are kept; the others count as missing.
        """
        self.expect(seq)
        cursor = self.cursor
        if cursor is not None and seq == cursor + 1:
            self.cursor = seq
            return [item, *self._drain()] if self._early else [item]
        if cursor is None or seq > cursor:
            self._keep_early(seq, item)
        return []

    def start(self, seq: int) -> list[T]:
        """Someone has read the log up to `seq`: begin there, or, if begun, know that it goes that far."""
        self.expect(seq)
        if self.cursor is not None:
            return []
        self.cursor = seq
        return self._drain()

    def adopt(self) -> list[T]:
        """Nobody knows where it begins: with the lowest that came."""
        if self.cursor is None and self._early:
            return self.start(min(self._early) - 1)
        return []

    def expect(self, seq: int) -> None:
        """The log goes that far."""
        self.target = max(self.target, seq)

    def reset(self) -> None:
        """Forget everything: it cannot be continued."""
        self.cursor, self.target, self._early = None, 0, None

    def _keep_early(self, seq: int, item: T) -> None:
        if self._early is None:
            self._early = {}
        if len(self._early) < self._keep:
            self._early[seq] = item

    def _drain(self) -> list[T]:
        early, cursor = self._early, self.cursor
        ready: list[T] = []
        if early is None or cursor is None:
            return ready
        while (item := early.pop(cursor + 1, None)) is not None:
            cursor += 1
            ready.append(item)
        self.cursor = cursor
        self._early = {seq: item for seq, item in early.items() if seq > cursor} or None
        return ready
