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
from .postgres_statements import MEETING, SETTINGS, WALKING, Asked, Statement, meet, rank, walk
from .postgres_writing import write

PROBED = 2_000
"""Rows walked to learn how much is found among them."""
WALKED = 60_000
"""Rows walked at most: about as long as it takes to find what is rare without walking."""
MARGIN = 1.3
"""How many more rows than what has been learned says."""


class _Ranked(msgspec.Struct, frozen=True):
    kind: Kind
    id: UUID
    container_id: UUID
    item_id: UUID | None
    author_id: UUID | None
    inserted_at: datetime
    seq: int | None
    rank: float
    total: int

    def hit(self) -> Hit:
        return Hit(*msgspec.structs.astuple(self)[:-1])


class _Row(msgspec.Struct, frozen=True):
    kind: Kind
    id: UUID
    container_id: UUID
    item_id: UUID | None
    author_id: UUID | None
    inserted_at: datetime
    seq: int | None

    def hit(self) -> Hit:
        return Hit(*msgspec.structs.astuple(self))


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
        asked = Asked(wanted, scope, paging)
        async with self._db.transaction() as tx:
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
            await tx.value("TRUNCATE search_documents, search_words")

    async def volume(self) -> Volume:
        size = await self._db.one(_Size, _VOLUME)
        return Volume(size.documents, size.words, size.bytes)


async def _best(tx: Transaction, asked: Asked) -> Found:
    paging = asked.paging
    await tx.value(MEETING)
    sql, args = rank(asked, paging.limit + 1)
    rows = await tx.all(_Ranked, sql, *args)
    await tx.value(WALKING)
    hits = [row.hit() for row in rows[: paging.limit]]
    if not paging.count or paging.after is not None:
        return Found(hits, len(rows) > paging.limit, None)
    total = rows[0].total if rows else 0
    return Found(hits, len(rows) > paging.limit, min(total, TOTAL_MOST), total > TOTAL_MOST)


async def _in_time(tx: Transaction, asked: Asked) -> Found:
    paging = asked.paging
    counted = paging.count and paging.after is None
    most = max(paging.limit, TOTAL_MOST) + 1 if counted else paging.limit + 1
    rows = await _newest(tx, asked, most)
    hits = [row.hit() for row in rows[: paging.limit]]
    if not counted:
        return Found(hits, len(rows) > paging.limit, None)
    found = len(rows)
    return Found(hits, found > paging.limit, min(found, TOTAL_MOST), found > TOTAL_MOST)


async def _newest(tx: Transaction, asked: Asked, most: int) -> list[_Row]:
    """So many, or all there are."""
    rows = await _ask(tx, walk(asked, PROBED, most))
    if len(rows) >= most:
        return rows
    needed = int(most * PROBED / len(rows) * MARGIN) if rows else WALKED + 1
    if needed <= WALKED:
        rows = await _ask(tx, walk(asked, needed, most))
        if len(rows) >= most:
            return rows
    return await _met(tx, asked, most)


async def _met(tx: Transaction, asked: Asked, most: int) -> list[_Row]:
    rows: list[_Row] = []
    await tx.value(MEETING)
    for span in await list_spans(tx, oldest=asked.oldest):
        if asked.overlaps(span):
            rows += await _ask(tx, meet(asked, span, most - len(rows)))
        if len(rows) >= most:
            break
    await tx.value(WALKING)
    return rows


async def _ask(tx: Transaction, statement: Statement) -> list[_Row]:
    return await tx.all(_Row, statement.sql, *statement.args)


_VOLUME = """
SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint,
    (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'search_words'::regclass),
    coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint + pg_total_relation_size('search_words')
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'search_documents'::regclass
"""
