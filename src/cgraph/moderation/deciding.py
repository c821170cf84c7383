"""Deciding a case: what becomes of the thing, of its author, and of those who reported it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.validation import NO_NUL, Input, demand_end

from .case import WholeCase
from .claiming import demand_open, demand_unclaimed, hold_case
from .effects import act
from .errors import CaseChanged
from .hiding import show_again
from .measure import Doing, Measure
from .queue import get_case
from .report import State
from .telling import tell_decided

_STATES: dict[str, State] = {"approve": "approved", "reject": "rejected", "ignore": "ignored"}


class NewDecision(Input, frozen=True):
    """What shall become of a case."""

    version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    """That of the case as it was seen."""
    decision: Literal["approve", "reject", "ignore"]
    """`approve`: the reports are right; `reject`: they are not; `ignore`: neither."""
    measures: Sequence[Measure] = ()
    """With `approve`: what is done about it."""
    until: datetime | None = None
    """When a ban or timeout ends; null: a ban for good."""
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=NO_NUL)] | None = None
    """Why; the author of the thing and whoever reads the log of the place are told so."""

    def __post_init__(self) -> None:
        if self.measures and self.decision != "approve":
            raise Invalid.field("measures", "go with approve only")
        if len(set(self.measures)) < len(self.measures):
            raise Invalid.field("measures", "names one twice")
        if {"ban", "timeout"} <= set(self.measures):
            raise Invalid.field("measures", "cannot be both ban and timeout")
        if self.until is not None and self.until.tzinfo is None:
            raise Invalid.field("until", "must name its time zone")


async def decide_case(
    db: Repo, actor: Actor, case_id: UUID, new: NewDecision, *, grace: float
) -> WholeCase:
    """Decide a case, do what is decided, and tell reporters and author; all or nothing.

    What was hidden because many had reported it is seen again, unless it is to be removed. `grace`: seconds until pushes and mail of it may go. Of two who decide at once, one is too late.

    Raises `CaseNotFound`, `CaseChanged`, `CaseClaimed`, `Invalid` for a measure that cannot be taken there, and as taking
    it in the place itself does.
    """
    demand_end("until", new.until)
    async with db.transaction() as tx:
        row = await hold_case(tx, actor, case_id)
        if row.version != new.version:
            raise CaseChanged(version=row.version)
        demand_open(row)
        demand_unclaimed(row, actor)
        id, now, state = new_id(), clock.now(), _STATES[new.decision]
        doing = Doing(row, new.until, new.note)
        effects = [await act(tx, actor, doing, measure) for measure in new.measures]
        if "remove" not in new.measures:
            await show_again(tx, actor, row)
        kept = msgspec.to_builtins(effects)
        await tx.value(_DECIDE, case_id, state, actor.id, now)
        await tx.value(_NOTE, id, case_id, actor.id, state, new.note, kept, now)
        await tell_decided(tx, actor, row, id, author=bool(effects), at=now, grace=grace)
        return await get_case(tx, actor, case_id)


_DECIDE = """
UPDATE moderation_cases SET state = $2, resolved_by = $3, resolved_at = $4, updated_at = $4, version = version + 1,
    claimed_by = NULL, claimed_until = NULL
WHERE id = $1
"""
_NOTE = """
INSERT INTO moderation_actions (id, case_id, actor_id, decision, note, effects, inserted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
