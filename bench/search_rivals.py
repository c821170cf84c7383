"""The same searches as people first write them: `ILIKE` over what was said, and one tsvector of PostgreSQL's own."""

import time
from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import asyncpg

from . import lab
from .seeded import Seeded

SORTS, PLACES = ("common", "middle", "rare"), ("1", "50", "500")
TOO_LONG = 20.0
"""Seconds for one sort of search, after which no more are asked."""


async def measured(here: Seeded, asked: Mapping[str, Sequence[Any]], number: int) -> dict[str, Any]:
    """Milliseconds per search for the newest 25, over all messages there are; only messages, only conversations."""
    connection = await asyncpg.connect(here.dsn)
    await connection.execute("SET statement_timeout = 0")
    figures: dict[str, Any] = await _build(here, connection)
    for name, sql in (("ilike", _ILIKE), ("tsvector", _NEWEST), ("tsvector_ranked", _BEST)):
        figures[name] = {}
        for sort in SORTS:
            for place in PLACES:
                some = asked[f"{sort}, {place}"][:number]
                ids = await connection.fetchval(_IDS, some[0].actor.id)
                figures[name][f"{sort}, {place}"] = await _timed(
                    here, connection, sql, ids, [one.word for one in some]
                )
    await connection.close()
    return figures


async def _build(here: Seeded, connection: "asyncpg.Connection[Any]") -> dict[str, Any]:
    """One table with all that was said, and one index; kept for the next time."""
    if not await connection.fetchval("SELECT to_regclass('bench_tsvector') IS NOT NULL"):
        began = time.perf_counter()
        for step in _BUILD:
            await connection.execute(step)
        await connection.execute(
            "INSERT INTO bench_figures VALUES ('tsvector', $1)", str(time.perf_counter() - began)
        )
    row = await connection.fetchrow(_SIZES)
    assert row is not None
    return dict(row)


async def _timed(
    here: Seeded,
    connection: "asyncpg.Connection[Any]",
    sql: str,
    ids: list[UUID],
    words: Sequence[str],
) -> dict[str, float]:
    took: list[float] = []
    postgres, until = here.postgres_cpu(), time.perf_counter() + TOO_LONG
    for word in words:
        began = time.perf_counter()
        await connection.fetch(sql, ids, word)
        took.append((time.perf_counter() - began) * 1000)
        if time.perf_counter() > until:
            break
    postgres = here.postgres_cpu() - postgres
    figures = {
        "searches": len(took),
        "ms": median(took),
        "postgres_ms": postgres / len(took) * 1000,
    }
    figures["p95_ms"] = quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else took[0]
    return lab.rounded(figures)


_IDS = "SELECT array_agg(conversation_id) FROM participants WHERE user_id = $1"
_BUILD = (
    "SET maintenance_work_mem = '512MB'",
    """CREATE TABLE bench_tsvector AS SELECT conversation_id, id, sender_id, inserted_at, to_tsvector('english', content) AS terms
    FROM messages WHERE kind = 'text' AND deleted_at IS NULL""",
    "CREATE INDEX ON bench_tsvector USING gin (terms)",
    "CREATE INDEX ON bench_tsvector (conversation_id, inserted_at DESC)",
    "VACUUM ANALYZE bench_tsvector",
)
_SIZES = """
SELECT (SELECT reltuples::bigint FROM pg_class WHERE oid = 'bench_tsvector'::regclass) AS messages,
    round(pg_total_relation_size('bench_tsvector') / 1e6)::int AS tsvector_megabytes,
    (SELECT round(figures::numeric)::int FROM bench_figures WHERE name = 'tsvector') AS tsvector_seconds
"""
_ILIKE = """
SELECT conversation_id, id FROM messages WHERE conversation_id = ANY ($1) AND content ILIKE '%' || $2 || '%'
    AND kind = 'text' AND deleted_at IS NULL
ORDER BY inserted_at DESC LIMIT 25
"""
_NEWEST = """
SELECT conversation_id, id FROM bench_tsvector
WHERE conversation_id = ANY ($1) AND terms @@ plainto_tsquery('english', $2) ORDER BY inserted_at DESC LIMIT 25
"""
_BEST = """
SELECT conversation_id, id FROM bench_tsvector
WHERE conversation_id = ANY ($1) AND terms @@ plainto_tsquery('english', $2)
ORDER BY ts_rank(terms, plainto_tsquery('english', $2)) DESC LIMIT 25
"""
