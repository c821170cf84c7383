"""Places whose people come and go with their rights: what the contexts above do with the conversations behind them.

A channel or thread is a row of `conversations` and a stream, both under its own id. Who may look, the context above says
each time (see `gates`); whoever does gets a row of `participants`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from .policy import PlaceKind
from .sweeping import sweep_places


async def create_place(
    tx: Transaction, id: UUID, kind: PlaceKind, *, at: datetime | None = None
) -> None:
    """Begin a place under the id of a channel or thread, with nothing said in it. `at`: when; now, if left out."""
    await create_places(tx, [id], kind, at=at)


async def create_places(
    tx: Transaction, ids: Sequence[UUID], kind: PlaceKind, *, at: datetime | None = None
) -> None:
    """The same for many, in one statement."""
    await tx.value(_CREATE, list(ids), kind, at or clock.now())


async def delete_places(tx: Transaction, ids: Collection[UUID]) -> None:
    """Places and all that was said there are gone for everybody from the commit on; what lies in tables goes by a job.

    Waits for who is speaking there. What people had set for them, and their notifications of them, go with it.
    """
    gone = sorted(set(ids))
    if not gone:
        return
    # In the order in which everybody takes them; who would look in now waits, and then finds nothing.
    await tx.value("SELECT 1 FROM conversations WHERE id = ANY($1) ORDER BY id FOR UPDATE", gone)
    await tx.value("DELETE FROM participants WHERE conversation_id = ANY($1)", gone)
    await tx.value("DELETE FROM streams WHERE id = ANY($1)", gone)
    for start in range(0, len(gone), AT_ONCE):
        await sweep_places.enqueue(tx, place_ids=gone[start : start + AT_ONCE])


async def leave_places(tx: Transaction, user_id: UUID, place_ids: Collection[UUID]) -> None:
    """A person who was silenced in these places may look into them no longer: nothing of it stays in their inbox.

    What they had set for them is forgotten; should they come back, they begin anew. It holds their stream: whoever calls
    has locked everything else, and silenced them first (`silence_in_places`).
    """
    left = sorted(set(place_ids))
    if left:
        await notifications.leave_places(tx, user_id, left)


async def silence_in_places(
    tx: Transaction, user_ids: Collection[UUID], place_ids: Collection[UUID]
) -> None:
    """These people say nothing in these places any more, from now on; of each of them `leave_places` does the rest.

    All that is theirs there is locked before the first of their streams is.
    """
    await tx.value(_LEAVE, sorted(set(place_ids)), sorted(set(user_ids)))


async def list_entered(db: Repo, user_ids: Collection[UUID]) -> list[UUID]:
    """The channels and threads any of these people have ever looked into."""
    return await db.values(_ENTERED, list(user_ids))


class _Active(msgspec.Struct, frozen=True):
    id: UUID
    active_at: datetime


async def get_active_at(db: Repo, place_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When something was last said in each of these places; if nothing was, when it began."""
    sql = "SELECT id, active_at FROM streams WHERE id = ANY($1)"
    return {row.id: row.active_at for row in await db.all(_Active, sql, list(place_ids))}


AT_ONCE = 100
"""Places one job sweeps."""

# The key to the stream is checked when the statement ends, so both rows are made in one.
_CREATE = """
WITH made AS (
    INSERT INTO conversations (id, kind, inserted_at) SELECT unnest($1::uuid[]), $2, $3 RETURNING id
)
INSERT INTO streams (id, active_at) SELECT id, $3 FROM made
"""
_ENTERED = "SELECT DISTINCT conversation_id FROM participants WHERE user_id = ANY($1) AND gated"
_LEAVE = """
WITH held AS (
    SELECT conversation_id, user_id FROM participants
    WHERE conversation_id = ANY($1) AND user_id = ANY($2) AND left_seq IS NULL
    ORDER BY conversation_id, user_id FOR NO KEY UPDATE
)
UPDATE participants p SET left_seq = s.last_seq FROM streams s, held
WHERE s.id = held.conversation_id AND p.conversation_id = s.id AND p.user_id = held.user_id
"""
