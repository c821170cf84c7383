"""The index in OpenSearch: for more than one PostgreSQL finds in time. What it knows is told it by the same jobs.

Written against its documentation and held to the contract by a server of ours that speaks as it does; a real cluster was
not at hand.
"""

from collections.abc import Sequence

import msgspec

from cgraph.searchable import Kind
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.opensearch import OpenSearch

from .backend import Found, How, Paging, Scope, Volume, Wanted
from .document import Document, Gone
from .opensearch_conditions import all_of, one_of
from .opensearch_indexes import Indexes, Shape
from .opensearch_match import Clause
from .opensearch_searching import Asking
from .opensearch_words import Words
from .opensearch_writing import BEARERS, refresh, write_documents

DROPPING = 600.0
"""Seconds for forgetting what is no more."""
AT_ONCE = 1_000
"""Deleted forums of one request."""


class OpenSearchIndex:
    """A `SearchBackend` whose documents lie in OpenSearch. Nothing is asked of it before somebody searches or writes."""

    name = "opensearch"

    def __init__(self, db: Repo, cluster: OpenSearch, shape: Shape = Shape()) -> None:  # noqa: B008 (frozen)
        """`shape` says nothing of indexes there are already."""
        self._db = db
        self._cluster = cluster
        self._indexes = Indexes(cluster, shape)
        self._words = Words(cluster)

    async def index(
        self, tx: Transaction, documents: Sequence[Document], gone: Sequence[Gone], *, version: int
    ) -> None:
        targets = await self._indexes.ready(tx)
        generation = await tx.value(_GENERATION)
        # Before the documents: words that no document has yet do no harm.
        await self._words.learn(targets, (word for one in documents for word in one.words))
        for target in targets:
            await write_documents(
                self._cluster,
                target.documents,
                documents,
                gone,
                version=version,
                generation=generation,
            )

    async def drop_older(self, tx: Transaction, kind: Kind, generation: int) -> None:
        for target in await self._indexes.ready(tx):
            await self._drop(target.documents, kind, generation)
            if kind in BEARERS:
                await self._drop(target.documents, "file", await tx.value(_OLDEST, sorted(BEARERS)))
        if await self._indexes.replace(tx):
            self._words.forget()

    async def search(self, wanted: Wanted, scope: Scope, paging: Paging) -> Found:
        index = self._indexes.current.documents
        return await Asking(self._db, self._cluster, index, wanted, scope, paging).find()

    async def expand(self, fragment: str, how: How, *, limit: int = 50) -> list[str]:
        return await self._words.expand(self._indexes.current.words, fragment, how, limit)

    async def refresh(self) -> None:
        current = self._indexes.current
        await refresh(self._cluster, current.documents, current.words)

    async def tidy(self) -> int:
        await self._drop_deleted_forums()
        forgotten = await self._words.tidy(self._db, self._indexes.current)
        self._words.forget()
        return forgotten

    async def clear(self) -> None:
        """All is written anew with the next change."""
        await self._indexes.clear(self._db)
        self._words.forget()

    async def volume(self) -> Volume:
        current = self._indexes.current
        documents = await self._size(current.documents)
        words = await self._size(current.words)
        used = documents.total.store.size_in_bytes + words.total.store.size_in_bytes
        return Volume(documents.primaries.docs.count, words.primaries.docs.count, used)

    async def begin_beside(self) -> None:
        """Write everything anew into an index beside this one, which it replaces once it is whole."""
        await self._indexes.begin_next(self._db)
        self._words.forget()

    async def _size(self, index: str) -> "_Sizes":
        """Of nothing, where there is none yet."""
        path, params = f"/{index}/_stats/docs,store", {"ignore_unavailable": "true"}
        answer = await self._cluster.ask("GET", path, params=params)
        return answer.read(_Stats).all

    async def _drop_deleted_forums(self) -> None:
        """What lies in forums that have been deleted. It has not been found since, for nobody reads it."""
        deleted = await self._db.values("SELECT id FROM forums WHERE deleted_at IS NOT NULL")
        for first in range(0, len(deleted), AT_ONCE):
            some = one_of("container_id", deleted[first : first + AT_ONCE])
            await self._delete(self._indexes.current.documents, some)

    async def _drop(self, index: str, kind: Kind, generation: int) -> None:
        """What of a kind a rebuild has not met."""
        older = {"range": {"generation": {"lt": generation}}}
        await self._delete(index, all_of(one_of("kind", [kind]), older))

    async def _delete(self, index: str, query: Clause) -> None:
        """What is found by a query, and was not written anew since it was."""
        await self._cluster.ask(
            "POST",
            f"/{index}/_delete_by_query",
            {"query": query},
            params={"conflicts": "proceed", "refresh": "true", "ignore_unavailable": "true"},
            within=DROPPING,
        )


class _Docs(msgspec.Struct, frozen=True):
    count: int = 0


class _Store(msgspec.Struct, frozen=True):
    size_in_bytes: int = 0


class _Part(msgspec.Struct, frozen=True):
    docs: _Docs = _Docs()
    store: _Store = _Store()


class _Sizes(msgspec.Struct, frozen=True):
    primaries: _Part = _Part()
    total: _Part = _Part()
    """With replicas."""


class _Stats(msgspec.Struct, frozen=True, rename={"all": "_all"}):
    all: _Sizes = _Sizes()


# What is under way has its new number, and not all of its documents have it.
_OLDEST = """
SELECT min(CASE WHEN finished_at IS NULL THEN 0 ELSE generation END) FROM search_rebuilds WHERE kind = ANY($1)
"""
_GENERATION = "SELECT coalesce(max(generation), 1) FROM search_rebuilds"
