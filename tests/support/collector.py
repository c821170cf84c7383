"""A collector: takes traces by OTLP/HTTP, as an OpenTelemetry Collector would, and keeps what it was told."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from cgraph_kit.tracing import Target


class Told(msgspec.Struct, frozen=True):
    """A span, as it was exported."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    """Empty: it has none."""
    attributes: dict[str, Any]
    links: list[tuple[str, str]]
    """Trace and span."""
    failed: bool
    raw: str
    """Everything that was said of it."""


class Collector:
    """What has come so far."""

    def __init__(self) -> None:
        self.address = ""
        self.paths: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.resource: dict[str, Any] = {}
        self.spans: list[Told] = []

    def target(self, ratio: float = 1.0, **headers: str) -> Target:
        return Target(self.address, "tested", "1.2.3", ratio, headers)

    def named(self, name: str) -> Told:
        """The one span of that name."""
        found = [span for span in self.spans if span.name == name]
        assert len(found) == 1, [span.name for span in self.spans]
        return found[0]

    def below(self, parent: Told) -> list[str]:
        """The names of the spans it is the parent of, in the order in which they ended."""
        return [span.name for span in self.spans if span.parent_id == parent.span_id]

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        self.paths.append(path)
        self.headers.append(headers)
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = _plain(group.resource.attributes)
            for scope in group.scope_spans:
                self.spans.extend(_told(span) for span in scope.spans)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a port of its own."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            collector.take(self.path, headers, body)
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        collector.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def _told(span: Span) -> Told:
    return Told(
        span.name,
        Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        _plain(span.attributes),
        [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        span.status.code == Status.STATUS_CODE_ERROR,
        str(span),
    )


def _plain(attributes: Any) -> dict[str, Any]:
    return {one.key: _value(one) for one in attributes}


def _value(one: KeyValue) -> Any:
    return getattr(one.value, str(one.value.WhichOneof("value")))
