"""Objects that are nobody's, and their end.

A note is taken away only in the transaction that makes its object somebody's, and a collector holds the notes whose objects it
removes: a writer that was taken for dead cannot make an object somebody's that is gone.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Unavailable
from cgraph_kit.storage import Storage, StorageError

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Objects removed in one transaction, which waits for the store meanwhile."""
NOW = timedelta(0)
LATER = timedelta(hours=1)
"""When what the store refused to remove is tried again."""
REFUSALS_MAX = 3
"""Objects of one transaction the store may refuse before the rest is left for the next: it may be away."""


async def doom(db: Repo, keys: Sequence[str], *, after: timedelta = NOW) -> None:
    """Have these objects removed after a while, unless they are spared before."""
    await db.value(_DOOM, list(keys), clock.now() + after)


async def spare(tx: Transaction, keys: Sequence[str]) -> None:
    """These objects are somebody's from now on. Raises `Unavailable` where they took too long to be written."""
    if await tx.value(_SPARE, list(keys)) < len(keys):
        raise Unavailable("storing this took too long")


async def remove_doomed(db: Repo, storage: Storage) -> int:
    """Remove what is due; any number of nodes may do so at once. How many objects that were.

    What the store refuses to remove waits for an hour, and keeps nothing else from going. Raises `StorageError` where it
    removes nothing at all.
    """
    removed = 0
    while True:
        async with db.transaction() as tx:
            keys = await tx.values(_DUE, clock.now(), AT_ONCE)
            gone, refused = await _remove(storage, keys)
            await tx.value(_FORGET, gone)
            await tx.value(_POSTPONE, list(refused), clock.now() + LATER)
        removed += len(gone)
        if refused and not gone:
            raise next(iter(refused.values()))
        if len(keys) < AT_ONCE:
            return removed


async def _remove(
    storage: Storage, keys: Sequence[str]
) -> tuple[list[str], dict[str, StorageError]]:
    """Those that are gone, and those the store would not remove, with why."""
    gone: list[str] = []
    refused: dict[str, StorageError] = {}
    for key in keys:
        try:
            await storage.delete(key)
        except StorageError as error:
            log.warning("an object could not be removed: %s", error)
            refused[key] = error
            if len(refused) == REFUSALS_MAX:
                break
        else:
            gone.append(key)
    return gone, refused


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
_POSTPONE = "UPDATE file_doomed SET due_at = $2 WHERE key = ANY($1)"
