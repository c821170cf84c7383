"""What waits for a client that does not read: bounded, and knowing what may be thrown away."""

import msgspec

from .topic import Event

_CHUNK = 64 * 1024


class Entry(msgspec.Struct, gc=False):
    """A packed frame on its way out. Those without an event (replies, pushes) must arrive."""

    order: int
    data: bytes
    event: Event | None


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
        event = entry.event
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
            size += len(entry.data)
            if size >= _CHUNK:
                break
        for entry in taken:
            self._remove(entry.order)
        return b"".join([entry.data for entry in taken]), len(taken)

    def _fits(self, entry: Entry) -> bool:
        return self.size + len(entry.data) <= self._limit and len(self._entries) < self._frames

    def _put(self, entry: Entry) -> None:
        self._entries[entry.order] = entry
        self.size += len(entry.data)
        if (event := entry.event) is None:
            return
        if event.key is not None:
            self._coalesced[event.topic, event.key] = entry.order
        elif event.ephemeral:
            self._ephemeral.add(entry.order)

    def _remove(self, order: int) -> Entry:
        entry = self._entries.pop(order)
        self.size -= len(entry.data)
        self._ephemeral.discard(order)
        if entry.event is not None and entry.event.key is not None:
            del self._coalesced[entry.event.topic, entry.event.key]
        return entry

    def _supersede(self, key: tuple[bytes, str]) -> None:
        if (old := self._coalesced.get(key)) is not None:
            self._remove(old)
            self.dropped += 1

    def _drop_ephemeral(self) -> None:
        for order in list(self._ephemeral):
            if (event := self._remove(order).event) is not None:
                self._note_lost(event)

    def _note_lost(self, event: Event) -> None:
        self.dropped += 1
        self.lost.add(event.topic)
