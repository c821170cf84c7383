"""The words that documents in OpenSearch have, in an index of their own: one small document for each word."""

import hashlib
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any

from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.opensearch import Delete, OpenSearch, Operation, Put, write

from . import words
from .backend import How
from .opensearch_asking import ask
from .opensearch_conditions import microseconds
from .opensearch_indexes import Target
from .opensearch_match import Clause
from .opensearch_stream import phrase_of

KNOWN_MOST = 100_000
"""Words a process remembers having told of …"""
KNOWN_SECONDS = 3600.0
"""… for so long: much less than `words.RECHECK`, after which one may be forgotten."""

LOOKED_UP = 100
"""Words looked for in documents in one request."""


class Words:
    """The words of one cluster's documents."""

    def __init__(self, cluster: OpenSearch) -> None:
        self._cluster = cluster
        self._known: dict[tuple[str, str], float] = {}

    async def learn(self, targets: Sequence[Target], found: Iterable[str]) -> None:
        """There are documents with these words now. Whoever says so holds the turn."""
        some, now, seen = sorted(set(found)), monotonic(), microseconds(clock.now())
        told = [
            (target.words, word)
            for target in targets
            for word in some
            if self._known.get((target.words, word), 0.0) <= now
        ]
        if not told:
            return
        await write(self._cluster, [Put(at, _id(word), _source(word, seen)) for at, word in told])
        if len(self._known) + len(told) > KNOWN_MOST:
            self._known.clear()
        self._known.update(dict.fromkeys(told, now + KNOWN_SECONDS))

    def forget(self) -> None:
        """Names mean other indexes now, or empty ones."""
        self._known.clear()

    async def expand(self, index: str, fragment: str, how: How, limit: int) -> list[str]:
        """As `words.expand` does."""
        if how != "prefix" and len(fragment) < words.SHORTEST:
            return []
        query = _query(fragment, how)
        if how == "similar":
            found = await self._find(index, {"query": query, "size": words.COMPARED})
            near = [
                (words.distance(fragment, word), likeness(fragment, word), word) for word in found
            ]
            most = _mistakes(fragment)
            passed = [one for one in near if one[0] <= most and one[1] >= words.LIKENESS]
            passed.sort(key=lambda one: (one[0], -one[1], one[2]))
            return [word for _, _, word in passed[:limit]]
        order = [{"length": "asc"}, {"word": "asc"}]
        return await self._find(index, {"query": query, "size": limit, "sort": order})

    async def tidy(self, db: Repo, target: Target) -> int:
        """Forget those no document has, some at a time; how many. Takes turns with whoever writes."""
        before, forgotten = microseconds(clock.now() - words.RECHECK), 0
        while True:
            async with db.transaction() as tx:
                await tx.value("SELECT 1 FROM search_turn FOR UPDATE")
                due = await self._due(target, before)
                unused = await self._unused(target, due)
                await self._look_at(target, due, unused)
                # The next look, or whoever has the next turn, is to see what this one has done.
                await self._cluster.ask("POST", f"/{target.words}/_refresh")
            forgotten += len(unused)
            if len(due) < words.AT_ONCE:
                return forgotten

    async def _due(self, target: Target, before: int) -> list[str]:
        search = {
            "query": {"range": {"seen": {"lt": before}}},
            "size": words.AT_ONCE,
            "sort": [{"seen": "asc"}],
        }
        return await self._find(target.words, search)

    async def _unused(self, target: Target, due: Sequence[str]) -> set[str]:
        unused: set[str] = set()
        if due:
            await self._cluster.ask("POST", f"/{target.documents}/_refresh")
        for first in range(0, len(due), LOOKED_UP):
            some = due[first : first + LOOKED_UP]
            searches = [
                {"query": {"term": {"terms": {"value": word}}}, "size": 1, "_source": False}
                | {"track_total_hits": False}
                for word in some
            ]
            answers = await ask(self._cluster, target.documents, searches)
            unused.update(word for word, one in zip(some, answers, strict=True) if not one.hits)
        return unused

    async def _look_at(self, target: Target, due: Sequence[str], unused: set[str]) -> None:
        seen = microseconds(clock.now())
        operations: list[Operation] = [
            Delete(target.words, _id(word))
            if word in unused
            else Put(target.words, _id(word), _source(word, seen))
            for word in due
        ]
        await write(self._cluster, operations)

    async def _find(self, index: str, search: dict[str, Any]) -> list[str]:
        (answered,) = await ask(self._cluster, index, [{**search, "track_total_hits": False}])
        return [hit.source.word for hit in answered.hits]


def _query(fragment: str, how: How) -> Clause:
    match how:
        case "prefix":
            return {"prefix": {"word": {"value": fragment}}}
        case "infix":
            text = phrase_of(
                [[gram] for gram in _grams(fragment)], [1] * (len(fragment) - words.SHORTEST)
            )
            return (
                {"match_none": {}} if text is None else {"match_phrase": {"grams": {"query": text}}}
            )
        case "similar":
            return {
                "fuzzy": {
                    "word": {
                        "value": fragment,
                        "fuzziness": _mistakes(fragment),
                        "prefix_length": 0,
                        "max_expansions": words.COMPARED,
                        "transpositions": True,
                    }
                }
            }


def _mistakes(word: str) -> int:
    return 1 if len(word) <= words.LONG else 2


def likeness(one: str, other: str) -> float:
    """What two words have in common of their trigrams, as pg_trgm counts."""
    ours, theirs = set(_grams(f"  {one} ")), set(_grams(f"  {other} "))
    return len(ours & theirs) / len(ours | theirs)


def _grams(word: str) -> list[str]:
    """Each three characters of it: one after the other they are the word, in parts a part of it."""
    size = words.SHORTEST
    return [word[at : at + size] for at in range(len(word) - size + 1)]


def _source(word: str, seen: int) -> dict[str, Any]:
    """`seen`: when somebody last told of it, or it was last found in a document."""
    return {"word": word, "length": len(word), "grams": " ".join(_grams(word)), "seen": seen}


def _id(word: str) -> str:
    """Of one length, however long the word."""
    return hashlib.blake2b(word.encode(), digest_size=16).hexdigest()
