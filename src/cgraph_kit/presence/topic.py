"""The people of one topic, and what its subscribers have not heard yet."""

from collections.abc import Iterator, Mapping

import msgspec

from .base import Payload
from .entry import Entry

People = dict[str, dict[str, bytes]]  # key -> phx_ref -> meta as JSON; both oldest first


class Topic:
    """The oldest `limit` people are shown, the others only counted: everybody sees the same, so frames are shared.

    The pending diff leads from what was last taken to what is shown now; a ref that came and went in between, or
    went and came, is in neither side, because a client applies joins before leaves.
    """

    __slots__ = ("_hidden", "_joins", "_leaves", "_limit", "_shown", "_state", "_told_count")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._shown: People = {}
        self._hidden: People = {}
        self._joins: People = {}
        self._leaves: People = {}
        self._state: Payload | None = None
        self._told_count: int | None = None

    def __len__(self) -> int:
        return len(self._shown) + len(self._hidden)

    def __contains__(self, key: str) -> bool:
        return key in self._shown or key in self._hidden

    def __iter__(self) -> Iterator[str]:
        yield from self._shown
        yield from self._hidden

    def metas(self, key: str) -> list[bytes]:
        return list((self._shown.get(key) or self._hidden.get(key) or {}).values())

    def people(self) -> People:
        """Everybody, also those who are not shown; a copy."""
        return {key: dict(metas) for key, metas in (*self._shown.items(), *self._hidden.items())}

    def add(self, entry: Entry) -> None:
        key = entry.key
        if key not in self._shown and (key in self._hidden or len(self._shown) >= self._limit):
            self._hidden.setdefault(key, {})[entry.ref] = entry.meta
            return
        self._shown.setdefault(key, {})[entry.ref] = entry.meta
        self._show(key, entry.ref, entry.meta)

    def remove(self, entry: Entry) -> None:
        key = entry.key
        if key in self._shown:
            if not _discard(self._shown, key, entry.ref):
                return
            self._state = None
            if not _discard(self._joins, key, entry.ref):
                self._leaves.setdefault(key, {})[entry.ref] = entry.meta
            self._fill()
        else:
            _discard(self._hidden, key, entry.ref)

    @property
    def has_news(self) -> bool:
        return bool(self._joins or self._leaves) or self._count_differs()

    def state(self) -> Payload:
        """What `presence_state` says, encoded once until somebody comes or goes."""
        if self._state is None:
            self._state = Payload(encode_people(self._shown))
        return self._state

    def forget_frames(self) -> None:
        """The state has been told: keep it, but not as it went out to whom."""
        if self._state is not None:
            self._state.frames.clear()

    def take_diff(self) -> bytes | None:
        """The payload of `presence_diff` since the last call; None when nothing shown has changed."""
        if not self._joins and not self._leaves:
            return None
        diff = b'{"joins":%b,"leaves":%b}' % (
            encode_people(self._joins),
            encode_people(self._leaves),
        )
        self._joins, self._leaves = {}, {}
        return diff

    def forget_news(self) -> None:
        """Nobody watches, so nobody will ask for what has changed."""
        self._joins, self._leaves, self._told_count = {}, {}, None

    def count(self) -> bytes | None:
        """The payload of `presence_count` while not everybody is shown, and once more when they are again."""
        if not self._hidden and self._told_count is None:
            return None
        return b'{"count":%d}' % len(self)

    def take_count(self) -> bytes | None:
        """`count`, if it differs from what was last taken."""
        if not self._count_differs():
            return None
        payload = self.count()
        self._told_count = len(self) if self._hidden else None
        return payload

    def _count_differs(self) -> bool:
        return self.count() is not None and self._told_count != len(self)

    def _show(self, key: str, ref: str, meta: bytes) -> None:
        self._state = None
        if not _discard(self._leaves, key, ref):
            self._joins.setdefault(key, {})[ref] = meta

    def _fill(self) -> None:
        """Whoever waited longest takes a place that has become free."""
        while self._hidden and len(self._shown) < self._limit:
            key = next(iter(self._hidden))
            metas = self._shown[key] = self._hidden.pop(key)
            for ref, meta in metas.items():
                self._show(key, ref, meta)


def _discard(people: People, key: str, ref: str) -> bool:
    metas = people.get(key)
    if metas is None or metas.pop(ref, None) is None:
        return False
    if not metas:
        del people[key]
    return True


def encode_people(people: Mapping[str, Mapping[str, bytes]]) -> bytes:
    """As `presence_state` has them."""
    return b"{%b}" % b",".join(
        b'%b:{"metas":[%b]}' % (msgspec.json.encode(key), b",".join(metas.values()))
        for key, metas in people.items()
    )
