"""Taking away what the banned have said lately, channel after channel."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph import messaging
from cgraph_kit.db import Transaction
from cgraph_kit.jobs import job

from .membership import list_places

if TYPE_CHECKING:
    from cgraph.application import App


class PurgeMessages(msgspec.Struct, frozen=True):
    """What somebody has said in a group."""

    group_id: UUID
    user_id: UUID
    since: datetime
    by: UUID
    """Who decided it."""


@job(queue="default", timeout=600)
async def purge_messages(app: "App", args: PurgeMessages) -> None:
    """Delete what somebody has said in a group since an instant. Twice is harmless: the second time nothing is left."""
    active = await messaging.get_active_at(app.db, await list_places(app.db, args.group_id))
    places = [place for place, at in active.items() if at >= args.since]
    await messaging.delete_messages_of(app.db, places, args.user_id, args.since, by=args.by)


async def purge_later(
    tx: Transaction, group_id: UUID, user_ids: Iterable[UUID], since: datetime, by: UUID
) -> None:
    """Have it done for each of these people, once this is committed."""
    jobs = [PurgeMessages(group_id, user_id, since, by) for user_id in user_ids]
    await purge_messages.enqueue_all(tx, jobs)
