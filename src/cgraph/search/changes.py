"""What has changed since it was written into the index: rows that triggers write in whatever transaction changes things."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.searchable import Kind
from cgraph_kit.db import Repo, Transaction, columns

AT_ONCE = 500
"""Changes followed in one transaction."""


class Change(msgspec.Struct, frozen=True):
    """Something that has been made, changed or removed; which, is asked of the thing itself."""

    id: int
    changed_at: datetime
    inserted_at: datetime | None
    """When the thing was written, by which an index may find it."""
    thing_id: UUID
    container_id: UUID | None
    """Of messages."""
    kind: Kind


class Lag(msgspec.Struct, frozen=True):
    """How far the index is behind."""

    changes: int
    """That wait: at most `COUNTED`, if there are more."""
    seconds: float
    """Since the first of them; 0: none waits."""


COUNTED = 100_000


async def hold_turn(tx: Transaction) -> int:
    """Be the one who writes the index until this transaction ends, after whoever does now.

    The turn's number: what is read in it is at least as new as what was in those before, those included that came to nothing,
    of which an index elsewhere may still be told.
    """
    await tx.value("SELECT 1 FROM search_turn FOR UPDATE")
    version: int = await tx.value(_TURN)
    return version


async def take_changes(tx: Transaction, most: int = AT_ONCE) -> Sequence[Change]:
    """The first so many, taken out by this transaction: rolled back, they are still there.

    Whoever takes them holds the turn. What they are about is read after this, and so at least as new.
    """
    changes = await tx.all(Change, _TAKE, most)
    return sorted(changes, key=lambda change: change.id)


async def leave_out(db: Repo, change: Change) -> None:
    """Take one out that cannot be followed."""
    await db.value("DELETE FROM search_changes WHERE id = $1", change.id)


async def get_lag(db: Repo) -> Lag:
    """How much waits, and since when."""
    return await db.one(Lag, _LAG)


# A turn that is rolled back leaves its number to nobody: by then it is later.
_TURN = """
UPDATE search_turn SET version = greatest(version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
RETURNING version
"""
_TAKE = f"""
DELETE FROM search_changes WHERE id = ANY(ARRAY(SELECT id FROM search_changes ORDER BY id LIMIT $1))
RETURNING {columns(Change)}
"""
# Numbers are taken in the order of the statements, not of the commits, and times are those of the transactions' beginnings:
# the first of those that have waited longest is among the first numbers.
_LAG = f"""
SELECT (SELECT count(*) FROM (SELECT FROM search_changes LIMIT {COUNTED}) c),
    coalesce(greatest(0, extract(epoch FROM clock_timestamp() - (
        SELECT min(changed_at) FROM (SELECT changed_at FROM search_changes ORDER BY id LIMIT 1000) c
    ))), 0)::float8
"""


async def something_waits(db: Repo) -> bool:
    """Whether there is anything to follow."""
    return bool(await db.value("SELECT EXISTS (SELECT FROM search_changes)"))
