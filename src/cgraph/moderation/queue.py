"""What there is to decide: the cases of chat and forum in one list."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor, Person
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .case import LISTED, Case, Decision, Effect, ListedRow, Told, WholeCase, facts, people_of
from .errors import CaseNotFound
from .report import ItemKind, State
from .reviewing import get_reviewer, is_reviewer
from .scoring import PRIORITIES, Priority, Reason
from .snapshot import Snapshot


class WhichCases(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the cases one decides; None: any."""

    state: State | None = "pending"
    kind: ItemKind | None = None
    place_id: UUID | None = None
    """A group or a forum."""
    author_id: UUID | None = None
    priority: Priority | None = None
    """At least."""


ALL_OPEN = WhichCases()


async def list_cases(
    db: Repo,
    actor: Actor,
    which: WhichCases = ALL_OPEN,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[Case]:
    """What the actor decides, the most urgent first; nothing for who decides nothing, and never one about themselves.

    Raises `Invalid` for another list's cursor.
    """
    reviewer = await get_reviewer(db, actor)
    if not reviewer.anything:
        return Page([])
    score, id = decode_cursor(after, tuple[float, UUID], "after") if after else (None, None)
    least = PRIORITIES.index(which.priority) if which.priority else 0
    rows = await db.all(
        ListedRow,
        _LIST,
        actor.id,
        reviewer.everything,
        list(reviewer.forum_ids),
        list(reviewer.channel_ids),
        which.state,
        which.kind,
        which.place_id,
        which.author_id,
        least,
        score,
        id,
        limit + 1,
    )
    page = forward_page(rows, limit, lambda row: (row.score, row.id))
    people, now = await accounts.get_people(db, people_of(page.items)), clock.now()
    return Page([Case(**facts(row, people, now)) for row in page.items], after=page.after)


async def get_case(db: Repo, actor: Actor, case_id: UUID) -> WholeCase:
    """One case with all that was reported and decided. Raises `CaseNotFound`."""
    row = await db.first(ListedRow, _GET, case_id)
    if row is None or row.author_id == actor.id or not await is_reviewer(db, actor, row):
        raise CaseNotFound
    reports = await db.all(_Report, _REPORTS, case_id)
    decisions = await db.all(_Decision, _DECISIONS, case_id)
    ids = {one.reporter_id for one in reports}
    ids |= {id for one in decisions for id in (one.actor_id, one.undone_by)}
    ids |= {*people_of([row])}
    people = await accounts.get_people(db, [id for id in ids if id])
    return WholeCase(
        **facts(row, people, clock.now()),
        reports=[one.told(people) for one in reports],
        decisions=[one.shown(people) for one in decisions],
    )


class _Report(msgspec.Struct, frozen=True):
    id: UUID
    reporter_id: UUID | None
    reason: Reason
    note: str | None
    snapshot: dict[str, Any] | None
    inserted_at: datetime

    def told(self, people: dict[UUID, Person]) -> Told:
        kept = msgspec.convert(self.snapshot, Snapshot) if self.snapshot else None
        reporter = people.get(self.reporter_id) if self.reporter_id else None
        return Told(self.id, reporter, self.reason, self.note, kept, self.inserted_at)


class _Decision(msgspec.Struct, frozen=True):
    id: UUID
    case_id: UUID
    actor_id: UUID | None
    decision: State
    note: str | None
    effects: list[dict[str, Any]]
    undone_by: UUID | None
    undone_at: datetime | None
    inserted_at: datetime

    def shown(self, people: dict[UUID, Person]) -> Decision:
        effects: Sequence[Effect] = msgspec.convert(self.effects, list[Effect])
        return Decision(
            self.id,
            self.case_id,
            people.get(self.actor_id) if self.actor_id else None,
            self.decision,
            self.note,
            effects,
            people.get(self.undone_by) if self.undone_by else None,
            self.undone_at,
            self.inserted_at,
        )


_LIST = f"""
SELECT {LISTED} FROM moderation_cases c
WHERE ($2 OR c.place_kind = 'forum' AND c.place_id = ANY($3::uuid[]) OR c.channel_id = ANY($4::uuid[]))
    AND c.author_id IS DISTINCT FROM $1
    AND ($5::text IS NULL OR c.state = $5) AND ($6::text IS NULL OR c.item_kind = $6)
    AND ($7::uuid IS NULL OR c.place_id = $7) AND ($8::uuid IS NULL OR c.author_id = $8) AND c.priority >= $9
    AND ($10::float8 IS NULL OR (c.score, c.id) < ($10, $11::uuid))
ORDER BY c.score DESC, c.id DESC LIMIT $12
"""
_GET = f"SELECT {LISTED} FROM moderation_cases c WHERE c.id = $1"
_REPORTS = """
SELECT id, reporter_id, reason, note, snapshot, inserted_at FROM moderation_reports WHERE case_id = $1 ORDER BY id
"""
_DECISIONS = """
SELECT id, case_id, actor_id, decision, note, effects, undone_by, undone_at, inserted_at
FROM moderation_actions WHERE case_id = $1 ORDER BY id
"""
