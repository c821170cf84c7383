"""Push and mail, decided a little after the event."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from cgraph_kit import clock, telemetry
from cgraph_kit.db import Transaction

from .holding import OUTSIDE, Due, hold
from .outcomes import OUTCOME, Outcome, count, settle
from .rechecking import Decided, recheck
from .sending import Push, alert, leads
from .sources import Sources

AT_ONCE = 200
"""Outcomes decided in one transaction."""
TOGETHER = 3
"""What has waited for all but this part of its grace is decided with what comes first."""

_LAG = telemetry.histogram(
    "notification_decision_seconds",
    "Seconds from an event until push and mail were decided.",
    buckets=(1, 2.5, 5, 10, 15, 20, 30, 60, 300, 3600),
)


class Done(NamedTuple):
    """What was decided, and what is to follow it in the same transaction."""

    pushes: Sequence[Push] = ()
    due: Due = Due(None, None)
    again: float | None = None
    """Seconds until there is more to decide; None: nothing is left."""


async def decide(tx: Transaction, sources: Sources, user_id: UUID, *, grace: float) -> Done:
    """Decide what is pending for a person and has been for `grace` seconds, or nearly so.

    On two nodes at once it is harmless: what is pending is held, and pending no longer once it is decided.
    """
    now = clock.now()
    pending = await tx.all(Outcome, _PENDING, user_id, AT_ONCE)
    ripe = now - timedelta(seconds=grace * (1 - 1 / TOGETHER))
    due = [one for one in pending if one.decided_at <= ripe]
    left = [one.decided_at for one in pending if one.decided_at > ripe]
    again = (min(left) - now).total_seconds() + grace if left else None
    if due and len(pending) == AT_ONCE:
        again = 0.0
    return (await _decide(tx, sources, user_id, due))._replace(again=again)


async def _decide(tx: Transaction, sources: Sources, user_id: UUID, due: Sequence[Outcome]) -> Done:
    found = await recheck(tx, sources, user_id, due, OUTSIDE) if due else None
    if found is None:
        return Done()
    led = leads(found.decided)
    outcomes = [_led(one, led.get(one.outcome.event_id)) for one in found.decided]
    await settle(tx, outcomes)
    count(outcomes)
    for one in outcomes:
        _LAG.observe(max(0.0, (one.decided_at - one.happened_at).total_seconds()))
    return Done(await alert(tx, found), await hold(tx, found))


def _led(one: Decided, by: UUID | None) -> Outcome:
    """With the event with which it is told."""
    return (one.noted("push", led_by=str(by)) if by else one).outcome


_PENDING = f"""
SELECT {OUTCOME} FROM notification_outcomes WHERE user_id = $1 AND state = 'pending'
ORDER BY decided_at, event_id LIMIT $2 FOR UPDATE
"""
