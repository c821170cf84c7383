"""Objects that are nobody's, and their end.

A note is taken away only in the transaction that makes its object somebody's, and a collector holds the notes whose objects it
removes: a writer that was taken for dead cannot make an object somebody's that is gone.
"""

from collections.abc import Sequence
from datetime import timedelta

from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Unavailable
from cgraph_kit.storage import Storage

AT_ONCE = 50
"""Objects removed in one transaction, which waits for the store meanwhile."""
NOW = timedelta(0)


async def doom(db: Repo, keys: Sequence[str], *, after: timedelta = NOW) -> None:
    """Have these objects removed after a while, unless they are spared before."""
    await db.value(_DOOM, list(keys), clock.now() + after)


async def spare(tx: Transaction, keys: Sequence[str]) -> None:
    """These objects are somebody's from now on. Raises `Unavailable` where they took too long to be written."""
    if await tx.value(_SPARE, list(keys)) < len(keys):
        raise Unavailable("storing this took too long")


async def remove_doomed(db: Repo, storage: Storage) -> int:
    """Remove what is due; any number of nodes may do so at once. How many objects that were. Raises `StorageError`."""
    removed = 0
    while True:
        async with db.transaction() as tx:
            keys = await tx.values(_DUE, clock.now(), AT_ONCE)
            await storage.delete(*keys)
            await tx.value(_FORGET, keys)
        removed += len(keys)
        if len(keys) < AT_ONCE:
            return removed


_DOOM = """
INSERT INTO file_doomed (key, due_at) SELECT unnest($1::text[]), $2
ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at
"""
_SPARE = """
WITH spared AS (DELETE FROM file_doomed WHERE key = ANY($1) RETURNING 1) SELECT count(*) FROM spared
"""
_DUE = """
SELECT key FROM file_doomed WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_FORGET = "DELETE FROM file_doomed WHERE key = ANY($1)"
