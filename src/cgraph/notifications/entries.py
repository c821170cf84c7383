"""The rows of the inbox, and telling people's devices of them. Whoever changes a person's rows holds their stream."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import UserEvent
from cgraph_kit import streams
from cgraph_kit.db import Repo, Transaction

from .events import InboxEntry
from .folding import Key
from .notification import ROW, Row, notification, shown_actor_ids


class Told(NamedTuple):
    """A person's event that is to be written."""

    event: type[UserEvent]
    user_id: UUID
    payload: msgspec.Struct


async def hold_inboxes(tx: Transaction, user_ids: Collection[UUID]) -> None:
    """Nobody else changes these people's inboxes, or marks places as read, before this transaction ends.

    Their streams are what is held, in ascending order, after whatever else is locked.
    """
    if user_ids:
        await tx.values(_HOLD, list(user_ids))


async def find_rows(tx: Transaction, keys: Collection[Key]) -> dict[Key, Row]:
    """The entries that are there for these keys, by key."""
    if not keys:
        return {}
    rows = await tx.all(Row, _FIND, *map(list, zip(*keys, strict=True)))
    return {Key(row.user_id, row.kind, row.subject_type, row.subject_id): row for row in rows}


async def write_rows(tx: Transaction, rows: Sequence[Row]) -> None:
    """Write these entries whole."""
    if rows:
        await tx.value(_WRITE, [msgspec.to_builtins(row) for row in rows])


async def count_unread_entries(db: Repo, user_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many entries each of these people has not read."""
    ids = list(user_ids)
    rows = await db.all(_Count, _UNREAD, ids)
    return dict.fromkeys(ids, 0) | {row.user_id: row.count for row in rows}


async def tell_entries(tx: Transaction, changed: Sequence[tuple[type[UserEvent], Row]]) -> None:
    """Tell each owner's devices of entries, with how many are unread now."""
    if not changed:
        return
    rows = [row for _, row in changed]
    people = await accounts.get_people(tx, shown_actor_ids(rows))
    unread = await count_unread_entries(tx, {row.user_id for row in rows})
    await tell(
        tx,
        [
            Told(event, row.user_id, InboxEntry(notification(row, people), unread[row.user_id]))
            for event, row in changed
        ],
    )


async def tell(tx: Transaction, told: Sequence[Told]) -> None:
    """Write events into people's own streams, in one statement, and publish them."""
    new = [streams.New(one.user_id, one.event.type, one.payload) for one in told]
    for one, seq in zip(told, await streams.append_many(tx, new), strict=True):
        if seq is not None:
            tx.publish(one.event(user_id=one.user_id, seq=seq, payload=one.payload))


class _Count(msgspec.Struct, frozen=True):
    user_id: UUID
    count: int


_HOLD = "SELECT 1 FROM streams WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
_FIND = f"""
SELECT {ROW} FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) AS k (user_id, kind, subject_type, subject_id)
JOIN notifications n USING (user_id, kind, subject_type, subject_id)
"""
_WRITE = f"""
INSERT INTO notifications ({ROW}) SELECT {ROW} FROM jsonb_populate_recordset(NULL::notifications, $1)
ON CONFLICT (id) DO UPDATE SET
    last_seq = excluded.last_seq, actor_ids = excluded.actor_ids, actor_count = excluded.actor_count,
    event_count = excluded.event_count, first_event_at = excluded.first_event_at, last_event_at = excluded.last_event_at,
    muted = excluded.muted, seen_at = excluded.seen_at, read_at = excluded.read_at, payload = excluded.payload
"""
_UNREAD = """
SELECT user_id, count(*) FROM notifications WHERE user_id = ANY($1) AND read_at IS NULL GROUP BY user_id
"""
