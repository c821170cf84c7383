"""How long it takes: from an event's turn to its reply, and from what is said to the sockets."""

import logging
from functools import lru_cache

from prometheus_client import Histogram

from cgraph_kit import telemetry

_log = logging.getLogger(__name__)

_EVENTS = telemetry.histogram(
    "channel_event_seconds",
    "Seconds from the turn of a client's event to its reply.",
    ("topic", "event"),
)
FANOUT = telemetry.histogram(
    "realtime_fanout_seconds",
    "Seconds from the first thing said in a tick until all of it was written to the sockets.",
    buckets=(0.0001, 0.00025, 0.0005, *telemetry.LATENCY),
)


def observe(topic: str, event: str, seconds: float, slow: float) -> None:
    """Count a handled event, and tell of one that took `slow` seconds or more. `topic` is a pattern: few series."""
    _bound(topic, event).observe(seconds)
    if seconds >= slow:
        fields = {"topic": topic, "event_name": event, "ms": round(seconds * 1000)}
        _log.warning("slow channel event", extra=fields)


@lru_cache(maxsize=1024)
def _bound(topic: str, event: str) -> Histogram:
    return _EVENTS.labels(topic, event)
