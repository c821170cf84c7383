"""What waits for a client that does not read: bounded, and knowing what may be thrown away."""

from typing import TypeAlias

from .topic import Event

_CHUNK = 64 * 1024


Entry: TypeAlias = tuple[int, bytes, Event | None]
"""Order, packed frame, and the event it tells. Those without an event (replies, pushes) must arrive."""


class Outbox:
    """In order; of a coalesced key only the newest, at its own place."""

    __slots__ = (
        "_coalesced",
        "_entries",
        "_ephemeral",
        "_frames",
        "_limit",
        "dropped",
        "lost",
        "size",
    )

    def __init__(self, limit: int, frames: int) -> None:
        """At most `limit` bytes and so many frames, except that one frame of any size fits if it is alone."""
        self._limit = limit
        self._frames = frames
        self._entries: dict[int, Entry] = {}
        self._coalesced: dict[tuple[bytes, str], int] = {}
        self._ephemeral: set[int] = set()
        self.size = 0
        self.dropped = 0
        """Entries thrown away so far, superseded ones included."""
        self.lost: set[bytes] = set()
        """Topics (as JSON) whose ephemeral messages were thrown away."""

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(self, entry: Entry) -> bool:
        """False: over the limit even after everything ephemeral was thrown away."""
        event = entry[2]
        if event is not None and event.key is not None:
            self._supersede((event.topic, event.key))
        if not self._fits(entry):
            self._drop_ephemeral()
        if self._fits(entry) or not self._entries:
            self._put(entry)
        elif event is not None and event.ephemeral:
            self._note_lost(event)
        else:
            return False
        return True

    def take(self) -> tuple[bytes, int]:
        """The oldest frames joined, some 64 KiB of them, and how many."""
        taken: list[Entry] = []
        size = 0
        for entry in self._entries.values():
            taken.append(entry)
            size += len(entry[1])
            if size >= _CHUNK:
                break
        for entry in taken:
            self._remove(entry[0])
        return b"".join([entry[1] for entry in taken]), len(taken)

    def _fits(self, entry: Entry) -> bool:
        return self.size + len(entry[1]) <= self._limit and len(self._entries) < self._frames

    def _put(self, entry: Entry) -> None:
        order, data, event = entry
        self._entries[order] = entry
        self.size += len(data)
        if event is None:
            return
        if event.key is not None:
            self._coalesced[event.topic, event.key] = order
        elif event.ephemeral:
            self._ephemeral.add(order)

    def _remove(self, order: int) -> Event | None:
        _, data, event = self._entries.pop(order)
        self.size -= len(data)
        self._ephemeral.discard(order)
        if event is not None and event.key is not None:
            del self._coalesced[event.topic, event.key]
        return event

    def _supersede(self, key: tuple[bytes, str]) -> None:
        if (old := self._coalesced.get(key)) is not None:
            self._remove(old)
            self.dropped += 1

    def _drop_ephemeral(self) -> None:
        for order in list(self._ephemeral):
            if (event := self._remove(order)) is not None:
                self._note_lost(event)

    def _note_lost(self, event: Event) -> None:
        self.dropped += 1
        self.lost.add(event.topic)
