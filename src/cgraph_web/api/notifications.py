"""What one was told of: the inbox."""

from uuid import UUID

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.notifications import InboxCount, Kind, ReadMark, Shown
from cgraph_kit.db import Repo
from cgraph_kit.paging import WhichPage
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many

NOT_FOUND = (notifications.NotificationNotFound,)


class ListInbox(WhichPage, frozen=True):
    """Which page of what."""

    unread: bool = False
    """Only what is unread."""
    kind: Kind | None = None
    """Only one kind."""


@action()
async def index(db: Repo, actor: Actor, app: App, query: Query[ListInbox]) -> Many[Shown]:
    """One's notifications, what happened last first.

    Events of one kind about one subject are one entry, until it is read; the next begins it anew. `text` is what the newest
    message says now.
    """
    page = await notifications.list_notifications(
        db,
        app.sources,
        actor,
        limit=query.limit,
        after=query.after,
        unread=query.unread,
        kind=query.kind,
    )
    return many(page)


@action()
async def count(db: Repo, actor: Actor) -> Data[InboxCount]:
    """How much is unread, and how much of that has come since the inbox was last looked at."""
    return Data(await notifications.count_notifications(db, actor))


@action(errors=NOT_FOUND, example={})
async def read(db: Repo, actor: Actor, mark: Body[ReadMark]) -> Data[InboxCount]:
    """Mark one entry as read (`id`), one and all that are older (`up_to`), or all.

    One's other devices hear `notifications_read`. Reading a conversation reads what one was told of it, too.
    """
    return Data(await notifications.mark_notifications_read(db, actor, mark))


@action()
async def seen(db: Repo, actor: Actor) -> Data[InboxCount]:
    """Say that the inbox was looked at. Nothing is read by that."""
    return Data(await notifications.mark_notifications_seen(db, actor))


@action(status=204, errors=NOT_FOUND)
async def remove(db: Repo, actor: Actor, notification_id: UUID) -> None:
    """Take an entry out of the inbox."""
    await notifications.delete_notification(db, actor, notification_id)
