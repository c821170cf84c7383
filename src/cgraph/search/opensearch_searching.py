"""Asking OpenSearch for what matches: in order of time as far as a page goes, or the best of the newest."""

from collections.abc import Sequence
from hashlib import blake2b
from math import log
from typing import Any, cast
from uuid import UUID

import msgspec

from cgraph.searchable import Kind
from cgraph_kit.db import Repo
from cgraph_kit.opensearch import OpenSearch

from .backend import TOTAL_MOST, Found, Hit, Paging, Position, Scope, Wanted
from .opensearch_asking import Hit as Told
from .opensearch_asking import ask
from .opensearch_conditions import microseconds, queries_of, time_of
from .opensearch_scores import asks_for_scores, scores_of, within_scores, worth
from .postgres_statements import MONTHS

CANDIDATES = 5_000
"""The newest that match are ranked."""
SIEVED = 2_000
"""Hits whose votes are looked up at a time …"""
SIEVED_MOST = 10_000
"""… and as many as are looked at for one page."""
_CONTENT: frozenset[Kind] = frozenset({"message", "post", "comment", "file"})
_ORDERS = {
    False: [{"at": "desc"}, {"id": "desc"}],
    True: [{"at": "asc"}, {"id": "asc"}],
}


class Asking(msgspec.Struct, frozen=True):
    """One search, and whom to ask."""

    db: Repo
    cluster: OpenSearch
    index: str
    wanted: Wanted
    scope: Scope
    paging: Paging

    async def find(self) -> Found:
        """Raises `Away`, `TimedOut`."""
        if self.paging.order in {"relevance", "top"}:
            return await self._best()
        return await (self._sieved() if asks_for_scores(self.wanted) else self._in_time())

    @property
    def _counted(self) -> bool:
        return self.paging.count and self.paging.after is None

    async def _in_time(self) -> Found:
        limit = self.paging.limit
        queries = queries_of(self.wanted, self.scope)
        count = {"track_total_hits": TOTAL_MOST + 1 if self._counted else False}
        searches = [self._search(query, limit + 1, self.paging.after) | count for query in queries]
        answers = await ask(self.cluster, self.index, searches)
        hits = self._sorted([hit for one in answers for hit in one.hits])
        if not self._counted:
            return Found(hits[:limit], len(hits) > limit, None)
        total = sum(one.total or 0 for one in answers)
        return _found(hits, limit, total)

    async def _sieved(self) -> Found:
        """Where votes decide: looked up for some at a time, until a page is full."""
        limit, after = self.paging.limit, self.paging.after
        enough = max(limit, TOTAL_MOST) + 1 if self._counted else limit + 1
        passed: list[Hit] = []
        more = True
        for _ in range(0, SIEVED_MOST, SIEVED):
            some = await self._some(SIEVED, after)
            passed += await within_scores(self.db, self.wanted, some)
            more = len(some) == SIEVED
            if not more or len(passed) >= enough:
                break
            after = some[-1].position
        left = len(passed) > limit or (more and bool(passed))
        if not self._counted:
            return Found(passed[:limit], left, None)
        capped = more or len(passed) > TOTAL_MOST
        return Found(passed[:limit], left, min(len(passed), TOTAL_MOST), capped)

    async def _best(self) -> Found:
        """Weighed here, so that a page goes on exactly where the one before ended."""
        after, limit = self.paging.after, self.paging.limit
        told = await self._candidates()
        wanted = await within_scores(self.db, self.wanted, [hit for hit, _ in told])
        scores = await scores_of(self.db, wanted) if self.paging.order == "top" else {}
        weights = {hit.key: weight for hit, weight in told}
        ranked = [
            msgspec.structs.replace(
                hit, rank=self._rank(hit, weights[hit.key]) + worth(scores.get(hit.id, 0))
            )
            for hit in wanted
        ]
        ranked.sort(key=_by_rank, reverse=True)
        if after is not None:
            since = (after.rank or 0.0, after.inserted_at, after.id)
            ranked = [hit for hit in ranked if _by_rank(hit) < since]
        if not self._counted:
            return Found(ranked[:limit], len(ranked) > limit, None)
        return _found(ranked, limit, len(ranked))

    def _rank(self, hit: Hit, weight: float | None) -> float:
        """A logarithm, so that time adds what it would multiply."""
        rank = 0.0 if self.wanted.match is None else log(max(weight or 0.0, 1e-9))
        kinds = self.wanted.kinds
        named = kinds is not None and not _CONTENT.intersection(kinds)
        # Names are no better for being new.
        return rank if named else rank + hit.inserted_at.timestamp() / MONTHS

    async def _candidates(self) -> list[tuple[Hit, float | None]]:
        queries = queries_of(self.wanted, self.scope, scored=True)
        aside: dict[str, Any] = {"track_total_hits": False, "track_scores": True}
        searches = [self._search(query, CANDIDATES, None) | aside for query in queries]
        # The same copy of the index weighs all pages.
        same = blake2b(msgspec.json.encode(self.wanted), digest_size=8).hexdigest()
        answers = await ask(self.cluster, self.index, searches, stickily=same)
        told = [(_hit(hit), hit.score) for one in answers for hit in one.hits]
        told.sort(key=lambda pair: (pair[0].inserted_at, pair[0].id), reverse=True)
        return told[:CANDIDATES]

    async def _some(self, size: int, after: Position | None) -> list[Hit]:
        queries = queries_of(self.wanted, self.scope)
        searches = [
            self._search(query, size, after) | {"track_total_hits": False} for query in queries
        ]
        answers = await ask(self.cluster, self.index, searches)
        return self._sorted([hit for one in answers for hit in one.hits])[:size]

    def _search(self, query: dict[str, Any], size: int, after: Position | None) -> dict[str, Any]:
        search = {"query": query, "size": size, "sort": _ORDERS[self.paging.order == "oldest"]}
        if after is not None:
            search["search_after"] = [microseconds(after.inserted_at), str(after.id)]
        return search

    def _sorted(self, told: Sequence[Told]) -> list[Hit]:
        hits = [_hit(one) for one in told]
        hits.sort(key=lambda hit: (hit.inserted_at, hit.id), reverse=self.paging.order != "oldest")
        return hits


def _found(hits: Sequence[Hit], limit: int, total: int) -> Found:
    return Found(list(hits[:limit]), len(hits) > limit, min(total, TOTAL_MOST), total > TOTAL_MOST)


def _by_rank(hit: Hit) -> Any:
    return (hit.rank or 0.0, hit.inserted_at, hit.id)


def _hit(told: Told) -> Hit:
    one = told.source
    return Hit(
        cast("Kind", one.kind),
        UUID(one.id),
        UUID(one.container_id),
        None if one.item_id is None else UUID(one.item_id),
        None if one.author_id is None else UUID(one.author_id),
        time_of(one.at),
        one.seq,
    )
