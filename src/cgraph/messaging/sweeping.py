"""Clearing away what was said in places that are no more."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph_kit.db import Repo
from cgraph_kit.jobs import OnePending, job

if TYPE_CHECKING:
    from cgraph.application import App

AT_ONCE = 5_000
"""Rows one statement removes."""


class SweepPlaces(msgspec.Struct, frozen=True):
    """Places that are gone."""

    place_ids: Sequence[UUID]


@job(queue="maintenance", max_attempts=20, timeout=900, unique=OnePending(keys=("place_ids",)))
async def sweep_places(app: "App", args: SweepPlaces) -> None:
    """Remove the messages of places that are gone, the log of them, and what people set for them.

    Twice is harmless: the second time there is nothing left to remove.
    """
    await sweep(app.db, args.place_ids)


async def sweep(db: Repo, place_ids: Sequence[UUID]) -> None:
    """Do it now, in statements of bounded size."""
    for sql in _SWEEP:
        while await db.value(sql, list(place_ids), AT_ONCE) == AT_ONCE:
            pass
    await notifications.forget_places(db, place_ids)


# What hangs on a message goes with it.
_SWEEP = (
    """
WITH part AS (
    SELECT conversation_id, seq FROM messages WHERE conversation_id = ANY($1) LIMIT $2
), gone AS (
    DELETE FROM messages m USING part WHERE m.conversation_id = part.conversation_id AND m.seq = part.seq RETURNING 1
)
SELECT count(*) FROM gone
""",
    """
WITH part AS (
    SELECT stream_id, seq, inserted_at FROM events WHERE stream_id = ANY($1) LIMIT $2
), gone AS (
    DELETE FROM events e USING part
    WHERE e.stream_id = part.stream_id AND e.seq = part.seq AND e.inserted_at = part.inserted_at RETURNING 1
)
SELECT count(*) FROM gone
""",
)
