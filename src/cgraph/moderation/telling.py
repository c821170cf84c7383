"""Telling people of decisions: those who had reported something, and the author of what was decided about."""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.notifications import Occasion, Subject
from cgraph_kit.db import Transaction

from .case import Row


async def tell_decided(
    tx: Transaction,
    actor: Actor,
    case: Row,
    decision_id: UUID,
    *,
    author: bool,
    at: datetime,
    grace: float,
) -> None:
    """Tell every reporter, and the author if something was done; nobody is told who decided."""
    reports = await tx.all(_Report, _REPORTERS, case.id)
    occasions = [
        _occasion(one.reporter_id, decision_id, Subject("report", one.id), at)
        for one in reports
        if one.reporter_id != actor.id
    ]
    if author and case.author_id is not None:
        subject = Subject("moderation_decision", decision_id)
        occasions.append(_occasion(case.author_id, decision_id, subject, at))
    await notifications.hold_inboxes(tx, {one.user_id for one in occasions})
    await notifications.notify(tx, occasions, [], grace=grace)


class _Report(msgspec.Struct, frozen=True):
    id: UUID
    reporter_id: UUID


def _occasion(user_id: UUID, decision_id: UUID, subject: Subject, at: datetime) -> Occasion:
    return Occasion(
        user_id=user_id,
        kind="moderation",
        event_id=decision_id,
        happened_at=at,
        subject=subject,
        object_id=subject.id,
    )


_REPORTERS = """
SELECT id, reporter_id FROM moderation_reports WHERE case_id = $1 AND reporter_id IS NOT NULL ORDER BY id
"""
