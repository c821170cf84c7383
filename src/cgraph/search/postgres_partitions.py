"""The quarters of a year that `search_documents` is cut into, made when there is something in them."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from cgraph_kit.db import Transaction

TABLE = "search_documents"
MONTHS = 3
_QUARTER = re.compile(r"_(\d{4})_(\d)$", re.ASCII)
OLDEST, NEWEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Before and after there is one partition each."""


async def make_partitions(tx: Transaction, times: Collection[datetime]) -> None:
    """Make those that are missing for things of these times. Whoever writes holds the turn: nobody else makes any.

    Nobody who searches waits for it: attaching locks what changes tables, and no reader.
    """
    wanted = {_start(time) for time in times if OLDEST <= time < NEWEST}
    if wanted:
        there = set(await list_partitions(tx))
        for start in sorted(start for start in wanted if _name(start) not in there):
            await _make(tx, start)


async def list_partitions(tx: Transaction) -> list[str]:
    """Their names."""
    return await tx.values(_NAMES)


class Span(NamedTuple):
    """From when, inclusive, until when; None: without end."""

    start: datetime | None
    end: datetime | None


async def list_spans(tx: Transaction, *, oldest: bool) -> list[Span]:
    """All time in spans of whole partitions, in the order in which a search asks them: one quarter, then twice as many."""
    starts = sorted(start for name in await list_partitions(tx) if (start := _start_of(name)))
    marks: list[datetime] = []
    """Between two spans; in the order of the search."""
    position = 1
    while position < len(starts):
        marks.append(starts[position if oldest else -position])
        position += 2 ** len(marks)
    if oldest:
        return [Span(*pair) for pair in pairwise([None, *marks, None])]
    return [Span(start, end) for end, start in pairwise([None, *marks, None])]


def _start(time: datetime) -> datetime:
    """When the quarter of a time begins."""
    time = time.astimezone(UTC)
    return datetime(time.year, (time.month - 1) // MONTHS * MONTHS + 1, 1, tzinfo=UTC)


def _start_of(name: str) -> datetime | None:
    found = _QUARTER.search(name)
    return found and datetime(int(found[1]), int(found[2]) * MONTHS - 2, 1, tzinfo=UTC)


def _end(start: datetime) -> datetime:
    months = start.year * 12 + start.month - 1 + MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _name(start: datetime) -> str:
    return f"{TABLE}_{start:%Y}_{(start.month + 2) // MONTHS}"


async def _make(tx: Transaction, start: datetime) -> None:
    name, end = _name(start), _end(start)
    await tx.value(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING ALL)")
    # What is common in terms decides between plans. Of containers few are kept: hundreds that are asked for are each
    # compared with each of them, in every partition.
    await tx.value(
        f"ALTER TABLE {name} ALTER terms SET STATISTICS 500, ALTER container_id SET STATISTICS 20"
    )
    await tx.value(
        f"ALTER TABLE {TABLE} ATTACH PARTITION {name} "
        f"FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
    )


_NAMES = f"""
SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = '{TABLE}'::regclass
"""
