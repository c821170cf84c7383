"""Taking back what many were told of a message that called them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph_kit.jobs import OnePending, job

if TYPE_CHECKING:
    from cgraph.application import App


class WithdrawCalls(msgspec.Struct, frozen=True):
    """Messages that are deleted."""

    message_ids: Sequence[UUID]


@job(queue="notifications", max_attempts=10, timeout=600, unique=OnePending(keys=("message_ids",)))
async def withdraw_calls(app: "App", args: WithdrawCalls) -> None:
    """Take what people were told of these messages out of their inboxes, some people at a time.

    Nobody is told of them any more by then. Twice is harmless: the second time there is nothing left to take back.
    """
    await notifications.withdraw_all(app.db, args.message_ids)
