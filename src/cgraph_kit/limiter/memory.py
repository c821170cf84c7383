"""Rate limits of one process, by the generic cell rate algorithm (ITU-T I.371, virtual scheduling).

A key is one number: the time at which it will be unused again ("theoretical arrival time"). Own lines rather than a
library, because a failed attempt must be countable before its outcome is known, hence units given back; because a flood
of new keys must not push out those that are limited; and because asking happens per message.
"""

import logging
import time
from collections.abc import Callable

from .base import Decision, Limit

log = logging.getLogger(__name__)

_SLACK = 1e-9
"""Seconds of rounding that never decide against the caller."""


class MemoryLimiter:
    """A `Limiter` that keeps at most `max_keys` keys that are in use; `clock` gives monotonic seconds.

    Past that the fullest half stays: losing a key is losing its count, so those that matter least go first.
    """

    def __init__(
        self, *, max_keys: int = 200_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_keys = max_keys
        self._clock = clock
        self._unused_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._unused_at)

    async def check(self, key: str, limit: Limit, cost: int = 1) -> Decision:
        return self.check_now(key, limit, cost)

    def check_now(self, key: str, limit: Limit, cost: int = 1) -> Decision:
        """`check`, for callers that cannot wait."""
        # Asked per message and request, so nothing here is a function of its own.
        seconds, interval = limit.seconds, limit.seconds / limit.count
        key = f"{limit.name}:{key}"
        now = self._clock()
        before = self._unused_at.get(key, now)
        before = max(before, now)
        after = before + cost * interval
        if cost > 0 and after - now > seconds + _SLACK:
            limit.affords(cost)
            free = seconds - before + now + _SLACK
            return Decision(
                False, max(0, int(free / interval)), after - seconds - now, before - now
            )
        if after <= now:
            self._unused_at.pop(key, None)
            return Decision(True, limit.count, 0.0, 0.0)
        self._unused_at[key] = after
        if len(self._unused_at) > self._max_keys:
            self._make_room(now)
        free = seconds - after + now + _SLACK
        return Decision(True, max(0, int(free / interval)), 0.0, after - now)

    async def forget(self, key: str, limit: Limit) -> None:
        self._unused_at.pop(f"{limit.name}:{key}", None)

    def _make_room(self, now: float) -> None:
        """Drop what is unused; if that is not half, the keys nearest to being unused as well."""
        self._unused_at = {key: at for key, at in self._unused_at.items() if at > now}
        surplus = len(self._unused_at) - self._max_keys // 2
        if surplus > 0:
            log.warning("rate limiter is full: forgetting %d keys", surplus)
            by_time = sorted(self._unused_at.items(), key=lambda item: item[1])
            self._unused_at = dict(by_time[surplus:])
