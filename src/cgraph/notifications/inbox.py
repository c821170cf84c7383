"""A person's inbox, as they read it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec.structs import asdict

from cgraph import accounts
from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page
from cgraph_kit.validation import Input

from .entries import Told, count_unread_entries, hold_inboxes, tell
from .errors import NotificationNotFound
from .events import InboxMarked, NotificationsRead, NotificationsRemoved, NotificationsSeen
from .kinds import Kind
from .notification import ROW, Row, Shown, notification, shown_actor_ids
from .reading import retract_later
from .sources import Sources, Wanted

NAMED = 100
"""Ids that an event names; of more it says up to when."""


class InboxCount(msgspec.Struct, frozen=True):
    """How much there is."""

    unread: int
    unseen: int
    """Of those, what has come since the inbox was last looked at."""


class ReadMark(Input, frozen=True):
    """Which entries: one, or one and everything before it; neither: all."""

    id: Annotated[UUID | None, msgspec.Meta(examples=[None])] = None
    up_to: Annotated[UUID | None, msgspec.Meta(examples=[None])] = None

    def __post_init__(self) -> None:
        if self.id is not None and self.up_to is not None:
            raise Invalid.field("up_to", "cannot be combined with id")


async def list_notifications(
    db: Repo,
    sources: Sources,
    actor: Actor,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
    unread: bool = False,
    kind: Kind | None = None,
) -> Page[Shown]:
    """The inbox, what happened last first; `after` is a cursor of this list. Raises `Invalid` for another's."""
    at, id = decode_cursor(after, tuple[datetime, UUID], "after") if after else (None, None)
    rows = await db.all(Row, _LIST, actor.id, limit + 1, at, id, unread, kind)
    page = forward_page(rows, limit, lambda row: (row.last_event_at, row.id))
    return Page(await _shown(db, sources, page.items), page.before, page.after)


async def _shown(db: Repo, sources: Sources, rows: list[Row]) -> list[Shown]:
    people = await accounts.get_people(db, shown_actor_ids(rows))
    looks = await sources.look(db, [(row.scope, _wanted(row)) for row in rows])
    return [
        Shown(**asdict(notification(row, people)), text=look.text, title=look.title)
        for row, look in zip(rows, looks, strict=True)
    ]


def _wanted(row: Row) -> Wanted:
    return Wanted(row.user_id, row.scope_id or row.user_id, row.object_id, row.last_seq)


async def count_notifications(db: Repo, actor: Actor) -> InboxCount:
    """How much of the actor's inbox is unread."""
    return await db.one(InboxCount, _COUNT, actor.id)


async def mark_notifications_read(db: Repo, actor: Actor, mark: ReadMark) -> InboxCount:
    """Mark entries as read; the person's devices are told, and alerts for them taken away.

    Raises `NotificationNotFound`.
    """
    async with db.transaction() as tx:
        await hold_inboxes(tx, [actor.id])
        until = await _until(tx, actor, mark)
        rows = await tx.all(Row, _READ, actor.id, clock.now(), mark.id, until)
        if rows:
            marked = await _marked(tx, actor.id, [row.id for row in rows], until)
            await tell(tx, [Told(NotificationsRead, actor.id, marked)])
            await retract_later(tx, actor.id, rows)
        return await count_notifications(tx, actor)


async def mark_notifications_seen(db: Repo, actor: Actor) -> InboxCount:
    """The inbox was looked at: nothing in it is new any more."""
    async with db.transaction() as tx:
        await hold_inboxes(tx, [actor.id])
        until: datetime | None = await tx.value(_SEEN, actor.id, clock.now())
        if until is not None:
            unread = await count_unread_entries(tx, [actor.id])
            seen = InboxMarked(None, until, unread[actor.id])
            await tell(tx, [Told(NotificationsSeen, actor.id, seen)])
        return await count_notifications(tx, actor)


async def delete_notification(db: Repo, actor: Actor, notification_id: UUID) -> None:
    """Take an entry out. Raises `NotificationNotFound`."""
    async with db.transaction() as tx:
        await hold_inboxes(tx, [actor.id])
        rows = await tx.all(Row, _DELETE, actor.id, notification_id)
        if not rows:
            raise NotificationNotFound
        marked = await _marked(tx, actor.id, [notification_id], None)
        await tell(tx, [Told(NotificationsRemoved, actor.id, marked)])
        await retract_later(tx, actor.id, rows)


async def forget_old(db: Repo, *, days: int, unread_days: int) -> None:
    """Drop entries that were read so many days ago, or that nobody has read in `unread_days`. Twice is harmless.

    A few at a time: nobody waits long for an inbox, and what is dropped stays dropped if the rest fails.
    """
    while await db.value(_FORGET, clock.now(), days, unread_days, AT_ONCE) == AT_ONCE:
        pass


async def _until(tx: Transaction, actor: Actor, mark: ReadMark) -> datetime | None:
    """The time of the newest entry that is meant; None: there is no such bound."""
    id = mark.id or mark.up_to
    if id is None:
        return None
    at: datetime | None = await tx.value(_AT, actor.id, id)
    if at is None:
        raise NotificationNotFound
    return at


async def _marked(
    tx: Transaction, user_id: UUID, ids: list[UUID], until: datetime | None
) -> InboxMarked:
    unread = (await count_unread_entries(tx, [user_id]))[user_id]
    if len(ids) <= NAMED:
        return InboxMarked(ids, None, unread)
    return InboxMarked(None, until or clock.now(), unread)


_LIST = f"""
SELECT {ROW} FROM notifications
WHERE user_id = $1 AND ($3::timestamptz IS NULL OR (last_event_at, id) < ($3, $4::uuid))
    AND (NOT $5 OR read_at IS NULL) AND ($6::text IS NULL OR kind = $6)
ORDER BY last_event_at DESC, id DESC LIMIT $2
"""
_COUNT = """
SELECT count(*), count(*) FILTER (WHERE seen_at IS NULL) FROM notifications WHERE user_id = $1 AND read_at IS NULL
"""
_AT = "SELECT last_event_at FROM notifications WHERE user_id = $1 AND id = $2"
_READ = f"""
UPDATE notifications SET read_at = $2, seen_at = coalesce(seen_at, $2)
WHERE user_id = $1 AND read_at IS NULL AND ($3::uuid IS NULL OR id = $3)
    AND ($4::timestamptz IS NULL OR last_event_at <= $4)
RETURNING {ROW}
"""
_SEEN = """
WITH seen AS (
    UPDATE notifications SET seen_at = $2 WHERE user_id = $1 AND seen_at IS NULL RETURNING last_event_at
)
SELECT max(last_event_at) FROM seen
"""
_DELETE = f"DELETE FROM notifications WHERE user_id = $1 AND id = $2 RETURNING {ROW}"
_FORGET = """
WITH old AS MATERIALIZED (
    SELECT id FROM notifications
    WHERE last_event_at < $1::timestamptz - make_interval(days => least($2::int, $3::int)) AND (
        read_at < $1::timestamptz - make_interval(days => $2)
        OR last_event_at < $1::timestamptz - make_interval(days => $3)
    )
    LIMIT $4 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM notifications WHERE id IN (SELECT id FROM old) RETURNING id
)
SELECT count(*) FROM gone
"""
AT_ONCE = 5000
"""Entries dropped in one statement."""
