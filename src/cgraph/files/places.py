"""A few places for work, given in turn to the people who wait, so that nobody's many hold up somebody's one."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID


class Places:
    """Places of one process. One person never has the last of several: whoever else comes begins at once, or next."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._most = max(1, count - 1)
        self._held: Counter[UUID | None] = Counter()
        self._waiting: OrderedDict[UUID | None, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def place(self, owner: UUID | None) -> AsyncIterator[None]:
        """Wait for one, and have it until the end."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(turn)
        self._give()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(owner, turn)
            else:  # it was given just now
                self._leave(owner)
            raise
        try:
            yield
        finally:
            self._leave(owner)

    def _give(self) -> None:
        """To whoever has waited longest since they were last given one."""
        while self._free:
            next_ones = [one for one in self._waiting if self._held[one] < self._most]
            if not next_ones:
                return
            owner = next_ones[0]
            turn = self._waiting[owner].popleft()
            if self._waiting[owner]:
                self._waiting.move_to_end(owner)
            else:
                del self._waiting[owner]
            self._held[owner] += 1
            self._free -= 1
            turn.set_result(None)

    def _leave(self, owner: UUID | None) -> None:
        self._free += 1
        self._held[owner] -= 1
        if not self._held[owner]:
            del self._held[owner]
        self._give()

    def _forget(self, owner: UUID | None, turn: "asyncio.Future[None]") -> None:
        self._waiting[owner].remove(turn)
        if not self._waiting[owner]:
            del self._waiting[owner]
