"""What notifications do later."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.jobs import Cancel, OnePending, Snooze, Unique, job
from cgraph_kit.push import Payload, Sent

from .deciding import decide
from .delivery import deliver
from .digest import tell_due
from .mailing import mail_later
from .retracting import retract
from .sending import Push, send

if TYPE_CHECKING:
    from cgraph.application import App


class SendTestPush(msgspec.Struct, frozen=True):
    """To one device, whatever went wrong there before."""

    device_id: UUID
    push_id: UUID


@job(
    queue="push",
    max_attempts=1,
    priority=1,
    unique=Unique(period=10, keys=("device_id",)),
    timeout=60,
)
async def send_test_push(app: "App", args: SendTestPush) -> Cancel | None:
    """Let somebody see whether pushes reach their device; what came of it stands in the device.

    Twice is harmless: the client drops a push whose id it has seen.
    """
    payload = Payload(
        id=str(args.push_id),
        kind="test",
        title="Test",
        body="Notifications reach this device.",
        ttl=300,
        urgency="high",
    )
    outcome = await deliver(app.db, app.pushers, args.device_id, payload, anyway=True)
    return None if isinstance(outcome, Sent) else Cancel(outcome.reason)


@job(queue="push", max_attempts=10, timeout=60)
async def send_push(app: "App", args: Push) -> Snooze | None:
    """Push to one device.

    Twice is harmless: what was sent is noted, and a push that was sent twice nevertheless has the same id both times.
    """
    return await send(app, args)


class DecideNotifications(msgspec.Struct, frozen=True):
    """What somebody is to be told outside the app."""

    user_id: UUID


@job(queue="notifications", max_attempts=10, timeout=60, unique=OnePending(keys=("user_id",)))
async def decide_notifications(app: "App", args: DecideNotifications) -> None:
    """Decide push and mail for what happened a little while ago. Twice is harmless: what is decided is not pending."""
    async with app.db.transaction() as tx:
        done = await decide(tx, app.sources, args.user_id, grace=app.settings.push_delay_seconds)
        await send_push.enqueue_all(tx, done.pushes)
        await _tell_later(tx, args.user_id, done.due.push)
        await mail_later(tx, args.user_id, done.due.email)
        if done.again is not None:
            await decide_notifications.enqueue(
                tx, user_id=args.user_id, schedule_in=max(0.0, done.again)
            )


class TellHeld(msgspec.Struct, frozen=True):
    """What was held in somebody's quiet hours."""

    user_id: UUID


@job(queue="notifications", max_attempts=10, timeout=60, unique=OnePending(keys=("user_id",)))
async def tell_held(app: "App", args: TellHeld) -> None:
    """Tell in one push what was held. Twice is harmless: what was told is held no longer."""
    async with app.db.transaction() as tx:
        told = await tell_due(tx, app.sources, args.user_id)
        await send_push.enqueue_all(tx, told.pushes)
        await _tell_later(tx, args.user_id, told.again_at)


async def _tell_later(tx: Transaction, user_id: UUID, due: datetime | None) -> None:
    """Have what was held told when it is due; None: nothing is held."""
    if due is not None:
        seconds = max(0.0, (due - clock.now()).total_seconds())
        await tell_held.enqueue(tx, user_id=user_id, schedule_in=seconds)


class RetractPushes(msgspec.Struct, frozen=True):
    """Alerts that somebody has seen to elsewhere."""

    user_id: UUID


@job(queue="notifications", max_attempts=5, timeout=30, unique=OnePending(keys=("user_id",)))
async def retract_pushes(app: "App", args: RetractPushes) -> None:
    """Take alerts away from somebody's devices. Twice is harmless: what was taken away stands no longer."""
    async with app.db.transaction() as tx:
        await send_push.enqueue_all(tx, await retract(tx, args.user_id))
