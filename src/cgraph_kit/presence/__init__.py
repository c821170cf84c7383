"""Who is here: Phoenix presence, replicated over nodes, its news batched per topic."""

from .base import Payload, PresenceSettings, Scheduler, Subscriber
from .presence import Presence
from .watch import Watch

__all__ = ["Payload", "Presence", "PresenceSettings", "Scheduler", "Subscriber", "Watch"]
