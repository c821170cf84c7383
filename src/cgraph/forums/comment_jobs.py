"""Telling people of comments: a job per comment, enqueued with it."""

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from cgraph_kit.jobs import job

from .comment_telling import tell_of_comment

if TYPE_CHECKING:
    from cgraph.application import App


class NotifyOfComment(msgspec.Struct, frozen=True):
    """A comment that was made or edited."""

    comment_id: UUID
    mentions: list[UUID]
    """Those whom it names, or names now and did not before."""
    new: bool


@job(queue="notifications", max_attempts=10, timeout=300)
async def notify_of_comment(app: "App", args: NotifyOfComment) -> None:
    """Tell those it mentions and, of a new one, whom it answers and those who follow the post.

    Twice is harmless: who was told of an event is not told again.
    """
    grace = app.settings.push_delay_seconds
    await tell_of_comment(app.db, args.comment_id, args.mentions, new=args.new, grace=grace)
