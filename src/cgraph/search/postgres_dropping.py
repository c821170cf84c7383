"""Taking out what is no more, and nothing has told of by itself."""

from cgraph.searchable import Kind
from cgraph_kit.db import Repo, Transaction

from .changes import hold_turn
from .postgres_partitions import list_partitions

_BEARERS: tuple[Kind, ...] = ("message", "post", "comment")
AT_ONCE = 5_000
"""Documents taken out in one transaction."""


async def drop_older(tx: Transaction, kind: Kind, generation: int) -> None:
    """What of a kind a rebuild has not met; of files, when everything files hang on has been written anew since."""
    await _drop(tx, kind, generation)
    if kind in _BEARERS:
        await _drop(tx, "file", await tx.value(_OLDEST, list(_BEARERS)))


async def _drop(tx: Transaction, kind: Kind, generation: int) -> None:
    """One partition after the other: each is read as a whole."""
    for name in await list_partitions(tx):
        await tx.value(f"DELETE FROM {name} WHERE kind = $1 AND generation < $2", kind, generation)


async def drop_deleted_forums(db: Repo) -> None:
    """What lies in forums that have been deleted. It has not been found since, for nobody reads it."""
    while True:
        async with db.transaction() as tx:
            await hold_turn(tx)
            if await tx.value(_DELETED, AT_ONCE) < AT_ONCE:
                return


# What is under way has its new number, and not all of its documents have it.
_OLDEST = """
SELECT min(CASE WHEN finished_at IS NULL THEN 0 ELSE generation END) FROM search_rebuilds WHERE kind = ANY($1)
"""
_DELETED = """
WITH lying AS MATERIALIZED (
    SELECT d.* FROM forums f, LATERAL (
        SELECT inserted_at, id FROM search_documents WHERE container_id = f.id LIMIT $1
    ) d WHERE f.deleted_at IS NOT NULL LIMIT $1
), dropped AS (
    DELETE FROM search_documents d USING lying s WHERE d.inserted_at = s.inserted_at AND d.id = s.id RETURNING 1
)
SELECT count(*) FROM dropped
"""
