"""Reporting something, and hearing what became of it."""

from typing import Any
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from . import scoring
from .evidence import gather
from .hiding import hide_if_many
from .limits import DEFAULT_LIMITS, Limits
from .report import NewReport, Report
from .reviewing import is_reviewer
from .snapshot import Evidence, Snapshot


async def report_item(
    db: Repo, actor: Actor, new: NewReport, *, limits: Limits = DEFAULT_LIMITS
) -> Report:
    """Tell the moderators of something one can see; again, while nothing is decided: the first report comes back.

    What it says, and what is said around it, is kept as the reporter sees it now. Who reported it is told to those who
    decide, nobody else.

    Raises `Invalid` for what is one's own, and as looking at the thing does: `ConversationNotFound`, `ChannelNotFound`,
    `MessageNotFound`, `PostNotFound`, `CommentNotFound`, `UserNotFound`.
    """
    evidence = await gather(db, actor, new, limits)
    if evidence.author_id == actor.id:
        raise Invalid.field("id", "is your own")
    async with db.transaction() as tx:
        held = await _hold_case(tx, new, evidence)
        earlier = await tx.first(Report, _MINE, held.id, actor.id)
        if earlier is not None:
            return earlier
        weight = await _weight(tx, actor, new, evidence)
        fresh = held.snapshot is None or _differs(held.snapshot, evidence.snapshot)
        kept = msgspec.to_builtins(evidence.snapshot) if fresh else None
        now = clock.now()
        await tx.value(
            _INSERT, new_id(), held.id, actor.id, new.reason, new.note, weight, kept, now
        )
        score = held.score + weight
        rank = scoring.priority(
            score, medium=limits.report_medium_score, high=limits.report_high_score
        )
        await tx.value(_COUNT, held.id, score, rank, now)
        await hide_if_many(tx, held.id, new, score, limits)
        return await tx.one(Report, _MINE, held.id, actor.id)


async def list_own_reports(
    db: Repo, actor: Actor, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[Report]:
    """What the actor has reported, the newest first. Raises `Invalid` for another list's cursor."""
    before = decode_cursor(after, UUID, "after") if after else None
    rows = await db.all(Report, _OWN, actor.id, before, limit + 1)
    return forward_page(rows, limit, lambda row: row.id)


class _Held(msgspec.Struct, frozen=True):
    id: UUID
    score: float
    snapshot: dict[str, Any] | None
    """The last that was kept."""


async def _hold_case(tx: Transaction, new: NewReport, evidence: Evidence) -> _Held:
    """The open case of a thing, made if there is none; who reports it too waits."""
    id: UUID = await tx.value(
        _OPEN,
        new_id(),
        new.kind,
        new.id,
        evidence.place_kind,
        evidence.place_id,
        evidence.channel_id,
        evidence.container_id,
        evidence.author_id,
        clock.now(),
    )
    return await tx.one(_Held, _HELD, id)


async def _weight(tx: Transaction, actor: Actor, new: NewReport, evidence: Evidence) -> float:
    earlier = await tx.one(_Earlier, _EARLIER, actor.id)
    moderator = await is_reviewer(tx, actor, evidence)
    return scoring.weight(new.reason, right=earlier.right, wrong=earlier.wrong, moderator=moderator)


class _Earlier(msgspec.Struct, frozen=True):
    right: int
    wrong: int


def _differs(kept: dict[str, Any], now: Snapshot) -> bool:
    """Whether the thing itself says something else than when it was last reported."""
    return bool(kept["item"] != msgspec.to_builtins(now.item))


# Updating what is there changes nothing, but waits for who holds it.
_OPEN = """
INSERT INTO moderation_cases
    (id, item_kind, item_id, place_kind, place_id, channel_id, container_id, author_id, inserted_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
ON CONFLICT (item_kind, item_id) WHERE state = 'pending' DO UPDATE SET updated_at = moderation_cases.updated_at
RETURNING id
"""
_HELD = """
SELECT c.id, c.score, (
    SELECT snapshot FROM moderation_reports r WHERE r.case_id = c.id AND snapshot IS NOT NULL ORDER BY r.id DESC LIMIT 1
) FROM moderation_cases c WHERE c.id = $1
"""
_INSERT = """
INSERT INTO moderation_reports (id, case_id, reporter_id, reason, note, weight, snapshot, inserted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_COUNT = """
UPDATE moderation_cases SET score = $2, priority = $3, report_count = report_count + 1, updated_at = $4 WHERE id = $1
"""
_EARLIER = """
SELECT count(*) FILTER (WHERE c.state = 'approved'), count(*) FILTER (WHERE c.state = 'rejected')
FROM moderation_reports r JOIN moderation_cases c ON c.id = r.case_id WHERE r.reporter_id = $1
"""
_REPORT = """
SELECT r.id, c.item_kind, c.item_id, c.container_id, r.reason, r.note, c.state, r.inserted_at, c.resolved_at
FROM moderation_reports r JOIN moderation_cases c ON c.id = r.case_id
"""
_MINE = f"{_REPORT} WHERE r.case_id = $1 AND r.reporter_id = $2"
_OWN = f"{_REPORT} WHERE r.reporter_id = $1 AND ($2::uuid IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3"
