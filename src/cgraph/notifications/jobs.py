"""What notifications do later."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph_kit.jobs import Cancel, Unique, job
from cgraph_kit.push import Payload, Sent

from .delivery import deliver

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
