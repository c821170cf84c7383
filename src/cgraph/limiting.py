"""Where a node counts what people ask of it, and whether it means it."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module

from cgraph_kit import telemetry
from cgraph_kit.limiter import (
    FallbackLimiter,
    Limit,
    Limiter,
    MemoryLimiter,
    ObservedLimiter,
    Unlimited,
)

from .settings import Settings

log = logging.getLogger(__name__)

_HITS = telemetry.counter(
    "rate_limit_hits_total", "What a rate limit has refused, by scope.", ("scope",)
)
_DRY_HITS = telemetry.counter(
    "rate_limit_dry_run_hits_total",
    "What a rate limit would have refused, were it not a dry run, by scope.",
    ("scope",),
)
_FALLBACKS = telemetry.counter(
    "rate_limit_fallbacks_total",
    "Questions decided without Valkey, by scope, and how: open, local or closed.",
    ("scope", "policy"),
)


@asynccontextmanager
async def limiting(settings: Settings) -> AsyncIterator[Limiter]:
    """The limiter of this node as the operator wants it. Raises `ConnectionError` where Valkey does not answer."""
    if settings.rate_limits == "off":
        log.warning("rate limits are off: nobody is limited, not even guesses at passwords")
        yield Unlimited()
        return
    enforce = settings.rate_limits == "on"
    hits = _HITS if enforce else _DRY_HITS
    async with AsyncExitStack() as stack:
        store = await _store(stack, settings)
        yield ObservedLimiter(store, lambda limit: hits.labels(limit.name).inc(), enforce=enforce)


async def _store(stack: AsyncExitStack, settings: Settings) -> Limiter:
    if not settings.valkey_url:
        return MemoryLimiter()
    # Loaded here, because redis-py is a tenth of what a command loads, and most nodes have no Valkey.
    valkey = import_module("cgraph_kit.limiter.valkey")
    shared = await valkey.ValkeyLimiter.connect(settings.valkey_url, prefix="cgraph:limit:")
    stack.push_async_callback(shared.close)
    return FallbackLimiter(shared, MemoryLimiter(), _count_fallback)


def _count_fallback(limit: Limit) -> None:
    _FALLBACKS.labels(limit.name, limit.away.value).inc()
