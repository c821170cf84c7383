"""A case: something that was reported, as those who decide it see it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from cgraph.accounts import Person
from cgraph_kit.db import columns

from .report import ItemKind, State
from .scoring import PRIORITIES, Priority, Reason
from .snapshot import Snapshot

PlaceKind = Literal["site", "group", "forum"]


class Row(msgspec.Struct, frozen=True):
    """A row of `moderation_cases`."""

    id: UUID
    item_kind: ItemKind
    item_id: UUID
    place_kind: PlaceKind
    place_id: UUID | None
    channel_id: UUID | None
    container_id: UUID | None
    author_id: UUID | None
    state: State
    report_count: int
    score: float
    priority: int
    version: int
    claimed_by: UUID | None
    claimed_until: datetime | None
    resolved_by: UUID | None
    resolved_at: datetime | None
    hidden_act_id: UUID | None
    inserted_at: datetime
    updated_at: datetime


ROW = columns(Row, "c")


class ListedRow(Row, frozen=True):
    """The same with what was kept of the thing, and why it was reported."""

    snapshot: dict[str, Any] | None
    reasons: dict[str, int] | None


LISTED = f"""
{ROW}, (
    SELECT snapshot FROM moderation_reports r WHERE r.case_id = c.id AND snapshot IS NOT NULL ORDER BY r.id LIMIT 1
), (
    SELECT jsonb_object_agg(reason, n)
    FROM (SELECT reason, count(*) AS n FROM moderation_reports r WHERE r.case_id = c.id GROUP BY reason) k
)
"""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was reported, by however many."""

    id: UUID
    kind: ItemKind
    item_id: UUID
    place_kind: PlaceKind
    """Whose moderators decide; `site`: administrators alone."""
    place_id: UUID | None
    """The group or forum."""
    container_id: UUID | None
    """The conversation, channel, thread or post it is in."""
    author: Person | None
    state: State
    priority: Priority
    score: float
    """The weights of its reports together."""
    report_count: int
    reasons: Mapping[Reason, int]
    """How often each was given."""
    snapshot: Snapshot | None
    """What stood there when it was first reported; null once it was kept long enough."""
    hidden: bool
    """So many have reported it that nobody but moderators sees it until it is decided."""
    version: int
    """To be named with a decision, which then holds only if nobody was faster."""
    claimed_by: Person | None
    claimed_until: datetime | None
    resolved_by: Person | None
    resolved_at: datetime | None
    inserted_at: datetime
    updated_at: datetime


class Told(msgspec.Struct, frozen=True):
    """One report of a case."""

    id: UUID
    reporter: Person | None
    reason: Reason
    note: str | None
    snapshot: Snapshot | None
    """Where the thing said something else by then; null: what the report before had."""
    inserted_at: datetime


class Effect(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a decision did."""

    kind: Literal["remove", "warn", "ban", "timeout"]
    ref: UUID | None = None
    """The act in the log of the forum, by which it is taken back."""
    before: Any = None
    """What there was before, where that is what an undo restores."""
    reversible: bool = True


class Decision(msgspec.Struct, frozen=True):
    """What moderators decided about a case, and what it did."""

    id: UUID
    case_id: UUID
    actor: Person | None
    decision: State
    note: str | None
    """What the author of the thing was told."""
    effects: Sequence[Effect]
    undone_by: Person | None
    undone_at: datetime | None
    inserted_at: datetime


class WholeCase(Case, frozen=True, kw_only=True):
    """A case with every report and decision, oldest first."""

    reports: Sequence[Told]
    decisions: Sequence[Decision]


def people_of(rows: Sequence[Row]) -> list[UUID]:
    """Whom it takes to show these."""
    ids = {id for row in rows for id in (row.author_id, row.claimed_by, row.resolved_by) if id}
    return list(ids)


def facts(row: ListedRow, people: Mapping[UUID, Person], now: datetime) -> dict[str, Any]:
    """The fields of a `Case`; a claim that has run out is none."""
    claimed = row.claimed_until is not None and row.claimed_until > now
    snapshot = row.snapshot

    def person(id: UUID | None) -> Person | None:
        return people.get(id) if id else None

    return {
        "id": row.id,
        "kind": row.item_kind,
        "item_id": row.item_id,
        "place_kind": row.place_kind,
        "place_id": row.place_id,
        "container_id": row.container_id,
        "author": person(row.author_id),
        "state": row.state,
        "priority": PRIORITIES[row.priority],
        "score": round(row.score, 3),
        "report_count": row.report_count,
        "reasons": row.reasons or {},
        "snapshot": msgspec.convert(snapshot, Snapshot) if snapshot else None,
        "hidden": row.hidden_act_id is not None and row.state == "pending",
        "version": row.version,
        "claimed_by": person(row.claimed_by) if claimed else None,
        "claimed_until": row.claimed_until if claimed else None,
        "resolved_by": person(row.resolved_by),
        "resolved_at": row.resolved_at,
        "inserted_at": row.inserted_at,
        "updated_at": row.updated_at,
    }
