"""Structured logs: one line per fact, JSON for machines or text for people, from structlog and the standard library alike.

Whatever is bound in `structlog.contextvars` (request and user id) stands in every line written meanwhile.
"""

import logging
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, Literal, TextIO

import msgspec
import structlog
from structlog.typing import Processor

Format = Literal["auto", "json", "text"]
Event = MutableMapping[str, Any]

REDACTED = "[redacted]"
SECRET_WORDS = frozenset(
    {"password", "token", "authorization", "secret", "content", "cookie", "body"}
)

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_encode = msgspec.json.Encoder(enc_hook=repr).encode


def configure(level: str, format: Format, stream: TextIO | None = None) -> None:
    """Set up logging for the whole process; again replaces what was. `stream`: standard output unless given.

    "auto" is text on a terminal and JSON anywhere else. Records of libraries take the same way; uvicorn's access log
    is switched off, for the web layer writes its own.
    """
    stream = stream or sys.stdout
    text = format == "text" or (format == "auto" and stream.isatty())
    number = _LEVELS[level]
    structlog.configure(
        processors=[*_shared(), *_rendering(text, stream.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    _route_standard_library(number, text, stream)


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


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
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
    logging.captureWarnings(capture=True)
