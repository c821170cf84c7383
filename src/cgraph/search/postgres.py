"""The index in PostgreSQL, beside what it is made of: nothing else to run, back up or keep in step."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.searchable import Kind
from cgraph_kit.db import Repo, Transaction

from . import words
from .backend import TOTAL_MOST, Found, Hit, How, Paging, Scope, Volume, Wanted
from .document import Document, Gone
from .postgres_dropping import drop_deleted_forums, drop_older
from .postgres_partitions import list_spans
from .postgres_statements import (
    MEETING,
    SETTINGS,
    Asked,
    Statement,
    meet,
    pace,
    rank,
    tally,
    walk,
)
from .postgres_stems import only_existing
from .postgres_writing import write

PROBED = 500
"""Rows walked to learn how much is found among them."""
WALKED = 8_000
"""Rows walked at most: about as long as it takes to find what is rare without walking."""
PACED = 10_000
"""Rows walked at most to count what is so near."""
MARGIN = 1.3
"""How many more rows than what has been learned says."""


class _Row(msgspec.Struct, frozen=True):
    kind: Kind
    id: UUID
    container_id: UUID
    item_id: UUID | None
    author_id: UUID | None
    inserted_at: datetime
    seq: int | None
    total: int = 0
    """Of all that the statement found, where it counts."""
    rank: float | None = None

    def hit(self) -> Hit:
        thing = (self.kind, self.id, self.container_id, self.item_id, self.author_id)
        return Hit(*thing, self.inserted_at, self.seq, self.rank)


class _Size(msgspec.Struct, frozen=True):
    documents: int
    words: int
    bytes: int


class PostgresSearch:
    """A `SearchBackend` whose documents lie in `search_documents`."""

    name = "postgres"

    def __init__(self, db: Repo) -> None:
        self._db = db

    async def index(
        self,
        tx: Transaction,
        documents: Sequence[Document],
        gone: Sequence[Gone],
        *,
        version: int,  # noqa: ARG002 (nobody else writes in the caller's turn)
    ) -> None:
        await write(tx, documents, gone)
        await words.learn(tx, (word for one in documents for word in one.words))

    async def drop_older(self, tx: Transaction, kind: Kind, generation: int) -> None:
        await drop_older(tx, kind, generation)

    async def search(self, wanted: Wanted, scope: Scope, paging: Paging) -> Found:
        async with self._db.transaction() as tx:
            match = await only_existing(tx, wanted.match)
            asked = Asked(msgspec.structs.replace(wanted, match=match), scope, paging)
            await tx.value(SETTINGS)
            if asked.ranked:
                return await _best(tx, asked)
            return await _in_time(tx, asked)

    async def expand(self, fragment: str, how: How, *, limit: int = 50) -> list[str]:
        return await words.expand(self._db, fragment, how, limit)

    async def refresh(self) -> None:
        """What is committed is found."""

    async def tidy(self) -> int:
        await drop_deleted_forums(self._db)
        return await words.forget_unused(self._db)

    async def clear(self) -> None:
        async with self._db.transaction() as tx:
            await tx.value("TRUNCATE search_documents, search_words, search_stems")

    async def volume(self) -> Volume:
        size = await self._db.one(_Size, _VOLUME)
        return Volume(size.documents, size.words, size.bytes)


async def _best(tx: Transaction, asked: Asked) -> Found:
    paging = asked.paging
    await tx.value(MEETING)
    rows = await _ask(tx, rank(asked, paging.limit + 1))
    hits = [row.hit() for row in rows[: paging.limit]]
    if not paging.count or paging.after is not None:
        return Found(hits, len(rows) > paging.limit, None)
    total = rows[0].total if rows else 0
    return Found(hits, len(rows) > paging.limit, min(total, TOTAL_MOST), total > TOTAL_MOST)


async def _in_time(tx: Transaction, asked: Asked) -> Found:
    """A page is walked, or met span by span; then the rest is counted."""
    paging = asked.paging
    page = paging.limit + 1
    counting = TOTAL_MOST + 1 if paging.count and paging.after is None else 0
    hits, share = await _walked(tx, asked, page)
    found = await _paced(tx, asked, counting, share) if hits and counting else 0
    if len(hits) < page or found < counting:
        hits, found = await _met(tx, asked, page, counting, hits)
    # What is written meanwhile may be seen by one statement and not by another.
    found = max(found, len(hits))
    more, hits = len(hits) > paging.limit, hits[: paging.limit]
    if not counting:
        return Found(hits, more, None)
    return Found(hits, more, min(found, TOTAL_MOST), found > TOTAL_MOST)


async def _walked(tx: Transaction, asked: Asked, page: int) -> tuple[list[Hit], float]:
    """A page, and which share of what was walked is found; nothing, where it is too far to walk."""
    walked = PROBED
    rows = await _ask(tx, walk(asked, walked, page))
    if rows and len(rows) < page:
        walked = int(page / rows[0].total * walked * MARGIN)
        rows = await _ask(tx, walk(asked, walked, page)) if walked <= WALKED else []
    if len(rows) < page:
        return [], 0
    return [row.hit() for row in rows], rows[0].total / walked


async def _paced(tx: Transaction, asked: Asked, most: int, share: float) -> int:
    """How many there are, so many at most, where they are near; 0: nobody has looked."""
    rows = int(most / share * MARGIN)
    if rows > PACED:
        return 0
    sql, args = pace(asked, rows, most)
    found: int = await tx.value(sql, *args)
    return found if found == most else 0


async def _met(
    tx: Transaction, asked: Asked, page: int, most: int, hits: list[Hit]
) -> tuple[list[Hit], int]:
    """A page of these and more, and how many there are, so many at most."""
    found = 0
    await tx.value(MEETING)
    for span in await list_spans(tx, oldest=asked.oldest):
        if not asked.overlaps(span):
            continue
        if (missing := page - len(hits)) > 0:
            rows = await _ask(tx, meet(asked, span, missing))
            hits += [row.hit() for row in rows]
            found += rows[0].total if rows else 0
        else:
            sql, args = tally(asked, span, most - found, hits)
            found += await tx.value(sql, *args)
        if len(hits) >= page and found >= most:
            break
    return hits, found


async def _ask(tx: Transaction, statement: Statement) -> list[_Row]:
    sql, args = statement
    return await tx.all(_Row, sql, *args)


_VOLUME = """
SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint,
    (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'search_words'::regclass),
    coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint + pg_total_relation_size('search_words')
    + pg_total_relation_size('search_stems')
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'search_documents'::regclass
"""
