"""The event log: what happened in a stream, in order, without holes.

A stream's row in `streams` holds its last number. `append` takes the next one inside the caller's transaction and
keeps the row's lock until the commit, so commit order is sequence order and a reader who has seen n will never meet
a smaller number later. Payloads are JSON objects kept without their `seq`, which `splice` puts in as they leave.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from . import clock
from .db import Repo, Transaction


class Event(msgspec.Struct, frozen=True):
    """One durable event as it was written. `payload`: a JSON object without `seq`."""

    seq: int
    type: str
    payload: str

    def body(self) -> bytes:
        """The payload as clients get it, `seq` included."""
        return splice(self.payload.encode(), self.seq)


class Missed(msgspec.Struct, frozen=True):
    """What a reader who stopped at some number has missed: all of it, or a reason to reload."""

    seq: int
    """The stream's last number when this was read."""
    events: list[Event] = []
    reason: str | None = None
    """Why there is no replay: `ahead`, `expired` or `too_many`; None: `events` is complete."""


class _Position(msgspec.Struct, frozen=True):
    id: UUID
    last_seq: int


def splice(payload: bytes, seq: int) -> bytes:
    """Put `seq` into an encoded JSON object as its last member."""
    comma = b"" if payload == b"{}" else b","
    return b'%b%b"seq":%d}' % (payload[:-1], comma, seq)


async def create(tx: Transaction, stream_id: UUID) -> None:
    """Begin a stream at number 0."""
    await tx.value("INSERT INTO streams (id) VALUES ($1)", stream_id)


async def create_many(tx: Transaction, stream_ids: Sequence[UUID]) -> None:
    """Begin many streams at number 0 in one statement: the bulk path of imports."""
    await tx.value("INSERT INTO streams (id) SELECT unnest($1::uuid[])", list(stream_ids))


async def append(tx: Transaction, stream_id: UUID, type: str, payload: Any) -> int:
    """Write one event and return its number.

    `payload` is anything that encodes to a JSON object; a `seq` in it is the event's business no longer.
    """
    body = msgspec.json.encode(payload).decode()
    seq: int = await tx.value(_APPEND, stream_id, type, body)
    return seq


_APPEND = """
WITH next AS (
    UPDATE streams SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq
)
INSERT INTO events (stream_id, seq, type, payload) SELECT $1, last_seq, $2, $3 FROM next
RETURNING seq
"""


async def last_seq(db: Repo, stream_id: UUID) -> int:
    """The last number given; 0 for a stream nobody has begun."""
    return await db.value("SELECT last_seq FROM streams WHERE id = $1", stream_id) or 0


async def last_seqs(db: Repo, stream_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The last number of each stream that exists."""
    rows = await db.all(
        _Position, "SELECT id, last_seq FROM streams WHERE id = ANY($1)", list(stream_ids)
    )
    return {row.id: row.last_seq for row in rows}


async def since(db: Repo, stream_id: UUID, seq: int, *, most: int) -> Missed:
    """Everything after `seq`, or the reason why that cannot be given: all or nothing, never a part."""
    last = await last_seq(db, stream_id)
    if seq > last:
        return Missed(last, reason="ahead")
    if last - seq > most:
        return Missed(last, reason="too_many")
    events = await between(db, stream_id, seq, last)
    return Missed(last, reason="expired") if events is None else Missed(last, events)


async def between(db: Repo, stream_id: UUID, after: int, up_to: int) -> list[Event] | None:
    """The events with after < seq ≤ up_to, or None if the log no longer holds every one of them."""
    events = await db.all(
        Event,
        "SELECT seq, type, payload FROM events WHERE stream_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq",
        stream_id,
        after,
        up_to,
    )
    return events if len(events) == max(0, up_to - after) else None


async def keep_partitions(db: Repo, *, retention_days: int, ahead_days: int = 3) -> None:
    """Make the coming days' partitions and drop those older than the retention. Run daily; twice is harmless."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    async with db.transaction() as tx:
        # One node at a time; the others find the work done.
        await tx.value("SELECT pg_advisory_xact_lock(hashtext('events_partitions'))")
        existing = set(await _partitions(tx))
        for day in range(ahead_days + 1):
            start = today + timedelta(days=day)
            if _name(start) not in existing:
                await _create_partition(tx, start)
        oldest = _name(today - timedelta(days=retention_days))
        for name in existing:
            if name != "events_default" and name < oldest:
                await tx.value(f"DROP TABLE {name}")
        await tx.value(
            "DELETE FROM events_default WHERE inserted_at < $1",
            today - timedelta(days=retention_days),
        )


class _Name(msgspec.Struct, frozen=True):
    name: str


async def _partitions(tx: Transaction) -> list[str]:
    rows = await tx.all(
        _Name,
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = 'events'::regclass",
    )
    return [row.name for row in rows]


def _name(day: datetime) -> str:
    return f"events_{day:%Y%m%d}"


async def _create_partition(tx: Transaction, start: datetime) -> None:
    """A day's partition; what the default one caught of that day moves into it."""
    end = start + timedelta(days=1)
    name = _name(start)
    await tx.value(f"CREATE TABLE {name} (LIKE events INCLUDING ALL)")
    await tx.value(
        f"WITH moved AS (DELETE FROM events_default WHERE inserted_at >= $1 AND inserted_at < $2 "
        f"RETURNING *) INSERT INTO {name} SELECT * FROM moved",
        start,
        end,
    )
    await tx.value(
        f"ALTER TABLE events ATTACH PARTITION {name} "
        f"FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
    )
