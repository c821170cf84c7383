"""How often somebody may do something: the interface, and its in-memory implementation."""

from .address import network_of
from .base import Decision, Limit, Limiter
from .memory import MemoryLimiter

__all__ = ["Decision", "Limit", "Limiter", "MemoryLimiter", "network_of"]
