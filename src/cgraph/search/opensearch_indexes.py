"""The indexes in OpenSearch: how they are made, what they are called, and how one takes another's place.

What is read and written are aliases. Behind `cgraph-documents` is one index; while another is written anew beside it,
`cgraph-documents-next` is that one, and whatever changes goes into both. An index is numbered by the rebuild that fills it: it
is whole when all kinds have been through one of at least this number. So whoever dies in between leaves nothing that passes
for whole, and an index that was made anew, or lost, or is from before a backup, is filled without being asked to.
"""

import logging
from collections.abc import Sequence
from typing import Any

import msgspec

from cgraph_kit.db import Repo, Transaction
from cgraph_kit.opensearch import PREFIX, Away, OpenSearch, Refused

from .opensearch_stream import ANALYSIS, ANALYZER
from .reindexing import begin_rebuild

log = logging.getLogger(__name__)

SCHEMA = 1
"""Of the mappings below. Whoever changes them counts on: an index of another number is written anew, beside."""
MAKING = 30.0
"""Seconds for making an index, or for changing what names mean."""

_KEY = {"type": "keyword", "doc_values": False}
_TEXT = {"type": "text", "analyzer": ANALYZER}
DOCUMENTS: dict[str, Any] = {
    "dynamic": "strict",
    # Nobody reads there what people wrote: it is made anew from the database, never from here.
    "_source": {"excludes": ["terms", "titles"]},
    "properties": {
        "kind": _KEY,
        "id": {"type": "keyword"},
        "container_id": _KEY,
        "channel_id": _KEY,
        "community_id": _KEY,
        "item_id": _KEY,
        "author_id": _KEY,
        "features": _KEY,
        "at": {"type": "long"},
        "seq": {"type": "long"},
        "generation": {"type": "integer"},
        "terms": _TEXT,
        "titles": _TEXT,
    },
}
WORDS: dict[str, Any] = {
    "dynamic": "strict",
    "_source": {"excludes": ["grams"]},
    "properties": {
        "word": {"type": "keyword"},
        "length": {"type": "integer"},
        "grams": {**_TEXT, "norms": False},
        "seen": {"type": "long"},
    },
}
_MAPPINGS = {"documents": DOCUMENTS, "words": WORDS}


class Shape(msgspec.Struct, frozen=True):
    """What indexes are called, and how each is cut up."""

    prefix: str = PREFIX
    shards: int = 1
    replicas: int = 1


class Target(msgspec.Struct, frozen=True):
    """The names of what is written."""

    documents: str
    words: str


class _Generation(msgspec.Struct, frozen=True):
    newest: int
    begun: int
    """All kinds have been begun with a rebuild of this number …"""
    whole: int
    """… and have been through one of this."""


class _Aliases(msgspec.Struct, frozen=True):
    aliases: dict[str, Any]


class _Made(msgspec.Struct, frozen=True):
    """An index there is, with the words that belong to it; or one half of that, the other of which was lost."""

    schema: int
    number: int
    names: frozenset[str]
    """What its documents are called."""
    whole: bool


class Indexes:
    """Those of one cluster that begin with one prefix."""

    def __init__(self, cluster: OpenSearch, shape: Shape) -> None:
        self._cluster = cluster
        self._shape = shape
        self._prefix = shape.prefix
        self.current = Target(self._alias("documents"), self._alias("words"))
        self.next = Target(self._alias("documents", "-next"), self._alias("words", "-next"))

    async def ready(self, tx: Transaction) -> list[Target]:
        """Where to write: what is searched, and what takes its place when it is whole.

        What is not there is made, and everything is begun to be written anew in this transaction, whose turn it is.
        """
        made = await self._made()
        current, following = self._of(made, self.current), self._of(made, self.next)
        if current is None or (current.schema != SCHEMA and following is None):
            target = self.current if current is None else self.next
            fresh = await self._make(await self._number(tx, made), target, made)
            current, following = (fresh, following) if current is None else (current, fresh)
        both = [(current, self.current), (following, self.next)]
        written = [(one, target) for one, target in both if one and one.schema == SCHEMA]
        for one, _ in written:
            await _begin(tx, one.number)
        return [target for _, target in written]

    async def begin_next(self, db: Repo) -> None:
        """Have another one written beside what is searched; if one was, it is thrown away."""
        made = await self._made()
        if (there := self._of(made, self.next)) is not None:
            await self._remove(there)
        if self._of(made, self.current) is not None:
            await self._make(await self._number(db, made), self.next, made)

    async def replace(self, tx: Transaction) -> bool:
        """Search what has been written beside, if it is whole now."""
        following = self._of(made := await self._made(), self.next)
        if following is None or (await _generation(tx)).whole < following.number:
            return False
        await self._put_in_place(following, self.next, self._of(made, self.current))
        log.info("search goes on in another index", extra={"number": following.number})
        return True

    async def clear(self, db: Repo) -> None:
        """Be empty, from one moment to the next."""
        made = await self._made()
        if (following := self._of(made, self.next)) is not None:
            await self._remove(following)
        current = self._of(made, self.current)
        fresh = await self._make(await self._number(db, made), self.next, made)
        await self._put_in_place(fresh, self.next, current)

    async def _number(self, db: Repo, made: Sequence[_Made]) -> int:
        """One that no index and no rebuild has had."""
        newest = (await _generation(db)).newest
        return max([newest, *(one.number for one in made)]) + 1

    async def _made(self) -> list[_Made]:
        path = f"/{self._alias('documents')}-*,{self._alias('words')}-*/_alias"
        found = (await self._cluster.ask("GET", path)).read(dict[str, _Aliases])
        parts = {tuple(name.rsplit("-", 2)[1:]) for name in found}
        made = []
        for schema, number in sorted(
            (int(a), int(b)) for a, b in parts if a.isdecimal() and b.isdecimal()
        ):
            halves = [found.get(self._name(what, number, schema)) for what in _MAPPINGS]
            names = frozenset(halves[0].aliases if halves[0] else ())
            made.append(_Made(schema, number, names, whole=None not in halves))
        return made

    def _of(self, made: Sequence[_Made], target: Target) -> _Made | None:
        return next((one for one in made if one.whole and target.documents in one.names), None)

    async def _make(self, number: int, target: Target, made: Sequence[_Made]) -> _Made:
        """What there are halves of goes, for it may have the names."""
        for one in made:
            if not one.whole:
                await self._remove(one)
        for what in ("words", "documents"):
            alias = target.words if what == "words" else target.documents
            body = {
                "settings": {
                    "number_of_shards": self._shape.shards,
                    "number_of_replicas": self._shape.replicas,
                    # What is gone is remembered for longer than any request is under way.
                    "gc_deletes": "1h",
                    "analysis": ANALYSIS,
                },
                "mappings": _MAPPINGS[what],
                "aliases": {alias: {}},
            }
            try:
                await self._cluster.ask("PUT", f"/{self._name(what, number)}", body, within=MAKING)
            except Refused as error:
                if error.type != "resource_already_exists_exception":
                    raise Away(f"no index can be made: {error}") from error
        return _Made(SCHEMA, number, frozenset({target.documents}), whole=True)

    async def _put_in_place(self, one: _Made, was: Target, instead_of: _Made | None) -> None:
        actions: list[dict[str, Any]] = []
        for what in ("documents", "words"):
            name = self._name(what, one.number, one.schema)
            actions.append({"add": {"index": name, "alias": self._alias(what)}})
            actions.append({"remove": {"index": name, "alias": getattr(was, what)}})
            if instead_of is not None:
                old = self._name(what, instead_of.number, instead_of.schema)
                actions.append({"remove_index": {"index": old}})
        await self._cluster.ask("POST", "/_aliases", {"actions": actions}, within=MAKING)

    async def _remove(self, one: _Made) -> None:
        for what in ("documents", "words"):
            name = self._name(what, one.number, one.schema)
            await self._cluster.ask(
                "DELETE", f"/{name}", params={"ignore_unavailable": "true"}, within=MAKING
            )

    def _alias(self, what: str, suffix: str = "") -> str:
        return f"{self._prefix}-{what}{suffix}"

    def _name(self, what: str, number: int, schema: int = SCHEMA) -> str:
        return f"{self._prefix}-{what}-{schema}-{number}"


async def _begin(tx: Transaction, number: int) -> None:
    """Have everything written anew that an index of this number must have, unless that has begun."""
    if (await _generation(tx)).begun < number:
        await begin_rebuild(tx)
        await tx.value(_NUMBER, number)


async def _generation(db: Repo) -> _Generation:
    return await db.one(_Generation, _GENERATION)


_GENERATION = """
SELECT coalesce(max(generation), 0), coalesce(min(generation), 0),
    coalesce(min(CASE WHEN finished_at IS NULL THEN 0 ELSE generation END), 0)
FROM search_rebuilds
"""
_NUMBER = "UPDATE search_rebuilds SET generation = greatest(generation, $1)"
