"""The event log: what happened in a stream, in order, without holes.

A stream's row in `streams` holds its last number. `append` takes the next one inside the caller's transaction and
keeps the row's lock until the commit, so commit order is sequence order and a reader who has seen n will never meet
a smaller number later. Payloads are JSON objects kept without their `seq`, which `splice` puts in as they leave.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from . import partitions
from .db import Repo, Transaction
from .partitions import Daily


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


class New(msgspec.Struct, frozen=True):
    """An event to be written."""

    stream_id: UUID
    type: str
    payload: Any
    """As for `append`."""


async def append_many(tx: Transaction, events: Sequence[New]) -> list[int | None]:
    """Write events into any number of streams and return their numbers, in order; None: there is no such stream."""
    if not events:
        return []
    rows = await tx.all(
        _Numbered,
        _APPEND_MANY,
        [event.stream_id for event in events],
        [event.type for event in events],
        [msgspec.json.encode(event.payload).decode() for event in events],
    )
    numbers = {row.n: row.seq for row in rows}
    return [numbers.get(n) for n in range(1, len(events) + 1)]


class _Numbered(msgspec.Struct, frozen=True):
    n: int
    seq: int


# The streams are taken in ascending order, whatever the plan: two that share several cannot deadlock.
_APPEND_MANY = """
WITH input AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS i (stream_id, type, payload, n)
), held AS MATERIALIZED (
    SELECT id FROM streams WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
), moved AS (
    UPDATE streams s SET last_seq = s.last_seq + c.n
    FROM held h, (SELECT stream_id, count(*) AS n FROM input GROUP BY stream_id) c
    WHERE s.id = h.id AND c.stream_id = h.id RETURNING s.id, s.last_seq - c.n AS before
), numbered AS (
    SELECT i.*, m.before + row_number() OVER (PARTITION BY i.stream_id ORDER BY i.n) AS seq
    FROM input i JOIN moved m ON m.id = i.stream_id
), logged AS (
    INSERT INTO events (stream_id, seq, type, payload) SELECT stream_id, seq, type, payload FROM numbered
)
SELECT n, seq FROM numbered
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


EVENTS = Daily("events", "inserted_at")


async def keep_partitions(db: Repo, *, retention_days: int) -> None:
    """Make the log's coming days and drop those older than the retention. Run daily; twice is harmless."""
    await partitions.keep(db, EVENTS, retention_days=retention_days)
