"""Why somebody was told of something, or was not: the record, for the person and for administrators."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo, columns
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .facts import Verdict
from .kinds import CHANNELS, Channel, Kind
from .outcomes import OUTCOME, AnyState, Outcome, text_of
from .scopes import ScopeKind


class WhichTraces(msgspec.Struct, frozen=True):
    """Which decisions; what is left out may be anything."""

    event_id: UUID | None = None
    object_id: UUID | None = None
    """The message it was about."""
    state: AnyState | None = None
    since: datetime | None = None
    until: datetime | None = None


class Delivery(msgspec.Struct, frozen=True):
    """A push to one device."""

    event_id: UUID
    device_id: UUID
    purpose: str
    """`alert`, or `digest`."""
    state: str
    """`queued`, `sent`, `dropped` (no longer wanted when its turn came: `error` is the rule), `gone` or `failed`."""
    attempts: int
    provider_id: str | None
    error: str | None
    updated_at: datetime


class Way(Verdict, frozen=True):
    """What was decided for one way."""

    led_by: UUID | None = None
    """Of a push: the event with which it was told, or the digest."""


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """One event, and what became of it for one person."""

    event_id: UUID
    happened_at: datetime
    kind: Kind
    state: AnyState
    """`pending`: push and mail are decided a little later."""
    rule: str
    text: str
    """What the rule says."""
    actor_id: UUID | None
    scope: ScopeKind | None
    scope_id: UUID | None
    object_id: UUID | None
    notification_id: UUID | None
    """The entry of the inbox; null: it never was there, or was taken back."""
    ways: Mapping[Channel, Way]
    deliveries: Sequence[Delivery]
    facts: Mapping[str, Any]
    """What was known when it was decided, where it speaks against telling; `now` is when that was."""
    decided_at: datetime


ALL = WhichTraces()


async def list_traces(
    db: Repo,
    user_id: UUID,
    which: WhichTraces = ALL,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[Traced]:
    """What became of everything that concerned a person in the last 30 days, the newest first.

    `after` is a cursor of this list. Raises `Invalid` for another's.
    """
    at, id = decode_cursor(after, tuple[datetime, UUID], "after") if after else (None, None)
    rows = await db.all(
        Outcome,
        _LIST,
        user_id,
        limit + 1,
        at,
        id,
        which.event_id,
        which.object_id,
        which.state,
        which.since,
        which.until,
    )
    page = forward_page(rows, limit, lambda row: (row.happened_at, row.event_id))
    return Page(await _traced(db, user_id, page.items), page.before, page.after)


async def _traced(db: Repo, user_id: UUID, rows: Sequence[Outcome]) -> list[Traced]:
    ways = [{way: _way(row, way) for way in CHANNELS} for row in rows]
    leads = {
        row.event_id: found["push"].led_by or row.event_id
        for row, found in zip(rows, ways, strict=True)
    }
    deliveries = await db.all(Delivery, _DELIVERIES, user_id, list(leads.values())) if rows else []
    return [
        Traced(
            event_id=row.event_id,
            happened_at=row.happened_at,
            kind=row.kind,
            state=row.state,
            rule=row.rule,
            text=text_of(row.rule),
            actor_id=row.actor_id,
            scope=row.scope,
            scope_id=row.scope_id,
            object_id=row.object_id,
            notification_id=row.notification_id,
            ways=found,
            deliveries=[one for one in deliveries if one.event_id == leads[row.event_id]],
            facts=row.facts,
            decided_at=row.decided_at,
        )
        for row, found in zip(rows, ways, strict=True)
    ]


def _way(row: Outcome, channel: Channel) -> Way:
    stored = row.channels[channel]
    return msgspec.convert({"text": text_of(stored["rule"])} | stored, Way)


_LIST = f"""
SELECT {OUTCOME} FROM notification_outcomes
WHERE user_id = $1 AND ($3::timestamptz IS NULL OR (happened_at, event_id) < ($3, $4::uuid))
    AND ($5::uuid IS NULL OR event_id = $5) AND ($6::uuid IS NULL OR object_id = $6)
    AND ($7::text IS NULL OR state = $7)
    AND ($8::timestamptz IS NULL OR happened_at >= $8) AND ($9::timestamptz IS NULL OR happened_at < $9)
ORDER BY happened_at DESC, event_id DESC LIMIT $2
"""
_DELIVERIES = f"""
SELECT {columns(Delivery)} FROM notification_deliveries
WHERE event_id = ANY($2) AND user_id = $1 ORDER BY happened_at, device_id, purpose
"""
