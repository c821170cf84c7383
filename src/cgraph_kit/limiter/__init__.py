"""How often somebody may do something: the interface, in memory for one process, in Valkey for many.

The latter, `cgraph_kit.limiter.valkey`, is imported where there is a Valkey: it brings redis-py with it.
"""

from .address import address_key, network_of
from .base import Away, Decision, Limit, Limiter
from .fallback import FallbackLimiter
from .memory import MemoryLimiter
from .observed import ObservedLimiter, Unlimited
from .rate import parse_rate

__all__ = [
    "Away",
    "Decision",
    "FallbackLimiter",
    "Limit",
    "Limiter",
    "MemoryLimiter",
    "ObservedLimiter",
    "Unlimited",
    "address_key",
    "network_of",
    "parse_rate",
]
