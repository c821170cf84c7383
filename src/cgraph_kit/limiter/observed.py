"""Limits that are watched rather than enforced, and none at all."""

from collections.abc import Callable

from .base import Decision, Limit, Limiter


class ObservedLimiter:
    """Tells `on_limited` of every refusal; with `enforce` false everything is allowed all the same: a dry run."""

    def __init__(
        self, limiter: Limiter, on_limited: Callable[[Limit], None], *, enforce: bool = True
    ) -> None:
        self._limiter = limiter
        self._on_limited = on_limited
        self._enforce = enforce

    async def check(self, key: str, limit: Limit, cost: int = 1) -> Decision:
        decision = await self._limiter.check(key, limit, cost)
        if decision.allowed:
            return decision
        self._on_limited(limit)
        return decision if self._enforce else _allowed(decision)

    async def forget(self, key: str, limit: Limit) -> None:
        await self._limiter.forget(key, limit)


class Unlimited:
    """A `Limiter` that allows everything and counts nothing."""

    async def check(self, key: str, limit: Limit, cost: int = 1) -> Decision:  # noqa: ARG002
        return Decision(True, limit.count, 0.0, 0.0)

    async def forget(self, key: str, limit: Limit) -> None:
        pass


def _allowed(decision: Decision) -> Decision:
    return Decision(True, decision.remaining, 0.0, decision.reset_after)
