"""Taking a case for a while, so that two moderators do not do the same work."""

from datetime import timedelta
from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from .case import ROW, Row, WholeCase
from .errors import CaseChanged, CaseClaimed, CaseNotFound
from .limits import DEFAULT_LIMITS, Limits
from .queue import get_case
from .reviewing import is_reviewer


async def hold_case(tx: Transaction, actor: Actor, case_id: UUID) -> Row:
    """A case the actor decides, which nobody else changes before this transaction ends.

    To be called before anything else is locked. Raises `CaseNotFound`.
    """
    row = await tx.first(Row, _HOLD, case_id)
    if row is None or row.author_id == actor.id or not await is_reviewer(tx, actor, row):
        raise CaseNotFound
    return row


def demand_unclaimed(row: Row, actor: Actor) -> None:
    """Raise `CaseClaimed` while it is another's."""
    if row.claimed_by in {None, actor.id} or row.claimed_until is None:
        return
    if row.claimed_until > clock.now():
        raise CaseClaimed(claimed_until=row.claimed_until)


def demand_open(row: Row) -> None:
    """Raise `CaseChanged` once it is decided."""
    if row.state != "pending":
        raise CaseChanged("this case has been decided", version=row.version)


async def claim_case(
    db: Repo, actor: Actor, case_id: UUID, *, limits: Limits = DEFAULT_LIMITS
) -> WholeCase:
    """Take an open case for a while; again: for longer. Until then nobody else claims or decides it.

    Raises `CaseNotFound`, `CaseChanged` once it is decided, `CaseClaimed`.
    """
    async with db.transaction() as tx:
        row = await hold_case(tx, actor, case_id)
        demand_open(row)
        demand_unclaimed(row, actor)
        now = clock.now()
        until = now + timedelta(seconds=limits.report_claim_seconds)
        await tx.value(_CLAIM, case_id, actor.id, until, now)
        return await get_case(tx, actor, case_id)


async def release_case(db: Repo, actor: Actor, case_id: UUID) -> WholeCase:
    """Give a case back that one has claimed; one that is not one's own stays as it is. Raises `CaseNotFound`."""
    async with db.transaction() as tx:
        await hold_case(tx, actor, case_id)
        await tx.value(_RELEASE, case_id, actor.id, clock.now())
        return await get_case(tx, actor, case_id)


_HOLD = f"SELECT {ROW} FROM moderation_cases c WHERE c.id = $1 FOR NO KEY UPDATE"
# A claim of one's own that is renewed is no news to anybody.
_CLAIM = """
UPDATE moderation_cases SET claimed_by = $2, claimed_until = $3, updated_at = $4,
    version = version + (claimed_by IS DISTINCT FROM $2)::int
WHERE id = $1
"""
_RELEASE = """
UPDATE moderation_cases SET claimed_by = NULL, claimed_until = NULL, updated_at = $3, version = version + 1
WHERE id = $1 AND claimed_by = $2
"""
