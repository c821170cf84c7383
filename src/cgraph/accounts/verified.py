"""Access tokens this process has verified lately, so that most requests pay a dictionary look-up."""

from collections import OrderedDict
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from cgraph_kit.errors import Unauthorized

from .user import Actor

MAX_AGE = timedelta(seconds=60)
"""How long an answer of the database is believed where no event takes it back."""

REFUSED_AGE = timedelta(seconds=10)
"""How long a refusal of the database is, where nobody's session ends meanwhile."""


class _Entry(msgspec.Struct):
    actor: Actor
    until: datetime


class VerifiedTokens:
    """At most `size` tokens, the least recently used go first."""

    def __init__(self, size: int = 20_000) -> None:
        self._size = size
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._by_user: dict[UUID, set[str]] = {}
        self.drops = 0
        """Grows with every revocation: an answer read from the database before one is not kept after it."""

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, token: str, now: datetime) -> Actor | None:
        """Whose token this is, if that was verified less than a minute ago."""
        entry = self._entries.get(token)
        if entry is None:
            return None
        if entry.until <= now:
            self._remove(token)
            return None
        self._entries.move_to_end(token)
        return entry.actor

    def put(self, token: str, actor: Actor, *, expires: float, now: datetime, drops: int) -> None:
        """Keep a verification that began when `drops` was this; `expires` in seconds since 1970."""
        if drops != self.drops:
            return
        until = min(datetime.fromtimestamp(expires, UTC), now + MAX_AGE)
        self._entries[token] = _Entry(actor, until)
        self._by_user.setdefault(actor.id, set()).add(token)
        if len(self._entries) > self._size:
            self._remove(next(iter(self._entries)))

    def drop(self, user_id: UUID, session_ids: Collection[UUID] | None = None) -> None:
        """Forget a person's tokens, or those of some of their sessions."""
        self.drops += 1
        for token in list(self._by_user.get(user_id, ())):
            if session_ids is None or self._entries[token].actor.session_id in session_ids:
                self._remove(token)

    def clear(self) -> None:
        """Forget everybody's tokens."""
        self.drops += 1
        self._entries.clear()
        self._by_user.clear()

    def _remove(self, token: str) -> None:
        actor = self._entries.pop(token).actor
        tokens = self._by_user[actor.id]
        tokens.discard(token)
        if not tokens:
            del self._by_user[actor.id]


class _Refusal(NamedTuple):
    error: type[Unauthorized]
    until: datetime
    drops: int


class RefusedPairs:
    """Pairs whose tokens the database knows nothing of any more: whoever goes on calling with one costs it nothing.

    At most `size` of them, the oldest go first.
    """

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._entries: OrderedDict[UUID, _Refusal] = OrderedDict()

    def check(self, pair_id: UUID, now: datetime, drops: int) -> None:
        """Raise what was raised less than ten seconds ago; `drops` as in `VerifiedTokens`."""
        found = self._entries.get(pair_id)
        if found is not None and found.drops == drops and now < found.until:
            raise found.error

    def put(self, pair_id: UUID, error: Unauthorized, now: datetime, drops: int) -> None:
        """Keep a refusal."""
        self._entries[pair_id] = _Refusal(type(error), now + REFUSED_AGE, drops)
        self._entries.move_to_end(pair_id)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
