"""Alerts: one for each place, to every device of a person; and each device's push, once it is its turn."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.jobs import Snooze
from cgraph_kit.push import Gone, Payload, Rejected, Retry, Sent

from .delivery import deliver, list_targets
from .outcomes import find_outcomes
from .rechecking import Decided, Rechecked, recheck
from .words import alert_payload, digest_payload, retract_payload

if TYPE_CHECKING:
    from cgraph.application import App

Purpose = Literal["alert", "digest", "retract"]
TRIES = 12
"""After which a push is given up."""


class Push(msgspec.Struct, frozen=True):
    """One push to one device. It holds nothing that was said: that is looked up when it goes."""

    user_id: UUID
    event_id: UUID
    happened_at: datetime
    device_id: UUID
    purpose: Purpose
    count: int = 1
    """Of a digest: how many events it tells of."""
    words: tuple[str, ...] = ()
    """Of a retraction: what to take away."""


def leads(decided: Sequence[Decided]) -> dict[UUID, UUID]:
    """By event that is to be pushed the event with which it is told: the newest of its place."""
    pushed = [one.outcome for one in decided if one.decision.push.action == "deliver"]
    newest: dict[UUID, UUID] = {}
    for one in sorted(pushed, key=lambda one: (one.happened_at, one.event_id)):
        newest[one.scope_id or one.event_id] = one.event_id
    return {one.event_id: newest[one.scope_id or one.event_id] for one in pushed}


async def alert(tx: Transaction, found: Rechecked) -> list[Push]:
    """Write down each push that is to go out for these, and the places where alerts will stand."""
    led = leads(found.decided)
    alerts = [one.outcome for one in found.decided if one.outcome.event_id in set(led.values())]
    user_id = found.person.user_id
    for one in alerts:
        if one.scope and one.scope_id:
            await tx.value(_STANDS, user_id, one.scope, one.scope_id, one.seq or 0)
    targets = await list_targets(tx, [user_id]) if alerts else []
    pushes = [
        Push(user_id, one.event_id, one.happened_at, target.device_id, "alert")
        for one in alerts
        for target in targets
    ]
    return await enqueueable(tx, pushes)


async def enqueueable(tx: Transaction, pushes: Sequence[Push]) -> list[Push]:
    """Those of these that were never begun; from here on they are."""
    rows = [msgspec.to_builtins(push) for push in pushes]
    new = {(row.event_id, row.device_id) for row in await tx.all(_Key, _BEGIN, rows)}
    return [push for push in pushes if (push.event_id, push.device_id) in new]


class _Key(msgspec.Struct, frozen=True):
    event_id: UUID
    device_id: UUID


class _State(msgspec.Struct, frozen=True):
    state: str
    attempts: int


async def send(app: "App", push: Push) -> Snooze | None:
    """Push to one device what it is to be told; nothing if it is not wanted any more."""
    begun = await app.db.first(_State, _FIND, *_key(push))
    if begun is None or begun.state != "queued":
        return None
    payload = await _payload(app, push)
    if isinstance(payload, str):
        await _note(app.db, push, "dropped", error=payload)
        return None
    match await deliver(app.db, app.pushers, push.device_id, payload):
        case Sent(provider_id):
            await _note(app.db, push, "sent", provider_id=provider_id)
        case Gone(reason):
            await _note(app.db, push, "gone", error=reason)
        case Rejected(reason):
            await _note(app.db, push, "failed", error=reason)
        case Retry(reason, after):
            last = begun.attempts + 1 >= TRIES
            await _note(app.db, push, "failed" if last else "queued", error=reason)
            return None if last else Snooze(after or 1.0)
    return None


async def _payload(app: "App", push: Push) -> Payload | str:
    """What to say, or the rule by which nothing is to be said any more."""
    match push.purpose:
        case "alert":
            return await _alert(app, push)
        case "digest":
            badge = await _badge(app, push.user_id)
            return digest_payload(id=push.event_id, count=push.count, badge=badge)
        case "retract":
            badge = await _badge(app, push.user_id)
            return retract_payload(id=push.event_id, words=list(push.words), badge=badge)


async def _alert(app: "App", push: Push) -> Payload | str:
    outcomes = await find_outcomes(app.db, push.user_id, [push.event_id], push.happened_at)
    found = await recheck(app.db, app.sources, push.user_id, outcomes, ("push",))
    if found is None or not found.decided:
        return "gone"
    (one,) = found.decided
    if one.decision.push.action == "suppress":
        return one.decision.push.rule
    sender = one.outcome.actor_id
    people = await accounts.get_people(app.db, [sender] if sender else [])
    return alert_payload(
        one.outcome,
        one.look,
        people.get(sender) if sender else None,
        found.person.push_privacy,
        id=push.event_id,
        badge=await _badge(app, push.user_id),
    )


async def _badge(app: "App", user_id: UUID) -> int:
    return (await app.sources.count_badges(app.db, [user_id]))[user_id]


async def _note(
    db: Repo,
    push: Push,
    state: str,
    *,
    provider_id: str | None = None,
    error: str | None = None,
) -> None:
    await db.value(_NOTE, *_key(push), state, provider_id, error, clock.now())


def _key(push: Push) -> tuple[object, ...]:
    return push.event_id, push.user_id, push.device_id, push.purpose, push.happened_at


_STANDS = """
INSERT INTO notification_alerts (user_id, scope, scope_id, seq) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, scope_id) DO UPDATE SET seq = greatest(notification_alerts.seq, excluded.seq), read = false
"""
_BEGIN = """
INSERT INTO notification_deliveries (event_id, user_id, device_id, purpose, happened_at)
SELECT event_id, user_id, device_id, purpose, happened_at
FROM jsonb_populate_recordset(NULL::notification_deliveries, $1)
ON CONFLICT DO NOTHING RETURNING event_id, device_id
"""
_WHICH = "event_id = $1 AND user_id = $2 AND device_id = $3 AND purpose = $4 AND happened_at = $5"
_FIND = f"SELECT state, attempts FROM notification_deliveries WHERE {_WHICH}"
_NOTE = f"""
UPDATE notification_deliveries SET
    state = $6, provider_id = coalesce($7, provider_id), error = $8, attempts = attempts + 1, updated_at = $9
WHERE {_WHICH}
"""
