"""Spans by OpenTelemetry's SDK. Loaded only where traces are exported: see `tracing`."""

import asyncio
import logging
import re
from collections.abc import Sequence
from contextvars import Token
from functools import lru_cache
from uuid import uuid4

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_ON,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)
from opentelemetry.util.types import Attributes as SdkAttributes

from .tracing import NOTHING, Attributes, Kind, Opened, Parent, Target, parse

KINDS = {"server": SpanKind.SERVER, "consumer": SpanKind.CONSUMER, "client": SpanKind.CLIENT}

WAITING = 8192
"""Spans kept for a collector that is slow or away; more are dropped."""
EVERY_MS = 1000
"""Milliseconds between two exports."""
PATIENCE = 3.0
"""Seconds an export may take, tries included; and that the end of the process waits for the last ones."""
LONGEST = 8192
"""Characters of an attribute: statements can be long."""

_VERB = re.compile(
    r"\b(?:(INSERT) INTO|(?<!FOR )(?<!KEY )(UPDATE)|(DELETE) FROM|(MERGE) INTO) ([a-z_]+)",
    re.IGNORECASE,
)
_FROM = re.compile(r"\bFROM (?!unnest\b)([a-z_]+)", re.IGNORECASE)


class OpenTelemetry:
    """See `tracing.Backend`. Exports from a thread of its own."""

    def __init__(self, target: Target) -> None:
        # Its warnings come with every try while a collector is away; its errors once for each that fails.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
        self._exporter = OTLPSpanExporter(
            f"{target.endpoint.rstrip('/')}/v1/traces",
            headers=dict(target.headers),
            timeout=PATIENCE,
        )
        self._provider = TracerProvider(
            sampler=ParentBased(_Caused(target.ratio)),
            resource=Resource.create(
                {
                    "service.name": target.service,
                    "service.version": target.version,
                    "service.instance.id": str(uuid4()),
                }
            ),
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_span_attribute_length=LONGEST),
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter, max_queue_size=WAITING, schedule_delay_millis=EVERY_MS
            )
        )
        self._tracer = self._provider.get_tracer(__name__)

    def root(
        self, name: str, kind: Kind, attributes: Attributes, parent: Parent | None, link: str | None
    ) -> Opened:
        around = Context()  # nothing of what this task was doing before
        if parent is not None:
            around = trace.set_span_in_context(NonRecordingSpan(_remote(parent)), around)
        cause = parse(link)
        return _Opened(
            self._tracer.start_span(
                name,
                around,
                KINDS[kind],
                dict(attributes),
                None if cause is None else [Link(_remote(cause))],
            )
        )

    def step(self, name: str, kind: Kind, attributes: Attributes) -> Opened:
        if not trace.get_current_span().is_recording():
            return NOTHING  # type: ignore[no-any-return]
        return _Opened(self._tracer.start_span(name, None, KINDS[kind], dict(attributes)))

    def statement(self, sql: str) -> Opened:
        if not trace.get_current_span().is_recording():
            return NOTHING  # type: ignore[no-any-return]
        name, attributes = _described(sql)
        return _Opened(self._tracer.start_span(name, None, SpanKind.CLIENT, attributes))

    def traceparent(self) -> str | None:
        now = trace.get_current_span().get_span_context()
        if not now.is_valid:
            return None
        return f"00-{now.trace_id:032x}-{now.span_id:016x}-{now.trace_flags:02x}"

    async def close(self) -> None:
        """Send what is left. Whatever it meets, it gives up after twice `PATIENCE`."""
        late = asyncio.get_running_loop().call_later(PATIENCE, self._exporter.shutdown)
        try:
            await asyncio.to_thread(self._provider.shutdown)
        finally:
            late.cancel()


class _Opened:
    """A span that is the current one while it is entered."""

    __slots__ = ("_span", "_token", "recording", "trace_id")
    _token: Token[Context]

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self.recording = span.is_recording()
        self.trace_id = f"{span.get_span_context().trace_id:032x}"

    def __enter__(self) -> "_Opened":
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        context.detach(self._token)
        if kind is not None:
            self.fail(kind.__name__)
        self._span.end()

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def set(self, attributes: Attributes) -> None:
        self._span.set_attributes(dict(attributes))

    def fail(self, reason: str) -> None:
        self._span.set_attribute("error.type", reason)
        self._span.set_status(Status(StatusCode.ERROR))


class _Caused(Sampler):
    """A share of all, by lot; and whatever was brought about by something that is traced."""

    def __init__(self, ratio: float) -> None:
        self._by_lot = TraceIdRatioBased(ratio)

    def should_sample(  # noqa: PLR0917 (the SDK's interface)
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: SdkAttributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        caused = any(link.context.trace_flags.sampled for link in links or ())
        return (ALWAYS_ON if caused else self._by_lot).should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        return f"Caused{{{self._by_lot.get_description()}}}"


def _remote(parent: Parent) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), True, flags)


@lru_cache(maxsize=1024)
def _described(sql: str) -> tuple[str, dict[str, str]]:
    """A statement's name, of few values, and its text: it holds no value, for those are arguments."""
    text = " ".join(sql.split())
    name = _summary(text)
    return name, {
        "db.system.name": "postgresql",
        "db.query.summary": name,
        "db.query.text": text,
    }


def _summary(sql: str) -> str:
    """What it does, and to which table: the first that it writes, else the first that it reads."""
    if write := _VERB.search(sql):
        verb = next(filter(None, write.groups()[:4]))
        return f"{verb.upper()} {write[5]}"
    read = _FROM.search(sql)
    return f"SELECT {read[1]}" if read else sql.split(maxsplit=1)[0].upper()
