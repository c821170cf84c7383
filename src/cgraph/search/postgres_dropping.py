"""Taking out what a rebuild has not met: it was written before, and is no more."""

from cgraph.searchable import Kind
from cgraph_kit.db import Transaction

_BEARERS: tuple[Kind, ...] = ("message", "post", "comment")


async def drop_older(tx: Transaction, kind: Kind, generation: int) -> None:
    """What of a kind is older; of files, when everything files hang on has been written anew since."""
    await tx.value(_DROP, kind, generation)
    if kind in _BEARERS:
        oldest = await tx.value(_OLDEST, list(_BEARERS))
        await tx.value(_DROP, "file", oldest)


_DROP = "DELETE FROM search_documents WHERE kind = $1 AND generation < $2"
# What is under way has its new number, and not all of its documents have it.
_OLDEST = """
SELECT min(CASE WHEN finished_at IS NULL THEN 0 ELSE generation END) FROM search_rebuilds WHERE kind = ANY($1)
"""
