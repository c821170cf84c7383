"""Rate limits that all nodes share, in a Valkey (or Redis) server.

The algorithm of `memory`, as one script: one step, and by the server's clock, so that nodes whose clocks differ count
alike. Times are whole microseconds, below 2^53, so Lua's numbers are exact.
"""

import hashlib
import logging
import math
from typing import Self

from redis.exceptions import NoScriptError, RedisError, ResponseError

from cgraph_kit.errors import Unavailable

from .base import Decision, Limit
from .valkey_link import PATIENCE, Link

log = logging.getLogger(__name__)

_MICRO = 1_000_000

# A time further away than the limit's period is from before the limit, or the server's clock, was changed.
SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, count, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local period = interval * count
local unused_at = tonumber(redis.call('GET', KEYS[1]) or now)
local before = math.min(math.max(now, unused_at), now + period)
local after = math.max(now, before + cost * interval)
local wait = after - period - now
if wait > 0 and cost > 0 then
  return {0, math.floor((period - before + now) / interval), wait, before - now}
end
if after > now then
  redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
else
  redis.call('DEL', KEYS[1])
end
return {1, math.floor((period - after + now) / interval), 0, after - now}
"""
_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


class ValkeyLimiter:
    """A `Limiter` made by `connect`. A unit comes back in whole microseconds, rounded up."""

    def __init__(self, link: Link, prefix: str) -> None:
        self._link = link
        self._prefix = prefix

    @classmethod
    async def connect(cls, url: str, *, prefix: str = "limit:", patience: float = PATIENCE) -> Self:
        """`url` as redis-py reads it; `prefix` keeps installations apart that share the server.

        A server that answers nothing for `patience` seconds counts as away until it answers again. Raises
        `ConnectionError` when none answers now.
        """
        return cls(await Link.open(url, patience=patience), prefix)

    async def close(self) -> None:
        await self._link.close()

    async def check(self, key: str, limit: Limit, cost: int = 1) -> Decision:
        limit.affords(cost)
        interval = math.ceil(limit.interval * _MICRO)
        arguments = (1, f"{self._prefix}{limit.name}:{key}", interval, limit.count, cost)
        try:
            try:
                answer = await self._link.ask("EVALSHA", _SHA, *arguments)
            except NoScriptError:  # a new server, or somebody has flushed its scripts
                answer = await self._link.ask("EVAL", SCRIPT, *arguments)
        except ResponseError as error:
            log.warning("the rate limiter's server refuses: %s", error)
            raise _away() from None
        except (RedisError, OSError):
            raise _away() from None
        allowed, remaining, wait, reset = answer
        return Decision(bool(allowed), remaining, wait / _MICRO, reset / _MICRO)

    async def forget(self, key: str, limit: Limit) -> None:
        try:
            await self._link.ask("DEL", f"{self._prefix}{limit.name}:{key}")
        except (RedisError, OSError):
            raise _away() from None


def _away() -> Unavailable:
    return Unavailable("requests cannot be counted right now")
