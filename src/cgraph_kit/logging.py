"""Structured logs: one line per fact, JSON for machines or text for people, from structlog and the standard library alike.

What `about` holds (request and user id), and what is bound in `structlog.contextvars`, stands in every line written
meanwhile.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, TextIO, cast

import msgspec
import structlog
from structlog.typing import Processor

from . import clock

Format = Literal["auto", "json", "text"]
Event = MutableMapping[str, Any]

REDACTED = "[redacted]"
SECRET_WORDS = frozenset(
    {"password", "token", "authorization", "secret", "content", "cookie", "body"}
)

about: ContextVar[Mapping[str, Any]] = ContextVar("about", default=MappingProxyType({}))
"""What the current task is about. Whoever sets it may add to the mapping later: one cheap step per request."""

TALKATIVE = ("httpx2", "httpcore2", "h2", "hpack", "urllib3", "requests", "opentelemetry.exporter")
"""Libraries whose lower levels tell whole addresses and headers: device tokens and credentials among them."""

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_encode = msgspec.json.Encoder(enc_hook=repr).encode


def configure(level: str, format: Format, stream: TextIO | None = None) -> None:
    """Set up logging for the whole process; again replaces what was. `stream`: standard output unless given.

    "auto" is text on a terminal and JSON anywhere else. Records of libraries take the same way; uvicorn's access log
    is switched off, for the web layer writes its own.
    """
    stream = cast("TextIO", _Unfailing(stream or sys.stdout))
    text = format == "text" or (format == "auto" and stream.isatty())
    number = _LEVELS[level]
    _output.use(number, text, stream)
    structlog.configure(
        processors=[*_shared(), *_rendering(text, stream.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    _route_standard_library(number, text, stream)


def write(level: str, event: str, fields: Mapping[str, Any]) -> None:
    """A line of the hottest kind (one per request), past structlog's chain: a quarter of its cost, in the same form.

    The caller answers for the fields: nothing is redacted.
    """
    if _LEVELS[level] >= _output.level:
        _output.write(level, event, fields)


def redact(_logger: Any, _method: str, event: Event) -> Event:
    """The safety net: values whose name says they are secret, or are people's own words, never leave. For structlog."""
    for key, value in event.items():
        if secret_name(key):
            event[key] = REDACTED
        elif isinstance(value, dict):
            event[key] = redact(None, "", dict(value))
    return event


@lru_cache(maxsize=1024)
def secret_name(key: str) -> bool:
    """Whether a word of the name is one of `SECRET_WORDS`: `refresh_token`, `jwt_secret`, `Authorization`."""
    return not SECRET_WORDS.isdisjoint(key.lower().replace("-", "_").split("_"))


class _Unfailing:
    """A stream whose reader may go away (a closed pipe, a full disk): what cannot be logged must not stop the work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        return not self._stream.closed and self._stream.isatty()


class _Output:
    """Where lines go now."""

    def __init__(self) -> None:
        self.use(_LEVELS["info"], text=True, stream=None)

    def use(self, level: int, text: bool, stream: TextIO | None) -> None:
        self.level = level
        self._text = text
        self._stream = stream

    def write(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        if self._text or self._stream is None:
            structlog.get_logger().log(_LEVELS[level], event, **fields)
            return
        line = {**fields, "event": event, **about.get(), "level": level, "time": clock.now()}
        self._stream.write(_encode(line).decode() + "\n")
        self._stream.flush()


_output = _Output()


def _merge_about(_logger: Any, _method: str, event: Event) -> Event:
    return {**about.get(), **event}


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        _merge_about,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        redact,
    ]


def _rendering(text: bool, colours: bool) -> list[Processor]:
    if text:
        return [
            structlog.dev.ConsoleRenderer(
                colors=colours,
                timestamp_key="time",
                pad_event_to=0,
                exception_formatter=structlog.dev.plain_traceback,  # the rich one shows locals
            )
        ]
    return [structlog.processors.format_exc_info, _to_json]


def _to_json(_logger: Any, _method: str, event: Event) -> str:
    return _encode(event).decode()


def _route_standard_library(number: int, text: bool, stream: TextIO) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                *_shared(),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(text, stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = name != "uvicorn.access"
        library.disabled = name == "uvicorn.access"
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    logging.captureWarnings(capture=True)
