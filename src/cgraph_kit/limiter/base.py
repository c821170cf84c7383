"""What a rate limiter is asked, and what it answers."""

from enum import Enum
from typing import Protocol, Self

import msgspec

from .rate import parse_rate


class Away(Enum):
    """What becomes of a question while the store that counts is away."""

    CLOSED = "closed"
    """Nobody may: what must never go uncounted, such as guesses at a password."""
    LOCAL = "local"
    """Each process counts for itself: writes."""
    OPEN = "open"
    """Everybody may: reads."""


class Limit(msgspec.Struct, frozen=True):
    """So many of something in so many seconds: all at once if need be, then one each `seconds / count`."""

    name: str
    """Keeps this limit's keys apart from those of others."""
    count: int
    seconds: float
    away: Away = Away.CLOSED

    @classmethod
    def parse(cls, name: str, rate: str, away: Away = Away.CLOSED) -> Self:
        """From a rate such as "60/min". Raises `ValueError`."""
        count, seconds = parse_rate(rate)
        return cls(name, count, seconds, away)

    @property
    def interval(self) -> float:
        """Seconds in which one unit comes back."""
        return self.seconds / self.count

    def affords(self, cost: int) -> None:
        """Raises `ValueError` for a cost that could never be allowed."""
        if cost > self.count:
            raise ValueError(f"{self.name}: a cost of {cost} exceeds the limit of {self.count}")


class Decision(msgspec.Struct, frozen=True, gc=False):
    """Whether it may happen, and what to tell the caller; times in seconds."""

    allowed: bool
    remaining: int
    """Units that could be taken right now, after this."""
    retry_after: float
    """When the same would be allowed; 0 where it is."""
    reset_after: float
    """When every unit is back."""


class Limiter(Protocol):
    """Counts by key, exactly: one atomic step per question, whoever else asks meanwhile.

    Where its store is away, `check` raises `Unavailable`; `FallbackLimiter` does what each limit's `away` says instead.
    """

    async def check(self, key: str, limit: Limit, cost: int = 1) -> Decision:
        """Take `cost` units of a key if they are there, all or none.

        A negative cost gives units back and is always allowed; so is 0, which only looks. A cost above the limit's
        count could never be allowed: `ValueError`.
        """
        ...

    async def forget(self, key: str, limit: Limit) -> None:
        """Give a key everything back."""
        ...
