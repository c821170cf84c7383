"""How often somebody may do something: the interface, in memory for one process, in Valkey for many."""

from .address import address_key, network_of
from .base import Away, Decision, Limit, Limiter
from .fallback import FallbackLimiter
from .memory import MemoryLimiter
from .observed import ObservedLimiter, Unlimited
from .rate import parse_rate
from .valkey import ValkeyLimiter

__all__ = [
    "Away",
    "Decision",
    "FallbackLimiter",
    "Limit",
    "Limiter",
    "MemoryLimiter",
    "ObservedLimiter",
    "Unlimited",
    "ValkeyLimiter",
    "address_key",
    "network_of",
    "parse_rate",
]
