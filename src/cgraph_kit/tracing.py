"""Traces: what was done for one request, and how long each step took. For OpenTelemetry, over OTLP/HTTP.

Off unless `exporting` is entered. While it is off nothing of OpenTelemetry is loaded, and every word here does nothing.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from importlib import import_module
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

Value = str | int | float | bool
Attributes = Mapping[str, Value]
Kind = Literal["server", "consumer", "client"]

_IDS = r"-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})"
_TRACEPARENT = re.compile(rf"00{_IDS}|(?!00|ff)[0-9a-f]{{2}}{_IDS}(?:-.*)?")
"""Of this version, or of one to come, which begins alike."""


class Target(msgspec.Struct, frozen=True):
    """Where traces go."""

    endpoint: str
    """The collector's base address: `/v1/traces` is added."""
    service: str
    version: str
    ratio: float
    """Share of what begins here that is traced."""
    headers: Mapping[str, str]


class PackageMissing(Exception):
    """OpenTelemetry is not installed; the message names the module."""


class Parent(msgspec.Struct, frozen=True):
    """A span of somebody else: what `traceparent` says (W3C Trace Context §3.2)."""

    trace_id: str
    span_id: str
    sampled: bool


class Span(Protocol):
    """Something that takes time, while it is entered."""

    recording: bool
    """Whether it will be exported: else, attributes need not be found out."""
    trace_id: str
    """32 hexadecimal digits; empty while tracing is off."""

    def rename(self, name: str) -> None:
        """Call it what it turned out to be; names take few values."""

    def set(self, attributes: Attributes) -> None:
        """Say more of it: ids and templates, never anybody's words."""

    def fail(self, reason: str) -> None:
        """It went wrong: the kind of error, for its message may hold anything."""


Opened: TypeAlias = AbstractContextManager[Span]


class Backend(Protocol):
    """Who makes spans."""

    def root(
        self, name: str, kind: Kind, attributes: Attributes, parent: Parent | None, link: str | None
    ) -> Opened: ...

    def step(self, name: str, kind: Kind, attributes: Attributes) -> Opened: ...

    def statement(self, sql: str) -> Opened: ...

    def traceparent(self) -> str | None: ...

    async def close(self) -> None: ...


class _Nothing:
    """The span of what is not traced."""

    __slots__ = ()
    recording = False
    trace_id = ""

    def __enter__(self) -> "_Nothing":
        return self

    def __exit__(self, *_exception: object) -> None:
        return None

    def rename(self, name: str) -> None: ...

    def set(self, attributes: Attributes) -> None: ...

    def fail(self, reason: str) -> None: ...


NOTHING: Any = _Nothing()
_NONE: Attributes = {}
_backend: Backend | None = None


@asynccontextmanager
async def exporting(target: Target) -> AsyncIterator[None]:
    """Trace this process until left; then what is still here is sent, for a few seconds at most.

    Raises `PackageMissing`. A collector that is away costs what it would have been told, and nothing else.
    """
    global _backend  # noqa: PLW0603 (a fact about the process, like its metrics)
    try:
        otel = import_module(f"{__package__}.otel")
    except ModuleNotFoundError as error:
        raise PackageMissing(f"OpenTelemetry is not installed: {error}") from error
    backend = _backend = otel.OpenTelemetry(target)
    try:
        yield
    finally:
        _backend = None
        await backend.close()


def root(
    name: str,
    kind: Kind,
    attributes: Attributes = _NONE,
    *,
    parent: Parent | None = None,
    link: str | None = None,
) -> Opened:
    """The first span here of a request, an event or a job, whatever this task was doing before.

    It is traced if its parent is; without one, if its lot says so, or if `link` is traced: the traceparent of what
    brought it about.
    """
    return NOTHING if _backend is None else _backend.root(name, kind, attributes, parent, link)


def step(name: str, kind: Kind = "client", attributes: Attributes = _NONE) -> Opened:
    """Part of what this task is doing; nothing where that is not traced."""
    return NOTHING if _backend is None else _backend.step(name, kind, attributes)


def statement(sql: str) -> Opened:
    """A step at PostgreSQL. Arguments are not told."""
    return NOTHING if _backend is None else _backend.statement(sql)


def traceparent() -> str | None:
    """What this task is doing, for somebody who goes on with it; None where that is not traced."""
    return None if _backend is None else _backend.traceparent()


def parse(header: str | bytes | None) -> Parent | None:
    """What a `traceparent` header says, if it says something."""
    if header is None:
        return None
    text = header.decode("latin-1") if isinstance(header, bytes) else header
    found = _TRACEPARENT.fullmatch(text)
    if found is None:
        return None
    trace_id, span_id, flags = filter(None, found.groups())
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    return Parent(trace_id, span_id, bool(int(flags, 16) & 1))
