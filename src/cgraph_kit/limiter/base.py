"""What a rate limiter is asked, and what it answers."""

from typing import Protocol

import msgspec


class Limit(msgspec.Struct, frozen=True):
    """So many of something in so many seconds: all at once if need be, then one each `seconds / count`."""

    name: str
    """Keeps this limit's keys apart from those of others."""
    count: int
    seconds: float

    @property
    def interval(self) -> float:
        """Seconds in which one unit comes back."""
        return self.seconds / self.count


class Decision(msgspec.Struct, frozen=True):
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

    Where its store is away, `check` raises `Unavailable`; callers decide what that means for them.
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
