"""Taking a decision back: what it did is undone, and the case is open again."""

from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo

from .case import Effect, WholeCase
from .claiming import demand_unclaimed, hold_case
from .effects import revert
from .errors import CannotUndo, CaseNotFound, DecisionNotFound
from .queue import get_case


async def undo_decision(db: Repo, actor: Actor, decision_id: UUID) -> WholeCase:
    """Take back the last decision about a case, with all it did, in reverse order and exactly; all or nothing.

    Whoever may decide the case may. What people were told stays told. Raises `DecisionNotFound`, `CannotUndo`,
    `CaseClaimed`.
    """
    async with db.transaction() as tx:
        case_id = await tx.value(_CASE, decision_id)
        if case_id is None:
            raise DecisionNotFound
        try:
            row = await hold_case(tx, actor, case_id)
        except CaseNotFound:
            raise DecisionNotFound from None
        demand_unclaimed(row, actor)
        action = await tx.one(_Raw, _GET, decision_id)
        if action.undone or not action.latest:
            raise CannotUndo("it was taken back, or decided anew, before")
        if await tx.value(_REOPENED, case_id):
            raise CannotUndo("the same thing was reported again meanwhile")
        effects = msgspec.convert(action.effects, list[Effect])
        for effect in reversed(effects):
            await revert(tx, actor, row, effect)
        now = clock.now()
        await tx.value(_UNDO, decision_id, actor.id, now)
        await tx.value(_REOPEN, case_id, now)
        return await get_case(tx, actor, case_id)


class _Raw(msgspec.Struct, frozen=True):
    undone: bool
    latest: bool
    effects: list[dict[str, object]]


_CASE = "SELECT case_id FROM moderation_actions WHERE id = $1"
_GET = """
SELECT a.undone_at IS NOT NULL, NOT EXISTS (
    SELECT FROM moderation_actions b WHERE b.case_id = a.case_id AND b.id > a.id AND b.undone_at IS NULL
), a.effects
FROM moderation_actions a WHERE a.id = $1
"""
# There is one open case of a thing at most.
_REOPENED = """
SELECT true FROM moderation_cases o JOIN moderation_cases c ON c.id = $1
WHERE o.item_kind = c.item_kind AND o.item_id = c.item_id AND o.state = 'pending'
"""
_UNDO = "UPDATE moderation_actions SET undone_by = $2, undone_at = $3 WHERE id = $1"
_REOPEN = """
UPDATE moderation_cases SET state = 'pending', resolved_by = NULL, resolved_at = NULL, updated_at = $2, version = version + 1
WHERE id = $1
"""
