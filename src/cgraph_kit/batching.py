"""One statement for many callers: what arrives while others are on their way to the database goes together.

A statement costs PostgreSQL mostly its start (plan, relations, indexes, commit), and the client a round trip: together
several times what the row itself costs. A `Batched` write takes arrays, one element per caller. Alone, a caller's write
leaves at the end of the tick; while `LANES` statements are under way, the next ones gather, so batches grow just as the
load does and nobody waits for company.

Writes with one key are never under way together and keep their order, and a statement meets its keys in ascending
order: if it also locks rows in the order of its input, two batches of two nodes cannot deadlock.
"""

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from .errors import Unavailable

log = logging.getLogger(__name__)

Entry = TypeVar("Entry")
Event = TypeVar("Event")
Row = TypeVar("Row", bound=msgspec.Struct)

LANES = 2
"""Statements of one write under way at once: one at work in the database, one on the wire."""
MOST = 64
"""Entries in one statement."""
PATIENCE = 0.05
"""Seconds after which a statement, waiting for somebody's lock, is no longer counted: it must not hold up others."""
MOST_WAITING = 16_384
"""Entries waiting in all; more are refused."""
MOST_WAITING_PER_KEY = 1_024
"""Entries waiting behind one key; more are refused."""


class Batched(Generic[Entry, Event]):
    """A write over arrays, and what each of its entries brings about."""

    def __init__(
        self,
        row: type[Row],
        *,
        key: Callable[[Entry], Any],
        statement: Callable[[Sequence[Entry]], tuple[str, Sequence[Any]]],
        happened: Callable[[Entry, Row], Event],
    ) -> None:
        self.row: type[msgspec.Struct] = row
        """A row of the result; its first column is the index of the entry it answers."""
        self.key = key
        """Whose order is kept; ascending, and each once, within a statement."""
        self.statement = statement
        """SQL and arguments for these entries. It must write all of them or, failing, none."""
        self.happened: Callable[[Entry, Any], Event] = happened
        """The event to publish for an entry that got a row."""


class Everything(Protocol):
    """`Repo.all`."""

    async def __call__(self, row: type[Row], sql: str, *args: Any) -> list[Row]: ...


async def run(
    all: Everything, write: Batched[Entry, Event], entries: Sequence[Entry]
) -> list[Event | None]:
    """What each entry brought about, not yet published, or None where the statement made no row for it."""
    sql, args = write.statement(entries)
    rows = await all(write.row, sql, *args)
    return _happened(write, entries, rows)


def _happened(
    write: Batched[Entry, Event], entries: Sequence[Entry], rows: Sequence[msgspec.Struct]
) -> list[Event | None]:
    index = write.row.__struct_fields__[0]
    happened: list[Event | None] = [None] * len(entries)
    for row in rows:
        n = getattr(row, index)
        happened[n] = write.happened(entries[n], row)
    return happened


class _Waiting(Generic[Entry, Event]):
    """An entry and who waits for its event."""

    __slots__ = ("entry", "future", "key")

    def __init__(self, key: Any, entry: Entry, future: "asyncio.Future[Event | None]") -> None:
        self.key = key
        self.entry = entry
        self.future = future

    def tell(self, event: Event | None) -> None:
        if not self.future.done():  # its caller may have been cancelled
            self.future.set_result(event)

    def fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Batcher(Generic[Entry, Event]):
    """The queue of one write on one pool; lives on one event loop."""

    def __init__(
        self, write: Batched[Entry, Event], all: Everything, publish: Callable[..., None]
    ) -> None:
        self._write = write
        self._all = all
        self._publish = publish
        self._waiting: dict[Any, deque[_Waiting[Entry, Event]]] = {}
        """By key; a key under way stays here, perhaps with nothing waiting."""
        self._ready: deque[Any] = deque()
        """Keys that wait and are not under way."""
        self._count = 0
        self._lanes = 0
        self._scheduled = False
        self._tasks: set[asyncio.Task[None]] = set()
        # A batch belongs to nobody: its log lines carry no request's id.
        self._context = contextvars.Context()

    def submit(self, entry: Entry) -> "asyncio.Future[Event | None]":
        """The entry's event, or None. The write goes on, and is published, even if nobody waits for it any more.

        Raises `Unavailable` when too many wait.
        """
        loop = asyncio.get_running_loop()
        key = self._write.key(entry)
        one: _Waiting[Entry, Event] = _Waiting(key, entry, loop.create_future())
        queue = self._waiting.get(key)
        if self._count >= MOST_WAITING or (queue and len(queue) >= MOST_WAITING_PER_KEY):
            raise Unavailable("too many writes are waiting")
        if queue is None:
            self._waiting[key] = deque((one,))
            self._ready.append(key)
        else:
            queue.append(one)
        self._count += 1
        self._schedule(loop)
        return one.future

    async def drained(self) -> None:
        """Return once nothing waits and nothing is under way."""
        while self._waiting:
            if self._tasks:
                await asyncio.wait(self._tasks)
            else:
                await asyncio.sleep(0)  # the next statement leaves at the end of this tick

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        # Not at once: whatever else this tick brings goes along.
        if not self._scheduled and self._ready and self._lanes < LANES:
            self._scheduled = True
            loop.call_soon(self._start, loop, context=self._context)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._scheduled = False
        keys = sorted(self._ready.popleft() for _ in range(min(MOST, len(self._ready))))
        batch = [self._waiting[key].popleft() for key in keys]
        self._count -= len(batch)
        self._lanes += 1
        task = loop.create_task(self._drive(loop, batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._schedule(loop)

    async def _drive(
        self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Waiting[Entry, Event]]
    ) -> None:
        lane = _Lane(self, loop)
        patience = loop.call_later(PATIENCE, lane.leave)
        try:
            await self._write_all(loop, batch)
        finally:
            patience.cancel()
            lane.leave()

    async def _write_all(
        self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Waiting[Entry, Event]]
    ) -> None:
        entries = [one.entry for one in batch]
        try:
            sql, args = self._write.statement(entries)
            rows = await self._all(self._write.row, sql, *args)
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, Unavailable):
                await self._write_each(loop, batch, error)
                return
            self._failed(batch, error)
        except asyncio.CancelledError:
            for one in batch:
                one.future.cancel()
            self._release(loop, batch)
            raise
        else:
            self._written(batch, entries, rows)
        self._release(loop, batch)

    async def _write_each(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: Sequence[_Waiting[Entry, Event]],
        error: Exception,
    ) -> None:
        """A statement fails whole, for one entry's sake: let each answer for itself.

        All at once: the one that waits for a lock must not hold up the others a second time.
        """
        log.warning(
            "a statement for %d failed, trying each alone: %s: %s",
            len(batch),
            type(error).__name__,
            error,
        )
        await asyncio.gather(*(self._write_all(loop, [one]) for one in batch))

    def _release(
        self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Waiting[Entry, Event]]
    ) -> None:
        """What waits behind these may go."""
        for one in batch:
            if self._waiting[one.key]:
                self._ready.append(one.key)
            else:
                del self._waiting[one.key]
        self._schedule(loop)

    def _failed(self, batch: Sequence[_Waiting[Entry, Event]], error: Exception) -> None:
        for one in batch:
            # Each raises its own: tracebacks are written into them.
            one.fail(Unavailable(error.message) if isinstance(error, Unavailable) else error)

    def _written(
        self,
        batch: Sequence[_Waiting[Entry, Event]],
        entries: Sequence[Entry],
        rows: Sequence[msgspec.Struct],
    ) -> None:
        # Committed: whatever goes wrong from here on must not lead to another try.
        try:
            events = _happened(self._write, entries, rows)
        except Exception as error:
            log.exception("what a statement wrote could not be told")
            for one in batch:
                one.fail(error)
            return
        for event in events:
            if event is not None:
                self._publish(
                    event
                )  # one by one: what fails to be told keeps nothing from strangers
        for one, event in zip(batch, events, strict=True):
            one.tell(event)

    def leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """A statement gives its lane back."""
        self._lanes -= 1
        self._schedule(loop)


class _Lane:
    """One statement's place among those under way; given back once."""

    __slots__ = ("_batcher", "_loop")

    def __init__(self, batcher: Batcher[Any, Any], loop: asyncio.AbstractEventLoop) -> None:
        self._batcher: Batcher[Any, Any] | None = batcher
        self._loop = loop

    def leave(self) -> None:
        batcher, self._batcher = self._batcher, None
        if batcher is not None:
            batcher.leave(self._loop)
