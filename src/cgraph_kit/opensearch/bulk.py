"""Writing many documents at once: each by itself succeeds, is too old, waits, or cannot be."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from cgraph_kit import telemetry

from .client import BACKOFF, TRIES, Away, OpenSearch

BYTES_MOST = 5_000_000
"""Of one request; a document that is larger goes alone."""
SECONDS = 60.0
"""For one request."""

ITEMS = telemetry.counter(
    "opensearch_items_total", "Documents handed to OpenSearch, by how that ended.", ("outcome",)
)


class Rejected(Exception):
    """The cluster cannot hold a document, however often it is asked."""


class Put(msgspec.Struct, frozen=True):
    """Have this document, unless there is a newer one."""

    index: str
    id: str
    source: Any
    version: int | None = None
    """None: as it comes."""


class Delete(msgspec.Struct, frozen=True):
    """Have no such document, unless there is a newer one."""

    index: str
    id: str
    version: int | None = None
    """None: as it comes."""


Operation = Put | Delete


async def write(cluster: OpenSearch, operations: Sequence[Operation]) -> int:
    """Do all of these; how many there were newer ones for. What waits is asked for again, alone.

    The names of `index` are aliases: nothing is ever made by the way. Raises `Rejected` for the first that cannot be, when
    all others are done; `Away`.
    """
    stale = 0
    rejected: list[str] = []
    for part in _parts(operations):
        outcome = await _write(cluster, part)
        stale += outcome.stale
        rejected += outcome.rejected
    if rejected:
        raise Rejected(f"{len(rejected)} documents cannot be written: {rejected[0]}")
    return stale


class _Outcome(msgspec.Struct):
    stale: int = 0
    rejected: list[str] = msgspec.field(default_factory=list)


class _Cause(msgspec.Struct, frozen=True):
    type: str = ""


class _Item(msgspec.Struct, frozen=True):
    status: int
    error: _Cause | None = None


class _Result(msgspec.Struct, frozen=True):
    items: list[dict[str, _Item]]


class _Line(msgspec.Struct, frozen=True):
    """An operation as it goes over the wire."""

    data: bytes
    delete: bool


async def _write(cluster: OpenSearch, lines: Sequence[_Line]) -> _Outcome:
    outcome = _Outcome()
    for attempt in range(TRIES):
        if attempt:
            await asyncio.sleep(BACKOFF * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
        answer = await cluster.ask(
            "POST",
            "/_bulk",
            b"".join(line.data for line in lines),
            params={"require_alias": "true"},
            within=SECONDS,
        )
        items = [next(iter(item.values())) for item in answer.read(_Result).items]
        if len(items) != len(lines):
            raise Away("OpenSearch answered for other documents than it was given")
        lines = [
            line for line, item in zip(lines, items, strict=True) if _waits(line, item, outcome)
        ]
        if not lines:
            return outcome
    raise Away(f"OpenSearch has no time for {len(lines)} documents")


def _waits(line: _Line, item: _Item, outcome: _Outcome) -> bool:
    """Whether to ask again."""
    status = item.status
    done = status < HTTPStatus.MULTIPLE_CHOICES
    if done or (line.delete and status == HTTPStatus.NOT_FOUND and item.error is None):
        ITEMS.labels("ok").inc()
        return False
    cause = item.error or _Cause()
    if status == HTTPStatus.CONFLICT:
        ITEMS.labels("stale").inc()
        outcome.stale += 1
        return False
    if status == HTTPStatus.BAD_REQUEST:
        ITEMS.labels("rejected").inc()
        outcome.rejected.append(cause.type)
        return False
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        ITEMS.labels("again").inc()
        return True
    # The index is gone, or may not be written: nothing that is wrong with the document.
    raise Away(f"OpenSearch cannot write: {status} {cause.type}")


def _parts(operations: Sequence[Operation]) -> Iterator[list[_Line]]:
    """In order, as many in each as one request may hold."""
    part: list[_Line] = []
    size = 0
    for operation in operations:
        line = _line(operation)
        if part and size + len(line.data) > BYTES_MOST:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line.data)
    if part:
        yield part


def _line(operation: Operation) -> _Line:
    about: dict[str, Any] = {"_index": operation.index, "_id": operation.id}
    if operation.version is not None:
        about |= {"version": operation.version, "version_type": "external_gte"}
    if isinstance(operation, Delete):
        return _Line(msgspec.json.encode({"delete": about}) + b"\n", delete=True)
    head = msgspec.json.encode({"index": about})
    return _Line(head + b"\n" + msgspec.json.encode(operation.source) + b"\n", delete=False)
