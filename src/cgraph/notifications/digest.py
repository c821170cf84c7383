"""The end of quiet hours: what was held is told of in one push."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from cgraph_kit import clock
from cgraph_kit.db import Transaction

from .delivery import list_targets
from .holding import AT_ONCE, hold, next_due, release, take_due
from .outcomes import count, settle
from .rechecking import Decided, Rechecked, recheck
from .sending import Push, alert, enqueueable
from .sources import Sources

DIGEST = 2
"""From so many events on they are one digest."""


class Told(NamedTuple):
    """What is to follow in the same transaction."""

    pushes: Sequence[Push] = ()
    again_at: datetime | None = None
    """When the next that waits is due."""


async def tell_due(tx: Transaction, sources: Sources, user_id: UUID) -> Told:
    """Tell what has waited long enough: one event as itself, more as one digest. What is quiet still waits on.

    Nothing of what was read meanwhile, or is not wanted any more. Twice is harmless: what was told waits no longer.
    """
    now = clock.now()
    waiting = await take_due(tx, user_id, "push", now)
    found = await recheck(tx, sources, user_id, waiting, ("push",)) if waiting else None
    await release(tx, user_id, "push", [one.event_id for one in waiting])
    pushes = await _tell(tx, found) if found else ()
    more = len(waiting) == AT_ONCE
    return Told(pushes, now if more else await next_due(tx, user_id, "push", now))


async def _tell(tx: Transaction, found: Rechecked) -> Sequence[Push]:
    person, decided = found
    await hold(tx, found, ["push"])
    loud = [one for one in decided if one.decision.push.action == "deliver"]
    if len(loud) < DIGEST:
        await _settle(tx, decided)
        return await alert(tx, found)
    id = uuid5(person.user_id, " ".join(sorted(str(one.outcome.event_id) for one in loud)))
    await _settle(tx, [_led(one, id) for one in decided])
    newest = max(one.outcome.happened_at for one in loud)
    targets = await list_targets(tx, [person.user_id])
    pushes = [
        Push(person.user_id, id, newest, target.device_id, "digest", count=len(loud))
        for target in targets
    ]
    return await enqueueable(tx, pushes)


def _led(one: Decided, id: UUID) -> Decided:
    told = one.decision.push.action == "deliver"
    return one.noted("push", led_by=str(id)) if told else one


async def _settle(tx: Transaction, decided: Sequence[Decided]) -> None:
    outcomes = [one.outcome for one in decided]
    await settle(tx, outcomes)
    count(outcomes)
