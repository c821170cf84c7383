"""What somebody has not read in channels and threads: those they never opened count from when they came into the group."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .access import Access
from .counting import (
    FIRST_UNREAD,
    HIDDEN,
    JOINED,
    MUTED,
    RECOUNT,
    UNREAD,
    mentions_and_calls,
    recount_mentions_and_calls,
)
from .errors import ConversationNotFound
from .events import CountersDrifted
from .gates import ENTERED, first_id
from .unread import DRIFT, Unread, Verified


class Reader(msgspec.Struct, frozen=True):
    """Somebody who may look into places of one group."""

    user_id: UUID
    entered_at: datetime
    """Since when they are in the group."""
    audiences: Sequence[UUID] = ()
    """The calls to many they hear: their roles, and the group for @everyone."""


async def count_in_place(db: Repo, actor: Actor, access: Access) -> Unread:
    """The counters of one place the actor has come into; which message is the first, only for who may read back."""
    reader = Reader(actor.id, access.entered_at, access.audiences)
    for unread in await count_in_places(db, reader, [access.conversation_id]):
        return unread if access.reads_history else without_first(unread)
    raise ConversationNotFound


def without_first(unread: Unread) -> Unread:
    """The same for who may not read back: an id is a way to a message."""
    return msgspec.structs.replace(unread, first_unread_id=None)


async def count_in_places(db: Repo, reader: Reader, place_ids: Sequence[UUID]) -> list[Unread]:
    """The counters of each of these places, read and unread; one statement, however many. Nobody's rights are asked."""
    return await db.all(Unread, _COUNT, *_args(reader, place_ids))


async def verify_in_places(db: Repo, reader: Reader, place_ids: Sequence[UUID]) -> list[Verified]:
    """Count everything anew, one by one, and report both; a difference is counted, and published as `CountersDrifted`."""
    rows = await db.all(Verified, _VERIFY, *_args(reader, place_ids))
    drifted = [row.conversation_id for row in rows if row.drifted]
    if drifted:
        DRIFT.inc(len(drifted))
        db.publish(CountersDrifted(reader.user_id, drifted))
    return rows


def _args(reader: Reader, place_ids: Sequence[UUID]) -> tuple[object, ...]:
    return reader.user_id, list(place_ids), first_id(reader.entered_at), list(reader.audiences)


# Who has never looked into a place is as if they had when they came into the group. (What they had said then, or in a
# history that was imported, lies above: it is subtracted.)
_PLACES = f"""
WITH p AS MATERIALIZED (
    SELECT c.id AS conversation_id, $1::uuid AS user_id,
        coalesce(q.read_seq, e.seq, 0) AS read_seq, coalesce(q.read_nth, e.nth, 0) AS read_nth,
        coalesce(q.entered_seq, e.seq, 0) AS entered_seq, coalesce(q.own_above, true) AS own_above,
        coalesce(q.marked_unread, false) AS marked_unread
    FROM conversations c
    LEFT JOIN participants q ON q.conversation_id = c.id AND q.user_id = $1 AND q.gated AND q.left_seq IS NULL
    LEFT JOIN LATERAL ({ENTERED.format(place="c.id", id="$3")}) e ON q.user_id IS NULL
    WHERE c.id = ANY($2::uuid[]) AND c.kind IN ('channel', 'thread')
), {HIDDEN}
"""
_MENTIONS = mentions_and_calls("$4::uuid[]")
_COUNT = f"""
{_PLACES}
SELECT p.conversation_id, {UNREAD}, {_MENTIONS}, p.read_seq, s.last_seq, p.marked_unread, {MUTED}, false, f.seq, f.id
FROM p {JOINED} {FIRST_UNREAD}
"""
_VERIFY = f"""
{_PLACES}
SELECT p.conversation_id, {UNREAD}, {_MENTIONS}, {RECOUNT}, {recount_mentions_and_calls("$4::uuid[]")} FROM p {JOINED}
"""
