"""Clearing away what was said in places that are no more."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph import files, notifications
from cgraph_kit.db import Repo
from cgraph_kit.jobs import OnePending, job

from .attaching import MESSAGE
from .due import forget_in

if TYPE_CHECKING:
    from cgraph.application import App

AT_ONCE = 5_000
"""Rows one statement removes."""


class SweepPlaces(msgspec.Struct, frozen=True):
    """Places that are gone."""

    place_ids: Sequence[UUID]


@job(queue="maintenance", max_attempts=20, timeout=900, unique=OnePending(keys=("place_ids",)))
async def sweep_places(app: "App", args: SweepPlaces) -> None:
    """Remove the messages of places that are gone, the log of them, what was to be said there later, and what people set for them.

    Twice is harmless: the second time there is nothing left to remove.
    """
    await sweep(app.db, args.place_ids)


async def sweep(db: Repo, place_ids: Sequence[UUID]) -> None:
    """Do it now, in statements of bounded size."""
    await forget_in(db, place_ids)
    while await _sweep_messages(db, list(place_ids)) == AT_ONCE:
        pass
    async with db.transaction() as tx:
        await files.release_kept(tx, place_ids)
    while await db.value(_SWEEP_EVENTS, list(place_ids), AT_ONCE) == AT_ONCE:
        pass
    await notifications.forget_places(db, place_ids)


class _Swept(msgspec.Struct, frozen=True):
    count: int
    attached: list[UUID] | None


async def _sweep_messages(db: Repo, place_ids: Sequence[UUID]) -> int:
    async with db.transaction() as tx:
        swept = await tx.one(_Swept, _SWEEP_MESSAGES, place_ids, AT_ONCE)
        if swept.attached:
            # A thread that was converted and back has them again, under another id of its own.
            await files.release_in(tx, MESSAGE, swept.attached, place_ids)
    return swept.count


# What hangs on a message goes with it, but for files.
_SWEEP_MESSAGES = """
WITH part AS (
    SELECT conversation_id, seq FROM messages WHERE conversation_id = ANY($1) LIMIT $2
), gone AS (
    DELETE FROM messages m USING part WHERE m.conversation_id = part.conversation_id AND m.seq = part.seq
    RETURNING m.id, m.attachments IS NOT NULL AS attached
)
SELECT count(*), array_agg(id) FILTER (WHERE attached) FROM gone
"""
_SWEEP_EVENTS = """
WITH part AS (
    SELECT stream_id, seq, inserted_at FROM events WHERE stream_id = ANY($1) LIMIT $2
), gone AS (
    DELETE FROM events e USING part
    WHERE e.stream_id = part.stream_id AND e.seq = part.seq AND e.inserted_at = part.inserted_at RETURNING 1
)
SELECT count(*) FROM gone
"""
