"""A person's quiet hours: as they are set, and as they are shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor, Person
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import Input, Text

from .events import QuietHoursUpdated
from .holding import bring_forward
from .jobs import tell_held
from .locking import hold_own
from .mailing import mail_later
from .quiet import QuietHours, Window, is_time_zone, never_ends, quiet_until

MOST_WINDOWS = 28
MOST_EXCEPTIONS = 100


class NewQuietHours(Input, frozen=True):
    """Put in the place of what was set."""

    time_zone: Annotated[Text, msgspec.Meta(max_length=100, examples=["Europe/Paris"])]
    """A name of the IANA time zone database."""
    windows: Annotated[Sequence[Window], msgspec.Meta(max_length=MOST_WINDOWS)]
    enabled: bool = True
    exceptions: Annotated[
        Sequence[UUID], msgspec.Meta(max_length=MOST_EXCEPTIONS, examples=[[]])
    ] = ()
    """People who get through."""

    def __post_init__(self) -> None:
        if not is_time_zone(self.time_zone):
            raise Invalid.field("time_zone", "is not a name of the IANA time zone database")
        if never_ends(self.windows):
            raise Invalid.field("windows", "must leave some of the week")


class QuietHoursShown(msgspec.Struct, frozen=True):
    """When a person's pushes and mail wait. Also the payload of `quiet_hours_updated`."""

    enabled: bool
    time_zone: str
    windows: Sequence[Window]
    exceptions: Sequence[Person]
    """Who gets through, by name."""
    quiet_until: datetime | None
    """If it is quiet now, its end."""


class _Row(msgspec.Struct, frozen=True):
    enabled: bool
    time_zone: str
    windows: list[dict[str, Any]]
    exceptions: list[UUID]


async def get_quiet_hours(db: Repo, actor: Actor) -> QuietHoursShown:
    """The actor's; off, in UTC, until they are set."""
    row = await db.first(_Row, _GET, actor.id)
    if row is None:
        return QuietHoursShown(False, "UTC", (), (), None)
    people = await accounts.get_people(db, row.exceptions)
    by_name = sorted(people.values(), key=lambda person: person.username)
    hours = msgspec.convert(
        {"enabled": row.enabled, "time_zone": row.time_zone, "windows": row.windows}, QuietHours
    )
    return QuietHoursShown(
        hours.enabled,
        hours.time_zone,
        hours.windows,
        by_name,
        quiet_until(hours, clock.now()),
    )


async def set_quiet_hours(db: Repo, actor: Actor, new: NewQuietHours) -> QuietHoursShown:
    """Set them anew; the person's devices are told if anything is different.

    What is held already is looked at anew. Raises `Invalid` for exceptions who do not exist.
    """
    exceptions = sorted({id for id in new.exceptions if id != actor.id})
    async with db.transaction() as tx:
        await hold_own(tx, actor.id)
        await _check_people(tx, exceptions)
        before = await get_quiet_hours(tx, actor)
        await tx.value(_SET, actor.id, new.enabled, new.time_zone, msgspec.to_builtins(new.windows))
        await tx.value(_FORGET, actor.id, exceptions)
        await tx.value(_EXCEPT, actor.id, exceptions)
        after = await get_quiet_hours(tx, actor)
        if after != before:
            await accounts.record(tx, QuietHoursUpdated, actor.id, after)
            await _look_again(tx, actor.id)
        return after


async def _look_again(tx: Transaction, user_id: UUID) -> None:
    now = clock.now()
    if await bring_forward(tx, user_id, now):
        await tell_held.enqueue(tx, user_id=user_id)
        await mail_later(tx, user_id, now)


async def _check_people(tx: Transaction, ids: Sequence[UUID]) -> None:
    people = await accounts.get_people(tx, ids)
    unknown = [str(id) for id in ids if id not in people]
    if unknown:
        raise Invalid.field("exceptions", f"names nobody: {', '.join(unknown)}")


_GET = """
SELECT enabled, time_zone, windows, ARRAY(SELECT person_id FROM quiet_hours_exceptions e WHERE e.user_id = q.user_id)
FROM quiet_hours q WHERE user_id = $1
"""
_SET = """
INSERT INTO quiet_hours (user_id, enabled, time_zone, windows) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id) DO UPDATE SET
    enabled = excluded.enabled, time_zone = excluded.time_zone, windows = excluded.windows, updated_at = now()
"""
_FORGET = "DELETE FROM quiet_hours_exceptions WHERE user_id = $1 AND person_id <> ALL($2::uuid[])"
_EXCEPT = """
INSERT INTO quiet_hours_exceptions (user_id, person_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING
"""
