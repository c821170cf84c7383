"""A seeded database, indexed and grown: more messages of made-up words that are as common and as rare as words are."""

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import asyncpg

from cgraph import application, search, seeding
from cgraph.application import App
from cgraph.search.analysis import analysed
from cgraph.search.postgres_partitions import make_partitions
from cgraph.settings import Settings
from cgraph_kit.engines import PostgresServer

from . import lab

VOCABULARY, ADDED = 100_000, 6
"""Words that are made up, and how many of them each grown message has beside what it says already. Their ranks are spread
evenly by their logarithms, which is the law of Zipf."""
SINGLE, LINKS = 0.05, 0.03
"""Shares of grown messages: with a word nobody else has; of the others, with a link."""
MOVED = 0.3
"""Share of grown messages that go where they were not: into conversations of several, one of which gets most, and many a
few; again by the law of Zipf."""
EARLIER = timedelta(days=10)
"""A grown message is so much older than the one it grew from, at most."""
SEQ = 1_000_000_000
"""Numbers of grown messages begin here: after all that is said in their places."""


class Seeded(NamedTuple):
    """Where everything is."""

    settings: Settings
    dsn: str
    postmaster: int | None
    """None: PostgreSQL is not ours, and its CPU time not known."""

    def postgres_cpu(self) -> float:
        """CPU seconds of every PostgreSQL process that still lives."""
        if self.postmaster is None:
            return 0.0
        children = Path(f"/proc/{self.postmaster}/task/{self.postmaster}/children").read_text()
        total = 0.0
        for pid in children.split():
            with suppress(FileNotFoundError):  # some come and go
                total += lab.cpu_seconds(int(pid))
        return total


@contextmanager
def seeded(directory: Path | None) -> Iterator[Seeded]:
    """A data directory's database; without one that of DATABASE_URL, or a small one that is gone afterwards."""
    if directory is None and (dsn := os.environ.get("DATABASE_URL")):
        with TemporaryDirectory(prefix="cgraph-bench-") as name:
            yield Seeded(_settings(dsn, Path(name)), dsn, None)
        return
    with TemporaryDirectory(prefix="cgraph-bench-") as name:
        place = directory or Path(name)
        postgres = PostgresServer(place / "postgres").start()
        os.sched_setaffinity(postgres.pid, {lab.CLIENT_CORE})
        try:
            dsn = asyncio.run(postgres.ensure_database("cgraph"))
            yield Seeded(_settings(dsn, place), dsn, postgres.pid)
        finally:
            postgres.stop()


def _settings(dsn: str, directory: Path) -> Settings:
    return Settings(
        database_url=dsn,
        data_dir=directory,
        queues={},
        argon2_time_cost=1,
        argon2_memory_kib=8,
        access_token_seconds=86400,
        rate_limit_register="1000000/s",
        statement_timeout=600,
    )


@asynccontextmanager
async def prepared(here: Seeded, documents: int) -> AsyncIterator[tuple[App, dict[str, Any]]]:
    """Everything in the index, and so many documents in it; with what it cost, now or when it was done."""
    async with application.start(here.settings) as app:
        if not await app.db.value("SELECT EXISTS (SELECT FROM users)"):
            hashed = await app.auth.hasher.hash("correct horse battery")
            await seeding.seed(app.db, seeding.SIZES["small"], number=1, password_hash=hashed)
        await app.db.value(_FIGURES)
        await _once(app, "build", lambda: _build(here, app))
        await _once(app, "growth", lambda: _grow(here, app, documents))
        yield app, {name: await _told(app, name) for name in ("build", "growth")}


async def _once(app: App, name: str, do: Any) -> None:
    """What takes long is done once for a database, and remembered there."""
    if await _told(app, name) is None:
        figures = await do()
        await app.db.value("INSERT INTO bench_figures VALUES ($1, $2)", name, json.dumps(figures))


async def _told(app: App, name: str) -> dict[str, Any] | None:
    found = await app.db.value("SELECT figures FROM bench_figures WHERE name = $1", name)
    told: dict[str, Any] | None = None if found is None else json.loads(found)
    return told


async def _build(here: Seeded, app: App) -> dict[str, float]:
    """As `cgraph search reindex` does it."""
    began, python, postgres = time.perf_counter(), time.process_time(), here.postgres_cpu()
    before = sum(one.done for one in await search.list_rebuilds(app.db))
    while await search.rebuild_some(app.db, app.search):
        pass
    seconds = time.perf_counter() - began
    python, postgres = time.process_time() - python, here.postgres_cpu() - postgres
    await _settled(here)
    volume = await app.search.volume()
    written = sum(one.done for one in await search.list_rebuilds(app.db)) - before
    return lab.rounded(
        {
            "documents": written,
            "seconds": seconds,
            "documents_per_second": written / seconds,
            "python_us": python / max(written, 1) * 1e6,
            "postgres_us": postgres / max(written, 1) * 1e6,
            "megabytes": volume.bytes / 1e6,
        }
    )


async def _settled(here: Seeded) -> None:
    connection = await asyncpg.connect(here.dsn)
    await connection.execute(
        "VACUUM ANALYZE search_documents, search_words, messages, participants"
    )
    await connection.close()


async def _grow(here: Seeded, app: App, documents: int) -> dict[str, float]:
    """Every message again and again with more words, about when it was and mostly where, until there are so many documents.

    They are written as messages, and into the index as it would write them: what is measured is finding them.
    """
    began = time.perf_counter()
    there = await app.db.value("SELECT count(*) FROM search_documents")
    messages = await app.db.value(_MESSAGES, SEQ)
    more = max(0, documents - there)
    async with app.db.transaction() as tx:
        oldest = await tx.value(
            "SELECT min(inserted_at) FROM search_documents WHERE kind = 'message'"
        )
        await make_partitions(tx, [oldest - EARLIER, oldest])
    connection = await asyncpg.connect(here.dsn)
    await _learn(connection)
    await connection.execute(_PLACES)
    places = await connection.fetchval("SELECT greatest(count(*), 1) FROM bench_places")
    indexes = await connection.fetch(_INDEXES)
    for name, _ in indexes:
        await connection.execute(f"DROP INDEX {name}")
    for time_over in range(-(-more // messages)):
        share = min(1.0, more / messages - time_over)
        await connection.execute(_GROW, SEQ * (time_over + 1), share, SEQ, places)
    for _, definition in indexes:
        await connection.execute(definition)
    await connection.close()
    seconds = time.perf_counter() - began
    await _settled(here)
    return lab.rounded({"messages": more, "seconds": seconds})


async def _learn(connection: "asyncpg.Connection[Any]") -> None:
    """The made-up words, as analysis cuts them."""
    for setting in _SETTINGS:
        await connection.execute(setting)
    every = words()
    await connection.execute(_WORDS, every, [analysed("", word).terms for word in every])
    await connection.execute(_KNOWN)
    await connection.execute(_STEMS)


def words() -> list[str]:
    """All the made-up words, the commonest first. The same each time."""
    dice = random.Random(9)  # noqa: S311
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        least = 1 if len(found) < 50 else 2 if len(found) < 3_000 else 3
        number = dice.randint(least, least + 1)
        found["".join(dice.choice(_ONSETS) + dice.choice(_RHYMES) for _ in range(number))] = None
    return list(found)


def some_words(dice: random.Random, every: list[str], number: int) -> list[str]:
    """Words as they come in messages."""
    return [every[int(VOCABULARY ** dice.random()) - 1] for _ in range(number)]


_ONSETS = (
    "b",
    "br",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "r",
    "sk",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "z",
)
_RHYMES = (
    "a",
    "al",
    "an",
    "ar",
    "e",
    "el",
    "en",
    "er",
    "i",
    "il",
    "im",
    "o",
    "ok",
    "on",
    "or",
    "u",
    "ul",
    "um",
    "ot",
    "ak",
)
_FIGURES = "CREATE TABLE IF NOT EXISTS bench_figures (name text PRIMARY KEY, figures text NOT NULL)"
_MESSAGES = "SELECT count(*) FROM messages WHERE kind = 'text' AND deleted_at IS NULL AND seq < $1"
_SETTINGS = (
    "SET session_replication_role = replica",  # nothing is to be followed
    "SET synchronous_commit = off",
    "SET maintenance_work_mem = '512MB'",
    "SET work_mem = '256MB'",
    "SET enable_nestloop = off",
    "CREATE TABLE IF NOT EXISTS bench_words (rank int PRIMARY KEY, word text, terms tsvector)",
    "TRUNCATE bench_words",
)
_WORDS = """
INSERT INTO bench_words SELECT n, word, terms::tsvector
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (word, terms, n)
"""
_KNOWN = "INSERT INTO search_words (word) SELECT word FROM bench_words ON CONFLICT DO NOTHING"
_STEMS = """
INSERT INTO search_stems (stem) SELECT DISTINCT t.term FROM bench_words, unnest(tsvector_to_array(terms)) AS t (term)
WHERE starts_with(t.term, '~') ON CONFLICT DO NOTHING
"""
_INDEXES = """
SELECT indexrelid::regclass::text, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') FROM pg_index
WHERE indrelid = 'search_documents'::regclass AND NOT indisunique
"""
_RANKS = ", ".join(f"floor({VOCABULARY} ^ random())::int AS rank_{n}" for n in range(ADDED))
_JOINED = "\n    ".join(f"JOIN bench_words w{n} ON w{n}.rank = g.rank_{n}" for n in range(ADDED))
_SAID = " || ' ' || ".join(f"w{n}.word" for n in range(ADDED))
_TERMS = " || ".join(f"w{n}.terms" for n in range(ADDED))
_PLACES = """
CREATE TABLE IF NOT EXISTS bench_places (rank int PRIMARY KEY, id uuid);
INSERT INTO bench_places SELECT row_number() OVER (ORDER BY md5(id::text)), id FROM conversations WHERE kind = 'group'
ON CONFLICT DO NOTHING
"""
_SINGLE = "'zq' || left(replace(g.new_id::text, '-', ''), 12)"
_GROW = f"""
WITH grown AS MATERIALIZED (
    SELECT g.*, $1 + row_number() OVER () AS new_seq, coalesce(p.id, g.container_id) AS place_id,
        p.id IS NOT NULL AS moved, g.content || ' ' || {_SAID} || CASE
            WHEN g.dice < {SINGLE} THEN ' ' || {_SINGLE}
            WHEN g.dice > 1 - {LINKS} THEN ' https://example.com/'
            ELSE ''
        END AS said, g.terms || {_TERMS} || CASE
            WHEN g.dice < {SINGLE} THEN (quote_literal({_SINGLE}) || ':1')::tsvector
            ELSE ''
        END AS said_terms
    FROM (
        SELECT d.*, m.content, gen_random_uuid() AS new_id, random() AS dice,
            CASE WHEN random() < {MOVED} THEN floor($4 ^ random())::int END AS place,
            d.inserted_at - random() * interval '{EARLIER.days} days' AS at, {_RANKS}
        FROM search_documents d JOIN messages m ON m.conversation_id = d.container_id AND m.seq = d.seq AND m.id = d.id
        WHERE d.kind = 'message' AND d.seq < $3 AND random() < $2
        OFFSET 0
    ) g
    {_JOINED}
    LEFT JOIN bench_places p ON p.rank = g.place
), messages_too AS (
    INSERT INTO messages (conversation_id, seq, nth, id, sender_id, content, inserted_at)
    SELECT place_id, new_seq, new_seq, new_id, author_id, said, at FROM grown
)
INSERT INTO search_documents (inserted_at, seq, id, container_id, channel_id, community_id, item_id, author_id, kind,
    features, generation, terms)
SELECT at, new_seq, new_id, place_id, CASE WHEN NOT moved THEN channel_id END, CASE WHEN NOT moved THEN community_id END,
    NULL, author_id, kind,
    CASE WHEN dice > 1 - {LINKS} AND NOT features @> '{{link}}' THEN features || 'link'::text ELSE features END, generation,
    said_terms
FROM grown
"""
