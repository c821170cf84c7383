"""Telling those whom a message calls together: roles, @everyone, @here. Some people at a time, however many there are."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

from cgraph import accounts, messaging, notifications
from cgraph.notifications import Kind, Occasion, Scope, Subject
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.jobs import OnePending, job

from .access import hold_seers
from .limits import DEFAULT_LIMITS, Limits
from .scopes import Place, get_place_facts, scopes_of

if TYPE_CHECKING:
    from cgraph.application import App

AT_ONCE = 250
"""People told in one transaction."""


class TellCalled(msgspec.Struct, frozen=True):
    """A message that calls many; see `messaging.Call`."""

    place_id: UUID
    message_id: UUID
    seq: int
    sender_id: UUID
    audiences: Sequence[UUID]
    at: datetime


@job(queue="notifications", max_attempts=10, timeout=900, unique=OnePending(keys=("message_id",)))
async def tell_called(app: "App", args: TellCalled) -> None:
    """Tell everybody whom a message calls. Twice is harmless: who was told is not told again."""
    grace = app.settings.push_delay_seconds
    await tell_all_called(app.db, args, grace=grace, limits=app.limits.groups)


async def tell_all_called(
    db: Repo, call: TellCalled, *, grace: float, limits: Limits = DEFAULT_LIMITS
) -> None:
    """Do it now. Where the message is edited or deleted meanwhile, it calls the rest no more."""
    place = await get_place_facts(db, call.place_id)
    if place is None:
        return
    scopes = scopes_of(place, limits)
    for crowd in _crowds(place, call):
        after = UUID(int=0)
        while people := await db.values(crowd.sql, crowd.id, after, AT_ONCE):
            async with db.transaction() as tx:
                await _tell(tx, call, crowd, people, scopes=scopes, grace=grace)
            after = people[-1]


class _Crowd(NamedTuple):
    """Some who are called together."""

    kind: Kind
    audience: UUID
    """As the message has it."""
    id: UUID
    """Of whom they are: a role, a group, a thread."""
    sql: str
    here: bool = False
    """Only those who are online."""


def _crowds(place: Place, call: TellCalled) -> Iterator[_Crowd]:
    """Roles first: whoever has one is called by that, and then not by the others."""
    within = (place.id, _OF_THREAD) if place.is_thread else (place.group_id, _OF_GROUP)
    for id in call.audiences:
        if id not in {place.group_id, place.id}:
            yield _Crowd("role_mention", id, id, _OF_ROLE)
    if place.group_id in call.audiences:
        yield _Crowd("everyone", place.group_id, *within)
    if place.id in call.audiences:
        yield _Crowd("everyone", place.id, *within, here=True)


async def _tell(
    tx: Transaction,
    call: TellCalled,
    crowd: _Crowd,
    people: Sequence[UUID],
    *,
    scopes: Sequence[Scope],
    grace: float,
) -> None:
    # Whoever deletes the message waits, and takes back what is told; or was first, and nobody is told.
    await messaging.hold_telling(tx, call.place_id)
    named = await messaging.get_called_by_name(tx, call.place_id, call.message_id, crowd.audience)
    if named is None:
        return
    ids = await _concerned(tx, call, crowd, people)
    ids -= set(named)
    if crowd.here:
        await messaging.call_here(tx, call.place_id, call.seq, call.sender_id, ids)
    await notifications.hold_inboxes(tx, ids)
    read = await messaging.get_read_seqs(tx, call.place_id, ids)
    found = [
        _occasion(call, crowd.kind, scopes[0], id, read=read.get(id, 0) >= call.seq)
        for id in sorted(ids)
    ]
    await notifications.notify(tx, found, scopes, grace=grace)


async def _concerned(
    tx: Transaction, call: TellCalled, crowd: _Crowd, people: Sequence[UUID]
) -> set[UUID]:
    """Those who can see the place, and are online where only those are called; never the sender."""
    ids = await accounts.list_online_ids(tx, people) if crowd.here else set(people)
    ids.discard(call.sender_id)
    return await hold_seers(tx, call.place_id, list(ids))


def _occasion(call: TellCalled, kind: Kind, place: Scope, user_id: UUID, *, read: bool) -> Occasion:
    return Occasion(
        user_id=user_id,
        kind=kind,
        # One for all ways of calling them; who hears everything anyway is told of that apart.
        event_id=notifications.event_id(call.place_id, call.seq),
        happened_at=call.at,
        subject=Subject("message", call.message_id),
        actor_id=call.sender_id,
        place=place,
        seq=call.seq,
        object_id=call.message_id,
        read=read,
    )


_PAGE = "AND user_id > $2 ORDER BY user_id LIMIT $3"
_OF_GROUP = f"SELECT user_id FROM group_members WHERE group_id = $1 {_PAGE}"
_OF_THREAD = f"SELECT user_id FROM group_thread_members WHERE thread_id = $1 {_PAGE}"
_OF_ROLE = f"SELECT user_id FROM group_member_roles WHERE role_id = $1 {_PAGE}"
