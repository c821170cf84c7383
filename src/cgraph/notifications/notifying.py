"""Telling people of what has happened: the inbox at once, the rest a little later; see `deciding`."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from cgraph.accounts import UserEvent
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.ids import new_id

from .entries import find_rows, tell_entries, write_rows
from .events import NotificationCreated, NotificationUpdated
from .folding import Entry, Key, folded, grouped, key_of
from .jobs import DecideNotifications, decide_notifications
from .notification import Row
from .occasion import Occasion
from .outcomes import Deciding, count, keep
from .recipients import get_recipients
from .resolve import resolve
from .scopes import Scope


async def notify(
    tx: Transaction, occasions: Sequence[Occasion], places: Sequence[Scope], *, grace: float
) -> None:
    """Tell people of these, which all happened in these places (the scopes around, without `global`).

    Entries of the inbox and outcomes are written at once; pushes and mail are decided after `grace` seconds. What was
    told before is not told again. The caller holds the inboxes of those whose kinds come there (`hold_inboxes`) before it
    looks up what is `read`, so that nobody reads on in between.
    """
    deciding = await _decide(tx, _one_each(occasions), places)
    keys = {key_of(one.occasion) for one in deciding if one.listed}
    rows = await find_rows(tx, keys)
    ids = {key: rows[key].id if key in rows else new_id() for key in keys}
    named = [one._replace(notification_id=_id(one, ids)) for one in deciding]
    new = await keep(tx, [one.outcome() for one in named])
    fresh = [one for one in named if (one.occasion.user_id, one.occasion.event_id) in new]
    await _enlist(tx, [one for one in fresh if one.listed], rows, ids)
    waiting = sorted({one.occasion.user_id for one in fresh if one.pending})
    await decide_notifications.enqueue_all(
        tx, [DecideNotifications(user_id) for user_id in waiting], schedule_in=grace
    )
    count(one.outcome() for one in fresh if not one.pending)


def _one_each(occasions: Sequence[Occasion]) -> list[Occasion]:
    """Of several for the same person and event the first."""
    found: dict[tuple[UUID, UUID], Occasion] = {}
    for one in occasions:
        found.setdefault((one.user_id, one.event_id), one)
    return list(found.values())


async def _decide(
    tx: Transaction, occasions: Sequence[Occasion], places: Sequence[Scope]
) -> list[Deciding]:
    """For those who exist."""
    actors = {one.actor_id for one in occasions if one.actor_id}
    users = {one.user_id for one in occasions}
    people = await get_recipients(tx, users, places, actor_ids=actors)
    now = clock.now()
    decided = []
    for one in occasions:
        if person := people.get(one.user_id):
            facts = person.facts(
                one.kind,
                now,
                actor_id=one.actor_id,
                own=one.user_id == one.actor_id,
                gone=one.gone,
                may_see=one.may_see,
                read=one.read,
                urgent=one.urgent,
            )
            decided.append(Deciding(one, facts, resolve(facts), None))
    return decided


def _id(one: Deciding, ids: Mapping[Key, UUID]) -> UUID | None:
    return ids[key_of(one.occasion)] if one.listed else None


async def _enlist(
    tx: Transaction, deciding: Sequence[Deciding], rows: Mapping[Key, Row], ids: Mapping[Key, UUID]
) -> None:
    """Write the entries of the inbox, and tell."""
    entries = [Entry(one.occasion, one.muted) for one in deciding]
    changed: list[tuple[type[UserEvent], Row]] = []
    for key, some in grouped(entries).items():
        before = rows.get(key)
        anew = before is None or before.read_at is not None
        row = folded(ids[key], before, some)
        changed.append((NotificationCreated if anew else NotificationUpdated, row))
    await write_rows(tx, [row for _, row in changed])
    await tell_entries(tx, changed)
