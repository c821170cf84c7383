"""Connections to a Valkey (or Redis) server, as everything here wants them: without a will of their own."""

import random

from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

BACKOFF_SECONDS = 0.05, 5.0  # shortest, longest


def connections(url: str) -> ConnectionPool:
    """Makes connections to `redis://`, `rediss://` or `unix://` with RESP2, whose answers are plain lists."""
    # No retries of redis-py's own: they would hide an outage. No socket timeout: it would run every send through
    # `asyncio.wait_for`, which can swallow a cancellation before Python 3.12; who connects finds a silent server.
    return ConnectionPool.from_url(
        url, protocol=2, retry=Retry(NoBackoff(), 0), health_check_interval=0, socket_timeout=None
    )


def backoff(failures: int) -> float:
    """Seconds; doubling, with jitter so that the nodes do not all return at once."""
    shortest, longest = BACKOFF_SECONDS
    return random.uniform(0.5, 1.0) * min(longest, shortest * 2.0**failures)  # noqa: S311 - spreads load, guards nothing
