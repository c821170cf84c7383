"""What happens while the store that counts for all nodes is away."""

from collections.abc import Callable

from cgraph_kit.errors import Unavailable

from .base import Away, Decision, Limit, Limiter


class FallbackLimiter:
    """Asks `shared`; while that is away does what each limit says (`Away`), with `local` to count in this process.

    `on_away` hears of every question that `shared` did not answer. `Unavailable` remains for limits that are closed.
    """

    def __init__(
        self,
        shared: Limiter,
        local: Limiter,
        on_away: Callable[[Limit], None] = lambda _limit: None,
    ) -> None:
        self._shared = shared
        self._local = local
        self._on_away = on_away

    async def check(self, key: str, limit: Limit, cost: int = 1) -> Decision:
        try:
            return await self._shared.check(key, limit, cost)
        except Unavailable:
            self._on_away(limit)
            match limit.away:
                case Away.OPEN:
                    return Decision(True, limit.count, 0.0, 0.0)
                case Away.LOCAL:
                    return await self._local.check(key, limit, cost)
                case Away.CLOSED:
                    raise

    async def forget(self, key: str, limit: Limit) -> None:
        await self._local.forget(key, limit)
        try:
            await self._shared.forget(key, limit)
        except Unavailable:
            self._on_away(limit)
            if limit.away is Away.CLOSED:
                raise
