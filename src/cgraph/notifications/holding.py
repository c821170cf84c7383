"""What waits: pushes for the end of quiet hours, mail for its batch or for that end, too."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo, Transaction

from .facts import Verdict
from .kinds import Channel
from .outcomes import OUTCOME, Outcome
from .rechecking import Rechecked

OUTSIDE: tuple[Channel, ...] = ("push", "email")


class Held(msgspec.Struct, frozen=True):
    """A row of `notification_held`."""

    user_id: UUID
    channel: Channel
    event_id: UUID
    happened_at: datetime
    notification_id: UUID | None
    rule: str
    due_at: datetime


class Due(NamedTuple):
    """When the first of what was held is due, by way; None: nothing was held."""

    push: datetime | None
    email: datetime | None


async def hold(tx: Transaction, found: Rechecked, ways: Sequence[Channel] = OUTSIDE) -> Due:
    """Keep what is to wait by these ways; what waits already waits until the new time."""
    held = [
        Held(
            one.outcome.user_id,
            channel,
            one.outcome.event_id,
            one.outcome.happened_at,
            one.outcome.notification_id,
            verdict.rule,
            due,
        )
        for one in found.decided
        for channel in ways
        for verdict in [one.decision.of(channel)]
        if (due := _due(channel, verdict, one.outcome.decided_at, found.person.email_batch_minutes))
    ]
    if held:
        await tx.value(_HOLD, [msgspec.to_builtins(one) for one in held])
    return Due(*(_first(held, channel) for channel in OUTSIDE))


def _due(channel: Channel, verdict: Verdict, now: datetime, minutes: int) -> datetime | None:
    if verdict.action == "hold":
        return verdict.until
    if channel == "email" and verdict.action == "deliver":
        return now + timedelta(minutes=minutes)
    return None


def _first(held: Sequence[Held], channel: Channel) -> datetime | None:
    return min((one.due_at for one in held if one.channel == channel), default=None)


async def take_due(
    tx: Transaction, user_id: UUID, channel: Channel, now: datetime
) -> list[Outcome]:
    """The outcomes that have waited long enough, held until this transaction ends; the oldest first, at most `AT_ONCE`."""
    return await tx.all(Outcome, _TAKE, user_id, channel, now, AT_ONCE)


async def bring_forward(tx: Transaction, user_id: UUID, now: datetime) -> bool:
    """What waits for the end of a person's quiet hours is due now, and looked at anew. Whether there is anything."""
    return bool(await tx.values(_FORWARD, user_id, now))


async def claim(
    db: Repo, user_id: UUID, channel: Channel, event_ids: Sequence[UUID], until: datetime
) -> None:
    """Keep these from being taken until then, unless they are released before."""
    await db.value(_CLAIM, user_id, channel, list(event_ids), until)


async def release(db: Repo, user_id: UUID, channel: Channel, event_ids: Sequence[UUID]) -> None:
    """These wait no longer."""
    await db.value(_RELEASE, user_id, channel, list(event_ids))


async def next_due(db: Repo, user_id: UUID, channel: Channel, after: datetime) -> datetime | None:
    """When the first of what waits is due, of what is not due at `after`."""
    due: datetime | None = await db.value(_NEXT, user_id, channel, after)
    return due


AT_ONCE = 500

_COLUMNS = "user_id, channel, event_id, happened_at, notification_id, rule, due_at"
_HOLD = f"""
INSERT INTO notification_held ({_COLUMNS})
SELECT {_COLUMNS} FROM jsonb_populate_recordset(NULL::notification_held, $1)
ON CONFLICT (user_id, channel, event_id) DO UPDATE SET rule = excluded.rule, due_at = excluded.due_at
"""
_TAKE = f"""
WITH held AS MATERIALIZED (
    SELECT user_id, event_id, happened_at FROM notification_held
    WHERE user_id = $1 AND channel = $2 AND due_at <= $3 ORDER BY happened_at, event_id LIMIT $4 FOR UPDATE
)
SELECT {OUTCOME} FROM held JOIN notification_outcomes o USING (user_id, event_id, happened_at)
ORDER BY happened_at, event_id
"""
_RELEASE = (
    "DELETE FROM notification_held WHERE user_id = $1 AND channel = $2 AND event_id = ANY($3)"
)
_CLAIM = """
UPDATE notification_held SET due_at = $4 WHERE user_id = $1 AND channel = $2 AND event_id = ANY($3)
"""
_FORWARD = """
UPDATE notification_held SET due_at = $2 WHERE user_id = $1 AND rule = 'quiet_hours' AND due_at > $2 RETURNING event_id
"""
_NEXT = """
SELECT min(due_at) FROM notification_held WHERE user_id = $1 AND channel = $2 AND due_at > $3
"""
