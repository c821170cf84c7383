"""Chance that comes out the same each time: what is likely, when things happen, and ids that tell when."""

from bisect import bisect
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")

DAYS = 730
"""How far back everything goes."""
_RHYTHM = (3, 2, 1, 1, 1, 2, 4, 7, 10, 11, 11, 12, 13, 12, 12, 12, 13, 14, 16, 18, 19, 17, 12, 7)
"""How much is said in each hour of the day."""
_RHYTHMS = list(accumulate(_RHYTHM))
_HOURS = range(24)
_GROWTH = 0.75
"""Below 1: more lately than long ago."""
_DAY = 86_400


class Dice(Random):
    """Random numbers of one part of the work: what one part draws moves no other."""

    def __init__(self, seed: int, part: str) -> None:
        super().__init__(f"{seed}/{part}")

    def chance(self, probability: float) -> bool:
        """Whether it happens."""
        return self.random() < probability

    def id(self, at: datetime) -> UUID:
        """A UUIDv7 (RFC 9562) of that time."""
        milliseconds = int(at.timestamp() * 1000)
        bits = self.getrandbits(74)
        return UUID(
            int=milliseconds << 80 | 7 << 76 | bits >> 62 << 64 | 2 << 62 | bits % (1 << 62)
        )

    def heavy(self, mean: float, most: int) -> int:
        """A count that is mostly small and now and then large (Pareto), of about this mean."""
        return min(int(mean * 0.5 * (self.paretovariate(1.6) - 0.5)), most)

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """Different ones, in any order."""
        return self.sample(choices, min(count, len(choices)))


class Odds:
    """How often which of some outcomes comes."""

    def __init__(self, **weights: float) -> None:
        self._outcomes = tuple(weights)
        self._weights = list(accumulate(weights.values()))

    def draw(self, dice: Dice) -> str:
        """One of them."""
        weights = self._weights
        return self._outcomes[bisect(weights, dice.random() * weights[-1], 0, len(weights) - 1)]


class Crowd:
    """People of whom few do most: the first the most, by a power law."""

    def __init__(self, members: Sequence[int], exponent: float = 0.9) -> None:
        self.members = members
        self._weights = list(accumulate(1 / (n + 1) ** exponent for n in range(len(members))))

    def draw(self, dice: Dice, count: int) -> list[int]:
        """Some of them, over and over."""
        return dice.choices(self.members, cum_weights=self._weights, k=count)

    def one(self, dice: Dice) -> int:
        """One of them."""
        weights = self._weights
        return self.members[bisect(weights, dice.random() * weights[-1], 0, len(weights) - 1)]


class Calendar:
    """When things happen: over two years until a day, more by day than by night, more lately than long ago."""

    def __init__(self, until: datetime) -> None:
        self.until = until.replace(hour=0, minute=0, second=0, microsecond=0)
        self.start = self.until - timedelta(days=DAYS)
        self._start = self.start.timestamp()

    def moments(self, dice: Dice, count: int, after: datetime | None = None) -> list[datetime]:
        """So many moments in order, all after that one where one is given."""
        first = 0 if after is None else max(int((after.timestamp() - self._start) // _DAY), 0)
        days = DAYS - first
        hours = dice.choices(_HOURS, cum_weights=_RHYTHMS, k=count)
        seconds = sorted(
            (first + int(days * dice.random() ** _GROWTH)) * _DAY + (hour + dice.random()) * 3600
            for hour in hours
        )
        found = [datetime.fromtimestamp(self._start + second, UTC) for second in seconds]
        if after is None:
            return found
        return [max(at, after + timedelta(seconds=n + 1)) for n, at in enumerate(found)]

    def moment(self, dice: Dice, after: datetime | None = None) -> datetime:
        """One."""
        return self.moments(dice, 1, after)[0]

    def soon(self, dice: Dice, after: datetime, count: int, hours: float) -> list[datetime]:
        """So many moments in order within some hours of one, none of them later than everything ends."""
        last = min(after + timedelta(hours=hours), self.until)
        room = max((last - after).total_seconds(), 1.0)
        return [
            after + timedelta(seconds=seconds)
            for seconds in sorted(room * dice.random() ** 2.5 for _ in range(count))
        ]

    def later(self, at: datetime, **by: float) -> datetime:
        """So much later, but not after the end."""
        return min(at + timedelta(**by), self.until)


def parted(total: int, weights: Sequence[float]) -> list[int]:
    """A whole number in parts of these weights; what rounding leaves goes to the first."""
    parts = [int(total * weight / sum(weights)) for weight in weights]
    parts[0] += total - sum(parts)
    return parts
