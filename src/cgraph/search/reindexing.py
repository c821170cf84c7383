"""Writing everything anew, kind after kind and slice after slice, while people go on searching and writing.

A slice is a transaction: read, analysed, written and the position moved, in turn with those who follow changes. So nothing
older replaces anything newer, whoever ends in the middle goes on where it was, and several at work share it. What has not
been written anew when its kind is through is no more, and goes.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.searchable import Kind, Reached
from cgraph_kit.db import Repo, Transaction, columns

from .backend import SearchBackend
from .changes import hold_turn
from .document_sources import SCANNED, scan_things
from .indexing import INDEXED, analyse

AT_ONCE = 250
"""Things of one slice: those who follow changes wait no longer than that takes."""


class Rebuild(msgspec.Struct, frozen=True):
    """How far a kind has been written anew."""

    kind: Kind
    done: int
    """Documents, those of files included that hang on things of the kind."""
    about: int
    """Things there are of it, as the database last counted."""
    started_at: datetime
    finished_at: datetime | None
    """None: it is under way, or about to be."""


async def list_rebuilds(db: Repo) -> list[Rebuild]:
    """Of every kind, the last one."""
    rows = await db.all(Rebuild, _LIST)
    return sorted(rows, key=lambda row: SCANNED.index(row.kind))


async def begin_rebuild(db: Repo, kinds: Collection[Kind] = SCANNED) -> None:
    """Have all of these kinds written anew, from the beginning; what is under way begins again.

    The job does it (`rebuild_index`), or whoever calls `rebuild_some`.
    """
    async with db.transaction() as tx:
        await hold_turn(tx)
        await tx.value(_BEGIN, list(kinds))


async def rebuild_some(db: Repo, backend: SearchBackend, kinds: Collection[Kind] = SCANNED) -> bool:
    """Write the next slice. False: nothing is left to do. Raises `Unavailable`."""
    async with db.transaction() as tx:
        version = await hold_turn(tx)
        under_way = await tx.first(_UnderWay, _NEXT, list(kinds))
        if under_way is None:
            return False
        await _slice(tx, backend, under_way, version)
    await backend.refresh()
    return True


class _UnderWay(msgspec.Struct, frozen=True):
    kind: Kind
    after_id: UUID
    after_seq: int
    generation: int


async def _slice(
    tx: Transaction, backend: SearchBackend, under_way: _UnderWay, version: int
) -> None:
    kind, after = under_way.kind, Reached(under_way.after_id, under_way.after_seq)
    scanned = await scan_things(tx, kind, after, AT_ONCE)
    documents = await analyse(scanned.things)
    await backend.index(tx, documents, [], version=version)
    INDEXED.labels("rebuild").inc(len(documents))
    if scanned.reached is not None:
        reached = scanned.reached
        await tx.value(_MOVE, kind, reached.id, reached.seq, len(documents), under_way.generation)
        return
    await tx.value(_FINISH, kind, len(documents), under_way.generation)
    await backend.drop_older(tx, kind, under_way.generation)


_LIST = """
SELECT r.kind, r.done, coalesce((
    SELECT sum(greatest(c.reltuples, 0)) FROM pg_class c WHERE c.oid = ANY(CASE r.kind
        WHEN 'message' THEN '{messages}' WHEN 'post' THEN '{posts}' WHEN 'comment' THEN '{comments}'
        WHEN 'user' THEN '{users}' WHEN 'group' THEN '{groups}' WHEN 'forum' THEN '{forums}'
        ELSE '{group_channels,group_threads}' END::regclass[])
), 0)::bigint, r.started_at, r.finished_at
FROM search_rebuilds r
"""
_NO_ONE = "'00000000-0000-0000-0000-000000000000'"
_BEGIN = f"""
INSERT INTO search_rebuilds (kind, generation)
SELECT k.kind, g.generation FROM unnest($1::text[]) AS k (kind),
    (SELECT coalesce(max(generation), 0) + 1 AS generation FROM search_rebuilds) g
ON CONFLICT (kind) DO UPDATE SET after_id = {_NO_ONE}, after_seq = 0, done = 0, generation = excluded.generation,
    started_at = now(), finished_at = NULL
"""
_NEXT = f"""
SELECT {columns(_UnderWay)} FROM search_rebuilds WHERE finished_at IS NULL AND kind = ANY($1)
ORDER BY array_position('{{{",".join(SCANNED)}}}', kind) LIMIT 1
"""
# An index that finds itself empty has it all begun again, in the middle of a slice: then the slice has moved nothing.
_MOVE = """
UPDATE search_rebuilds SET after_id = $2, after_seq = $3, done = done + $4 WHERE kind = $1 AND generation = $5
"""
_FINISH = """
UPDATE search_rebuilds SET done = done + $2, finished_at = clock_timestamp() WHERE kind = $1 AND generation = $3
"""
