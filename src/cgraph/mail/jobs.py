"""Mail that is sent later."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo
from cgraph_kit.jobs import Cancel, OnePending, job

from .notices import notice

if TYPE_CHECKING:
    from cgraph.application import App

QUEUE = "mail"
ATTEMPTS = 12
"""About an hour and a quarter of a mail server's absence."""
TIMEOUT = 120
"""Seconds one attempt may take."""


class MailNotifications(msgspec.Struct, frozen=True):
    """What somebody is to be told by mail."""

    user_id: UUID


@job(queue=QUEUE, max_attempts=ATTEMPTS, timeout=TIMEOUT, unique=OnePending(keys=("user_id",)))
async def mail_notifications(app: "App", args: MailNotifications) -> Cancel | None:
    """Tell somebody in one mail what has happened, less what they have read by now.

    Twice is harmless: what was mailed is not collected again; and where a run ended between the two, the same things make
    a mail of the same name.
    """
    post = app.post
    collected = await post.collect(app, args.user_id) if post.collect else None
    if collected is None:
        return None
    ways_out = post.ways_out(args.user_id, collected.places)
    letter = notice(collected.to, collected.places, ways_out)
    if letter is None:
        return None
    try:
        refused = await post.deliver(letter, name=f"notice.{collected.name}")
    except BaseException:  # also when it took too long, or this node stops
        await collected.failed()
        raise
    await collected.mailed()
    return refused


async def enqueue_notifications(db: Repo, user_id: UUID, *, minutes: float) -> None:
    """Mail somebody what there is to tell, so many minutes from now, or with the mail that waits for them already.

    The first thing that happens sets the time; what joins it is in that mail, for it cannot begin before this
    transaction is committed.
    """
    await mail_notifications.enqueue(db, schedule_in=minutes * 60, user_id=user_id)
