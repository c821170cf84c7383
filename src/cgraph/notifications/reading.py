"""What other contexts do to inboxes: places are read, left, and things in them taken back."""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec
from msgspec.structs import replace

from cgraph.accounts import UserEvent
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction, columns

from .entries import Told, count_unread_entries, hold_inboxes, tell, tell_entries, write_rows
from .events import InboxMarked, NotificationsRead, NotificationsRemoved, NotificationUpdated
from .folding import Entry, folded
from .jobs import RetractPushes, retract_pushes
from .kinds import Kind
from .notification import ROW, Row
from .occasion import Occasion, Subject
from .outcomes import Outcome
from .retracting import DELAY


async def read_place(db: Repo, user_id: UUID, scope_id: UUID, seq: int) -> None:
    """A person has read a place up to a number: what they were told of until there is read, and alerts are taken away.

    The view `told_scopes` says whether there is anything to be done. To be called after the marker was moved, so that
    what is told meanwhile knows of it.
    """
    async with db.transaction() as tx:
        await hold_inboxes(tx, [user_id])
        ids = await tx.values(_READ_PLACE, user_id, scope_id, seq, clock.now())
        await _tell_ids(tx, NotificationsRead, {user_id: ids})
        if await tx.values(_READ_ALERTS, user_id, [scope_id], [seq]):
            await _retract(tx, [user_id])


async def leave_place(tx: Transaction, scope_id: UUID, user_ids: Sequence[UUID]) -> None:
    """These people are in a place no longer: nothing of it stays in their inboxes.

    It holds their streams; whoever calls has locked everything else that is to be locked.
    """
    await _empty(tx, [scope_id], user_ids)


async def _empty(tx: Transaction, scope_ids: Sequence[UUID], user_ids: Sequence[UUID]) -> None:
    await hold_inboxes(tx, user_ids)
    rows = await tx.all(_Removed, _LEAVE, list(scope_ids), list(user_ids))
    removed: dict[UUID, list[UUID]] = {}
    for row in rows:
        removed.setdefault(row.user_id, []).append(row.id)
    await _tell_ids(tx, NotificationsRemoved, removed)
    await _retract(tx, await tx.values(_LEAVE_ALERTS, list(scope_ids), list(user_ids)))


async def leave_places(tx: Transaction, user_id: UUID, scope_ids: Sequence[UUID]) -> None:
    """A person is in none of these places any more: nothing of them stays in their inbox, nor what they had set for them.

    It holds their stream; whoever calls has locked everything else that is to be locked.
    """
    await hold_inboxes(tx, [user_id])
    await tx.value(_FORGET, scope_ids, user_id)
    await _empty(tx, scope_ids, [user_id])


async def list_told_places(db: Repo, user_ids: Collection[UUID]) -> list[UUID]:
    """The places of which anything is in the inboxes of these people, or for which they have set something."""
    return await db.values(_TOLD_PLACES, list(user_ids))


async def forget_places(db: Repo, scope_ids: Sequence[UUID]) -> None:
    """These places are no more: nothing of them stays with anybody. A few people at a time, so that nobody waits long."""
    ids = list(scope_ids)
    while await db.value(_FORGET_SOME, ids, ROWS_AT_ONCE) == ROWS_AT_ONCE:
        pass
    while people := await db.values(_IN_PLACES, ids, AT_ONCE):
        async with db.transaction() as tx:
            await _empty(tx, ids, people)


async def withdraw(
    tx: Transaction,
    object_ids: Collection[UUID],
    *,
    kind: Kind | None = None,
    actor_id: UUID | None = None,
    user_ids: Collection[UUID] | None = None,
) -> None:
    """What people were told of these objects, or of a kind of it, or of what somebody did to them, is taken back.

    It is gone from inboxes; what was still to be decided is decided. It holds the streams of those people; whoever calls
    has locked everything else, and sees to it that nobody is told of the same meanwhile.
    """
    wanted = (list(object_ids), kind, actor_id, None if user_ids is None else list(user_ids))
    people = await tx.values(_CONCERNED, *wanted)
    if not people:
        return
    await hold_inboxes(tx, people)
    ids = {id for id in await tx.values(_WITHDRAW, *wanted, clock.now()) if id is not None}
    if not ids:
        return
    rows = await tx.all(Row, _ROWS, list(ids))
    left = await tx.all(Outcome, _LEFT, list(ids))
    changed: list[Row] = []
    removed: dict[UUID, list[UUID]] = {}
    for row in rows:
        if some := [one for one in left if one.notification_id == row.id]:
            changed.append(refolded(row, some))
        else:
            removed.setdefault(row.user_id, []).append(row.id)
    await write_rows(tx, changed)
    await tx.value(_DELETE, [id for some in removed.values() for id in some])
    await _tell_ids(tx, NotificationsRemoved, removed)
    await tell_entries(tx, [(NotificationUpdated, row) for row in changed])


async def withdraw_all(db: Repo, object_ids: Sequence[UUID]) -> None:
    """The same of objects many were told of: some people at a time, each in their own transaction.

    Whoever calls sees to it that nobody is told of them any more.
    """
    while people := await db.values(_STILL_CONCERNED, object_ids, AT_ONCE):
        async with db.transaction() as tx:
            await withdraw(tx, object_ids, user_ids=people)


def refolded(row: Row, left: Sequence[Outcome]) -> Row:
    """An entry of what is left of it, the oldest first."""
    entries = [Entry(_occasion(row, one), row.muted) for one in left]
    return replace(folded(row.id, None, entries), seen_at=row.seen_at, read_at=row.read_at)


def _occasion(row: Row, one: Outcome) -> Occasion:
    return Occasion(
        user_id=row.user_id,
        kind=row.kind,
        event_id=one.event_id,
        happened_at=one.happened_at,
        subject=Subject(row.subject_type, row.subject_id),
        actor_id=one.actor_id,
        place=next(iter(one.places), None),
        seq=one.seq,
        object_id=one.object_id,
    )


async def retract_later(tx: Transaction, user_id: UUID, rows: Sequence[Row]) -> None:
    """Take away alerts that say no more than these entries, which were read."""
    places = {row.scope_id: row.last_seq for row in rows if row.scope_id and row.last_seq}
    if places and await tx.values(_READ_ALERTS, user_id, list(places), list(places.values())):
        await _retract(tx, [user_id])


async def _retract(tx: Transaction, user_ids: Collection[UUID]) -> None:
    jobs = [RetractPushes(user_id) for user_id in sorted(set(user_ids))]
    await retract_pushes.enqueue_all(tx, jobs, schedule_in=DELAY)


async def _tell_ids(tx: Transaction, event: type[UserEvent], ids: dict[UUID, list[UUID]]) -> None:
    some = {user_id: found for user_id, found in ids.items() if found}
    if some:
        unread = await count_unread_entries(tx, some)
        told = [
            Told(event, user_id, InboxMarked(found, None, unread[user_id]))
            for user_id, found in some.items()
        ]
        await tell(tx, told)


class _Removed(msgspec.Struct, frozen=True):
    user_id: UUID
    id: UUID


_READ_PLACE = """
UPDATE notifications SET read_at = $4, seen_at = coalesce(seen_at, $4)
WHERE user_id = $1 AND scope_id = $2 AND read_at IS NULL AND (last_seq IS NULL OR last_seq <= $3) RETURNING id
"""
_READ_ALERTS = """
UPDATE notification_alerts a SET read = true FROM unnest($2::uuid[], $3::bigint[]) AS r (scope_id, seq)
WHERE a.user_id = $1 AND a.scope_id = r.scope_id AND a.seq <= r.seq AND NOT a.read RETURNING a.scope_id
"""
_LEAVE = """
DELETE FROM notifications WHERE scope_id = ANY($1) AND user_id = ANY($2) RETURNING user_id, id
"""
_LEAVE_ALERTS = """
UPDATE notification_alerts SET read = true WHERE scope_id = ANY($1) AND user_id = ANY($2) AND NOT read RETURNING user_id
"""
_FORGET = "DELETE FROM notification_preferences WHERE scope_id = ANY($1) AND user_id = $2"
_FORGET_SOME = """
WITH few AS (SELECT user_id, scope_id FROM notification_preferences WHERE scope_id = ANY($1) LIMIT $2), gone AS (
    DELETE FROM notification_preferences p USING few s WHERE p.user_id = s.user_id AND p.scope_id = s.scope_id RETURNING 1
)
SELECT count(*) FROM gone
"""
_TOLD_PLACES = """
SELECT scope_id FROM notifications WHERE user_id = ANY($1) AND scope_id IS NOT NULL
UNION SELECT scope_id FROM notification_alerts WHERE user_id = ANY($1)
UNION SELECT scope_id FROM notification_preferences WHERE user_id = ANY($1)
"""
_IN_PLACES = """
(SELECT user_id FROM notifications WHERE scope_id = ANY($1) LIMIT $2)
UNION (SELECT user_id FROM notification_alerts WHERE scope_id = ANY($1) AND NOT read LIMIT $2)
"""
AT_ONCE = 200
"""People whose inboxes are held at once; twice as many, where some have alerts only."""
ROWS_AT_ONCE = 5_000
_WHICH = """
object_id = ANY($1) AND ($2::text IS NULL OR kind = $2) AND ($3::uuid IS NULL OR actor_id = $3)
    AND ($4::uuid[] IS NULL OR user_id = ANY($4))
"""
_CONCERNED = f"SELECT DISTINCT user_id FROM notification_outcomes WHERE {_WHICH}"
_STILL_CONCERNED = """
SELECT DISTINCT user_id FROM notification_outcomes
WHERE object_id = ANY($1) AND (notification_id IS NOT NULL OR state = 'pending') LIMIT $2
"""
_GONE = """'{"push": {"action": "suppress", "rule": "gone"}, "email": {"action": "suppress", "rule": "gone"}}'::jsonb"""
_WITHDRAW = f"""
WITH found AS MATERIALIZED (
    SELECT user_id, happened_at, event_id, notification_id, state = 'pending' AS open
    FROM notification_outcomes WHERE {_WHICH} FOR UPDATE
)
UPDATE notification_outcomes o SET
    notification_id = NULL,
    state = CASE WHEN f.open THEN 'suppressed' ELSE o.state END,
    rule = CASE WHEN f.open THEN 'gone' ELSE o.rule END,
    channels = CASE WHEN f.open THEN o.channels || {_GONE} ELSE o.channels END,
    decided_at = CASE WHEN f.open THEN $5 ELSE o.decided_at END
FROM found f WHERE o.user_id = f.user_id AND o.happened_at = f.happened_at AND o.event_id = f.event_id
RETURNING f.notification_id
"""
_ROWS = f"SELECT {ROW} FROM notifications WHERE id = ANY($1) ORDER BY user_id, id"
_LEFT = f"""
SELECT {columns(Outcome, "o")} FROM notifications n JOIN notification_outcomes o
    ON o.user_id = n.user_id AND o.notification_id = n.id AND o.happened_at BETWEEN n.first_event_at AND n.last_event_at
WHERE n.id = ANY($1) ORDER BY o.happened_at, o.event_id
"""
_DELETE = "DELETE FROM notifications WHERE id = ANY($1)"
