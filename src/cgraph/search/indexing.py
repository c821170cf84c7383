"""Following what has changed: read as it is now, analysed, written into the index, one batch after the other."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from time import perf_counter

from cgraph.searchable import Searchable
from cgraph_kit import clock, telemetry
from cgraph_kit.db import DatabaseError, Repo, Transaction, UnfitValue
from cgraph_kit.errors import Unavailable

from .analysis import analysed
from .backend import SearchBackend
from .changes import AT_ONCE, Change, hold_turn, leave_out, take_changes
from .document import Document, Gone, Key, document_of
from .document_sources import list_things

log = logging.getLogger(__name__)

SLICE = 0.005
"""Seconds of analysis after which others on this loop have their turn."""

INDEXED = telemetry.counter(
    "search_documents_indexed_total", "Documents written into the index.", ("cause",)
)
DROPPED = telemetry.counter(
    "search_documents_dropped_total", "Changes whose things are no longer found."
)
FAILED = telemetry.counter("search_changes_failed_total", "Changes that could not be indexed.")
LATE = telemetry.histogram(
    "search_index_delay_seconds", "Seconds from a change until it could be found."
)


class _Unfit(Exception):
    """Something about these cannot be indexed, however often it is tried."""

    def __init__(self, changes: Sequence[Change]) -> None:
        super().__init__("not indexed")
        self.changes = changes


async def follow_changes(db: Repo, backend: SearchBackend, *, most: int | None = None) -> int:
    """Follow what has changed until nothing waits, or about so many are followed; how many changes those were.

    A batch is one transaction: whoever dies in the middle leaves it as it was. One at a time follows, the others wait, so
    an older state never replaces a newer one. What cannot be indexed is told of, and keeps nothing else waiting. Raises
    `Unavailable`, and what the database says of anything but what is to be written: then all waits.
    """
    followed = 0
    while True:
        try:
            done = await _follow_some(db, backend, AT_ONCE)
        except _Unfit:
            log.warning("changes are followed one by one", exc_info=True)
            done = await _one_by_one(db, backend)
        followed += done
        if done < AT_ONCE or (most is not None and followed >= most):
            return followed


async def _one_by_one(db: Repo, backend: SearchBackend) -> int:
    """As many as one batch has, without those that fail."""
    for done in range(AT_ONCE):
        try:
            if not await _follow_some(db, backend, 1):
                return done
        except _Unfit as error:
            # By its number: what was numbered before it may have been committed since.
            for change in error.changes:
                await leave_out(db, change)
                FAILED.inc()
                log.exception(
                    "not indexed", extra={"kind": change.kind, "of": str(change.thing_id)}
                )
    return AT_ONCE


async def _follow_some(db: Repo, backend: SearchBackend, most: int) -> int:
    async with db.transaction() as tx:
        version = await hold_turn(tx)
        changes = await take_changes(tx, most)
        if changes:
            try:
                await _follow(tx, backend, changes, version)
            except Exception as error:
                if _will_fail_again(error):
                    raise _Unfit(changes) from error
                raise
    if changes:
        await backend.refresh()
        _observe(changes)
    return len(changes)


def _will_fail_again(error: Exception) -> bool:
    """Whether it is of the things themselves: what the database cannot keep, or analysis cannot read."""
    return isinstance(error, UnfitValue) or not isinstance(error, (Unavailable, DatabaseError))


async def _follow(
    tx: Transaction, backend: SearchBackend, changes: Sequence[Change], version: int
) -> None:
    keys = {Key(one.kind, one.thing_id, one.container_id) for one in changes}
    things = await list_things(tx, keys)
    documents = await analyse(things)
    gone = {Gone(one.kind, one.thing_id, one.container_id, one.inserted_at) for one in changes} - {
        Gone(*one.key, one.inserted_at) for one in documents
    }
    await backend.index(tx, documents, sorted(gone, key=str), version=version)
    INDEXED.labels("change").inc(len(documents))
    found = {(one.kind, one.id) for one in documents}
    DROPPED.inc(sum((key.kind, key.id) not in found for key in keys))


async def analyse(things: Sequence[Searchable]) -> list[Document]:
    """Their words. This is work of this process alone: now and then the others on its loop go first."""
    documents: list[Document] = []
    since = perf_counter()
    for thing in things:
        words = analysed(thing.title, thing.text, thing.language)
        documents.append(document_of(thing, words))
        if perf_counter() - since >= SLICE:
            await asyncio.sleep(0)
            since = perf_counter()
    return documents


def _observe(changes: Sequence[Change]) -> None:
    now: datetime = clock.now()
    for change in changes:
        LATE.observe(max(0.0, (now - change.changed_at).total_seconds()))
