"""Telling people of posts: a job per post, enqueued with it."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph_kit.jobs import job

from .telling import tell_of_post

if TYPE_CHECKING:
    from cgraph.application import App


class NotifyOfPost(msgspec.Struct, frozen=True):
    """A post that was made or edited."""

    post_id: UUID
    mentions: list[UUID]
    """Those whom it names, or names now and did not before."""
    new: bool


@job(queue="notifications", max_attempts=10, timeout=300)
async def notify_of_post(app: "App", args: NotifyOfPost) -> None:
    """Tell those it mentions and, of a new one, those who watch its forum.

    Twice is harmless: who was told of an event is not told again.
    """
    grace = app.settings.push_delay_seconds
    await tell_of_post(app.db, args.post_id, args.mentions, new=args.new, grace=grace)
