"""Several searches in one request, each answered whole or not at all."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from cgraph_kit.opensearch import Answer, Away, OpenSearch, Refused, TimedOut

log = logging.getLogger(__name__)

SECONDS = 8.0
"""A node gives a search up after so long."""
HITS_MOST = 10_000
"""Hits of one answer (`index.max_result_window`)."""


class Source(msgspec.Struct, frozen=True):
    """What is kept of a document, or of a word, beside what it is found by."""

    kind: str = ""
    id: str = ""
    container_id: str = ""
    item_id: str | None = None
    author_id: str | None = None
    at: int = 0
    seq: int | None = None
    word: str = ""
    seen: int = 0


class Hit(
    msgspec.Struct, frozen=True, rename={"id": "_id", "source": "_source", "score": "_score"}
):
    id: str
    source: Source = Source()
    score: float | None = None


class _Total(msgspec.Struct, frozen=True):
    value: int


class _Hits(msgspec.Struct, frozen=True):
    hits: list[Hit]
    total: _Total | None = None


class _Shards(msgspec.Struct, frozen=True):
    failed: int = 0


class _Error(msgspec.Struct, frozen=True):
    type: str = ""


class _Response(msgspec.Struct, frozen=True):
    status: int = HTTPStatus.OK
    timed_out: bool = False
    shards: _Shards = msgspec.field(default=_Shards(), name="_shards")
    hits: _Hits = _Hits([])
    error: _Error | None = None


class _Responses(msgspec.Struct, frozen=True):
    responses: list[_Response]


class Answered(msgspec.Struct, frozen=True):
    """What one search found. `total`: as far as it was counted."""

    hits: list[Hit]
    total: int | None


async def ask(
    cluster: OpenSearch,
    index: str,
    searches: Sequence[dict[str, Any]],
    *,
    stickily: str | None = None,
) -> list[Answered]:
    """One answer for each. `stickily`: weighed by the whole index, and by the same copy of it each time this is said.

    Raises `Away`, `TimedOut`; `Refused` where a search is none.
    """
    if not searches:
        return []
    head: dict[str, Any] = {"index": index, "allow_partial_search_results": False}
    if stickily is not None:
        head |= {"preference": stickily, "search_type": "dfs_query_then_fetch"}
    lines = [
        line for one in searches for line in (head, {"timeout": f"{SECONDS * 1000:.0f}ms", **one})
    ]
    body = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    answer = await cluster.ask("POST", "/_msearch", body)
    try:
        return _read(answer, len(searches))
    except Away as error:
        log.warning("OpenSearch cannot be used: %s", error)
        raise


def _read(answer: Answer, searches: int) -> list[Answered]:
    responses = answer.read(_Responses).responses
    if len(responses) != searches:
        raise Away("OpenSearch answered other searches than it was given")
    return [_answered(one) for one in responses]


def _answered(one: _Response) -> Answered:
    if one.error is not None:
        if one.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED):
            raise Refused(one.status, one.error.type)
        # No index yet, no copy of a part of it, no time, no memory.
        raise Away(f"OpenSearch cannot search: {one.status} {one.error.type}")
    if one.timed_out:
        raise TimedOut("the search took too long")
    if one.shards.failed:
        raise Away("a part of the index does not answer")
    total = one.hits.total
    return Answered(one.hits.hits, None if total is None else total.value)
