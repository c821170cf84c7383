"""How long it takes: from an event's turn to its end, and from what is said to the sockets."""

import logging
from functools import lru_cache
from time import perf_counter
from types import TracebackType
from typing import Any, Self

from prometheus_client import Histogram

from cgraph_kit import telemetry, tracing
from cgraph_kit.errors import Error
from cgraph_kit.logging import about

_log = logging.getLogger(__name__)

_EVENTS = telemetry.histogram(
    "channel_event_seconds",
    "Seconds from the turn of a client's event, or join, until it was handled.",
    ("topic", "event"),
)
FANOUT = telemetry.histogram(
    "realtime_fanout_seconds",
    "Seconds from the first thing said in a tick until all of it was written to the sockets.",
    buckets=(0.0001, 0.00025, 0.0005, *telemetry.LATENCY),
)


def enter(topic: str, event: str) -> dict[str, Any]:
    """From here on, lines this task writes are about that event of a client. What they are about, to be added to."""
    now = {**about.get(), "topic": topic, "event_name": event}
    about.set(now)
    return now


class Handling:
    """One event of a client, while it is handled by a task of its own: logs, metrics and traces are about it.

    `pattern`: the channel's topic, for metrics and the span's name, which take few values; `slow`: seconds from which it is
    told about.
    """

    __slots__ = ("_event", "_opened", "_pattern", "_slow", "_span", "_started", "_topic")
    _opened: tracing.Opened
    _span: tracing.Span

    def __init__(self, pattern: str, topic: str, event: str, slow: float) -> None:
        self._pattern = pattern
        self._topic = topic
        self._event = event
        self._slow = slow
        self._started = perf_counter()

    def __enter__(self) -> Self:
        now = enter(self._topic, self._event)
        self._opened = tracing.root(f"{self._pattern} {self._event}", "server", now)
        self._span = self._opened.__enter__()
        if self._span.trace_id:
            now["trace_id"] = self._span.trace_id
        return self

    def failed(self, error: BaseException) -> None:
        """It raised: that is not always our fault."""
        if isinstance(error, Error):
            self._span.set({"refused": error.code})
        else:
            self._span.fail(type(error).__name__)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        seconds = perf_counter() - self._started
        _bound(self._pattern, self._event).observe(seconds)
        if seconds >= self._slow:
            _log.warning("slow channel event", extra={"ms": round(seconds * 1000)})
        self._opened.__exit__(kind, error, traceback)


@lru_cache(maxsize=1024)
def _bound(topic: str, event: str) -> Histogram:
    return _EVENTS.labels(topic, event)
