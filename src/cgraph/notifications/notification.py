"""An entry of the inbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Person
from cgraph_kit.db import columns

from .kinds import Kind
from .scopes import ScopeKind

SHOWN = 3
"""People shown beside an entry; `actor_count` counts all."""


class Row(msgspec.Struct, frozen=True):
    """A row of `notifications`."""

    id: UUID
    user_id: UUID
    kind: Kind
    subject_type: str
    subject_id: UUID
    scope: ScopeKind | None
    scope_id: UUID | None
    last_seq: int | None
    actor_ids: list[UUID]
    """Newest first."""
    actor_count: int
    event_count: int
    first_event_at: datetime
    last_event_at: datetime
    muted: bool
    seen_at: datetime | None
    read_at: datetime | None
    payload: dict[str, Any]

    @property
    def object_id(self) -> UUID | None:
        """What is shown of it."""
        id = self.payload.get("object_id")
        return UUID(id) if id else None


ROW = columns(Row)


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the inbox as its owner sees it: events of one kind about one subject, until it is read."""

    id: UUID
    kind: Kind
    subject_type: str
    subject_id: UUID
    scope: ScopeKind | None
    """The kind of place it happened in."""
    scope_id: UUID | None
    object_id: UUID | None
    """The newest message of it."""
    actors: Sequence[Person]
    """Who did it, newest first, at most three."""
    actor_count: int
    event_count: int
    first_event_at: datetime
    last_event_at: datetime
    muted: bool
    """It counts, but is not announced: its place is muted."""
    seen_at: datetime | None
    read_at: datetime | None


class Shown(Notification, frozen=True, kw_only=True):
    """The same with what it takes to show it, looked up when it was asked for."""

    text: str | None
    """What the newest message says now; null where there is nothing to say, or it may no longer be seen."""
    title: str | None
    """What the place is called; null: it is known by who is there."""


def shown_actor_ids(rows: Sequence[Row]) -> list[UUID]:
    """Whom it takes to show these."""
    return list({id for row in rows for id in row.actor_ids[:SHOWN]})


def notification(row: Row, people: dict[UUID, Person]) -> Notification:
    """A row and the people in it as the owner sees them; accounts that are gone are left out."""
    actors = [people[id] for id in row.actor_ids[:SHOWN] if id in people]
    return Notification(
        id=row.id,
        kind=row.kind,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        scope=row.scope,
        scope_id=row.scope_id,
        object_id=row.object_id,
        actors=actors,
        actor_count=row.actor_count,
        event_count=row.event_count,
        first_event_at=row.first_event_at,
        last_event_at=row.last_event_at,
        muted=row.muted,
        seen_at=row.seen_at,
        read_at=row.read_at,
    )
