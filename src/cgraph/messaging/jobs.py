"""What messaging does later."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph_kit.jobs import Nothing, OnePending, Snooze, job

from .disappearing import erase_expired
from .drift import check_counters
from .due import send_due
from .notifying import tell_participants
from .pending import ATTEMPTS, NAME, QUEUE
from .scheduled import JOB

if TYPE_CHECKING:
    from cgraph.application import App


class SendScheduled(msgspec.Struct, frozen=True):
    """One message whose time has come."""

    scheduled_message_id: UUID


@job(queue="default", timeout=30, unique=OnePending(keys=("scheduled_message_id",)), name=JOB)
async def send_scheduled(app: "App", args: SendScheduled) -> Snooze | None:
    """Say what somebody wanted said at this time; wait on where that has been put off, our clock is behind, or there is slow mode.

    Twice is harmless: what was said is no longer kept, and its id is the message's client id.
    """
    wait = await send_due(
        app.db,
        args.scheduled_message_id,
        limits=app.limits.messaging,
        grace=app.settings.push_delay_seconds,
        channels=app.gate,
    )
    return None if wait is None else Snooze(wait)


class EraseExpired(msgspec.Struct, frozen=True):
    """Whatever has had its time."""


@job(queue="default", max_attempts=1, timeout=600, unique=OnePending())
async def erase_expired_messages(app: "App", _args: EraseExpired) -> Nothing | None:
    """Empty the messages that disappear. Twice is harmless: the second time there is nothing left to do."""
    return None if await erase_expired(app.db) else Nothing()


class CheckCounters(msgspec.Struct, frozen=True):
    """The counters of some people."""


@job(queue="maintenance", max_attempts=1, timeout=300, unique=OnePending())
async def check_unread_counters(app: "App", _args: CheckCounters) -> None:
    """Recount what is unread for some people. Twice is harmless: it only looks."""
    await check_counters(app.db)


class NotifyParticipants(msgspec.Struct, frozen=True):
    """The people of a conversation."""

    conversation_id: UUID


@job(
    queue=QUEUE,
    max_attempts=ATTEMPTS,
    timeout=60,
    unique=OnePending(keys=("conversation_id",)),
    name=NAME,
)
async def notify_participants(app: "App", args: NotifyParticipants) -> None:
    """Tell people of what was said. Enqueued by the statements that say it; see `pending`.

    Twice is harmless: where it was told is moved with what is told.
    """
    grace = app.settings.push_delay_seconds
    await tell_participants(app.db, args.conversation_id, grace=grace, audience=app.audience)
