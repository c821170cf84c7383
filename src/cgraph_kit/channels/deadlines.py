"""Time-outs for thousands of connections at the price of one timer: a coarse wheel instead of a timer each."""

import asyncio
import logging
from abc import ABC, abstractmethod

log = logging.getLogger(__name__)


class Watched(ABC):
    """What a wheel looks at now and then. A subclass sets `bucket` to None before it is watched."""

    __slots__ = ("bucket",)
    bucket: "set[Watched] | None"

    @abstractmethod
    def look(self, now: float) -> float | None:
        """The time has come to look: answers when to look again (loop time), or None to be left alone."""


class Deadlines:
    """Calls `look` on what it watches, never before the time asked for and at most one tick after.

    It ticks only while it watches something, so an idle process sleeps. One instance serves one event loop.
    """

    __slots__ = ("_buckets", "_loop", "_next", "now", "tick")

    def __init__(self, tick: float = 0.5) -> None:
        self.tick = tick
        """Seconds between two ticks."""
        self.now = 0.0
        """Loop time of the last tick: cheap to read per message, and at most one tick behind."""
        self._buckets: dict[int, set[Watched]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next = 0

    def watch(self, subject: Watched, seconds: float) -> None:
        """Looks at `subject` in so many seconds; if it was watched already, only the new time counts."""
        self.unwatch(subject)
        loop = self._loop or self._start()
        self._put(subject, loop.time() + seconds)

    def unwatch(self, subject: Watched) -> None:
        if subject.bucket is not None:
            subject.bucket.discard(subject)
            subject.bucket = None

    def _put(self, subject: Watched, at: float) -> None:
        key = max(int(at / self.tick) + 1, self._next)
        bucket = self._buckets.setdefault(key, set())
        bucket.add(subject)
        subject.bucket = bucket

    def _start(self) -> asyncio.AbstractEventLoop:
        loop = self._loop = asyncio.get_running_loop()
        self.now = loop.time()
        self._next = int(self.now / self.tick) + 1
        loop.call_at(self._next * self.tick, self._turn, loop)
        return loop

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now = loop.time()
        last = int(self.now / self.tick)
        due = [self._buckets.pop(key, None) for key in range(self._next, last + 1)]
        self._next = last + 1
        for bucket in due:
            for subject in list(bucket or ()):
                if subject.bucket is bucket:  # else an earlier one in this turn let go of it
                    subject.bucket = None
                    self._look(subject)
        if self._buckets:
            loop.call_at(self._next * self.tick, self._turn, loop)
        else:
            self._loop = None

    def _look(self, subject: Watched) -> None:
        try:
            again = subject.look(self.now)
        except Exception:
            log.exception("a time-out failed")
            return
        if again is not None:
            self._put(subject, again)
