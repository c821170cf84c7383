"""Search in five million documents: by readers of few and many places, for common and rare words; rivals; and how late it is."""

import asyncio
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import uvloop

from cgraph import accounts, application, messaging, search
from cgraph.accounts import Actor, NewUser, Origin
from cgraph.application import App
from cgraph.messaging import NewMessage
from cgraph.search import PostgresSearch, SearchPage
from cgraph_kit.db import Database, Transaction, prepare_connection

from . import lab, search_rivals, seeded
from .seeded import Seeded
from .world import RAISED

DOCUMENTS, QUERIES = 5_000_000, 100
CONVERSATIONS, GROUPS = {"1": 1, "50": 50, "500": 500}, {"groups": 20}
"""What each reader reads beside all public forums: so many conversations, or so many whole groups."""
PEOPLE, RATE, SECONDS, PROBES = 200, 500, 60, 4
"""Who writes, messages in a second, for how long; and of how many in a second it is asked when they are found."""
FOUND_WITHIN = 30.0
PLAN_LINES, PLAN_WIDTH = 60, 160


def run(runs: int, quick: bool, directory: Path | None = None) -> dict[str, Any]:
    """Milliseconds of a whole search, with rights asked and hits shown; seconds until what is written is found."""
    documents = 20_000 if quick else DOCUMENTS
    with seeded.seeded(directory) as here:
        figures = uvloop.run(_measured(here, documents, runs, 10 if quick else 1))
        late = _lag(here, 10 if quick else SECONDS)
    goal = "p95 ≤ 100 ms for 1, 50 and 500 readable places, rare and common words; found p95 ≤ 1 s after it is written, at 500/s"
    return {"goal": goal, **figures, "lag": late}


async def _measured(here: Seeded, documents: int, runs: int, scale: int) -> dict[str, Any]:
    async with seeded.prepared(here, documents) as (app, made):
        readers = await _readers(app, here)
        asked = await _sets(here, readers, QUERIES // scale)
        every: dict[str, list[dict[str, float]]] = {}
        slowest: dict[str, _Asked] = {}
        for _ in range(runs):
            for name, some in asked.items():
                found, slowest[name] = await _timed(app, here, some)
                every.setdefault(name, []).append(found)
        volume = await app.search.volume()
        searches = {
            name: lab.rounded({key: median(one[key] for one in found) for key in found[0]})
            for name, found in every.items()
        }
        plans = {name: await _plan(here, slowest[name]) for name in asked if name in _PLANNED}
        rivals = await search_rivals.measured(here, asked, max(QUERIES // scale // 10, 3))
    return {
        **made,
        "documents": volume.documents,
        "words": volume.words,
        "megabytes": round(volume.bytes / 1e6),
        "searches": searches,
        "rivals": rivals,
        "plans": plans,
    }


class _Asked(NamedTuple):
    """One search."""

    actor: Actor
    q: str
    types: str = ""
    word: str = ""
    """What rivals look for."""


async def _readers(app: App, here: Seeded) -> dict[str, Actor]:
    """Who reads how much. Made once for a database."""
    readers = {}
    connection = await asyncpg.connect(here.dsn)
    for name, some in {**CONVERSATIONS, **GROUPS}.items():
        username = f"bench.reads.{name}"
        rows = await connection.fetch(_USER, username)
        if not rows:
            new = NewUser(f"{username}@example.com", username, "correct horse battery")
            user = (await accounts.register(app.db, app.auth, new, Origin())).user
            rows = await connection.fetch(_USER, username)
            await connection.execute(_JOIN if name in CONVERSATIONS else _ENTER, user.id, some)
        readers[name] = Actor(rows[0][0], uuid4(), username, None, None, rows[0][1])
    await connection.close()
    return readers


async def _sets(here: Seeded, readers: dict[str, Actor], number: int) -> dict[str, list[_Asked]]:
    """So many searches of each sort."""
    connection = await asyncpg.connect(here.dsn)
    texts = {name: await connection.fetchval(_TEXTS, actor.id) for name, actor in readers.items()}
    spoken = await connection.fetchval(_FORUM_WORDS)
    authors = await connection.fetchval(_AUTHORS, readers["50"].id)
    await connection.close()
    dice = random.Random(3)  # noqa: S311
    words = seeded.words()
    common, middle, rare = [*words[:30], *spoken[:30]], words[60:110], words[5_000:80_000]
    sets = {}
    for name, actor in readers.items():
        single = [word for text in texts[name] for word in text.split() if word.startswith("zq")]
        for sort, some in (
            ("common", common),
            ("middle", middle),
            ("rare", rare),
            ("single", single or rare),
        ):
            picked = dice.choices(some, k=number)
            sets[f"{sort}, {name}"] = [_Asked(actor, word, "message", word) for word in picked]
    own = texts["50"]
    chinese = [found[0] for text in own if (found := _CHINESE.search(text))]
    more: dict[str, Callable[[], str]] = {
        "absent": lambda: f"xq{dice.randrange(10**6):06d}vw",
        "two words": lambda: f"{dice.choice(common)} {dice.choice(words[30:1_000])}",
        "two rare": lambda: f"{dice.choice(words[300:3_000])} {dice.choice(words[300:3_000])}",
        "phrase": lambda: _phrase(dice, own),
        "prefix": lambda: f"{dice.choice(rare)[:4]}*",
        "infix": lambda: f"*{dice.choice(rare)[1:6]}*",
        "typo": lambda: _misspelt(dice, dice.choice(rare)),
        "chinese": lambda: dice.choice(chinese or ["\u6211\u4eec"]),
        "from": lambda: f"from:{dice.choice(authors)} {dice.choice(words[:300])}",
        "link": lambda: f"has:link {dice.choice(common)}",
        "only link": lambda: "has:link",
        "without": lambda: f"{dice.choice(common)} -{dice.choice(words[:300])}",
    }
    for sort, make in more.items():
        picked = [make() for _ in range(number)]
        sets[f"{sort}, 50"] = [_Asked(readers["50"], q, "message") for q in picked]
    for sort in ("common", "rare"):
        sets[f"{sort}, 50, all types"] = [one._replace(types="") for one in sets[f"{sort}, 50"]]
    picked = dice.choices(spoken, k=number)
    sets["forums"] = [_Asked(readers["50"], q, "post,comment") for q in picked]
    return sets


def _phrase(dice: random.Random, texts: Sequence[str]) -> str:
    some = [word for word in dice.choice(texts).split() if word.isalpha()] or ["the", "same"]
    first = dice.randrange(max(len(some) - 1, 1))
    return f'"{" ".join(some[first : first + 2])}"'


def _misspelt(dice: random.Random, word: str) -> str:
    at = dice.randrange(1, len(word))
    return word[:at] + dice.choice("aeiounrst") + word[at + 1 :]


async def _timed(app: App, here: Seeded, some: Sequence[_Asked]) -> tuple[dict[str, float], _Asked]:
    """One after the other; and which took longest."""
    await _search(app, some[0])  # statements are prepared
    python, postgres = time.process_time(), here.postgres_cpu()
    took: list[tuple[float, int]] = []
    for n, one in enumerate(some):
        began = time.perf_counter()
        await _search(app, one)
        took.append(((time.perf_counter() - began) * 1000, n))
    python, postgres = time.process_time() - python, here.postgres_cpu() - postgres
    times = [ms for ms, _ in took]
    figures = {
        "ms": median(times),
        "p95_ms": quantiles(times, n=20)[-1],
        "python_ms": python / len(some) * 1000,
        "postgres_ms": postgres / len(some) * 1000,
    }
    return figures, some[max(took)[1]]


async def _search(app: App, one: _Asked) -> search.SearchResults:
    return await search.search(app.db, app.search, one.actor, SearchPage(q=one.q, types=one.types))


async def _plan(here: Seeded, one: _Asked) -> dict[str, Any]:
    """What PostgreSQL does longest for one search."""
    connection = await asyncpg.connect(here.dsn)
    await prepare_connection(connection)
    for setting in _EXPLAINING:
        await connection.execute(setting)
    heard: list[str] = []
    connection.add_log_listener(lambda _connection, message: heard.append(str(message)))
    tx = Transaction(connection)
    async with connection.transaction():
        for _ in range(2):  # the second time types are known, and pages in memory
            heard.clear()
            await search.search(
                tx, PostgresSearch(tx), one.actor, SearchPage(q=one.q, types=one.types)
            )
            await asyncio.sleep(0)
    await connection.close()
    plans = [one for one in heard if "search_documents" in one and "(actual" in one]
    longest = max(plans, key=_milliseconds).splitlines()
    first = next(n for n, line in enumerate(longest) if "(cost=" in line)
    lines = [line[:PLAN_WIDTH] for line in longest[first:] if "never executed" not in line]
    return {
        "q": one.q,
        "ms": [_milliseconds(plan) for plan in plans],
        "longest": lines[:PLAN_LINES],
    }


def _milliseconds(plan: str) -> float:
    return float(plan.partition("duration: ")[2].partition(" ms")[0] or 0)


def _lag(here: Seeded, seconds: int) -> dict[str, float]:
    """A node of its own serves, does all its jobs, and is written to over HTTP; what some have written is searched for."""
    with TemporaryDirectory() as name:
        lines = Path(name) / "lines"
        pairs = uvloop.run(_writers(here, lines))
        with _node(here) as (port, pid):
            found = uvloop.run(_heard(here, port, pid, lines, pairs, seconds))
        with _node(here, CGRAPH_QUEUES="{}") as (port, pid):
            lab.Load(port, pid, None, requests=RATE * seconds // 3, connections=16, lines=lines)
    return lab.rounded({**found, **uvloop.run(_followed(here))})


@contextmanager
def _node(here: Seeded, **settings: str) -> Iterator[tuple[int, int]]:
    port = lab.free_port()
    command = [sys.executable, "-m", "cgraph_cli.main", "serve", "--port", port]
    command += ["--data-dir", here.settings.data_dir]
    environment = {**RAISED, "DATABASE_URL": here.dsn, "CGRAPH_LOG_LEVEL": "error", **settings}
    with lab.process(command, core=lab.SERVER_CORE, env=environment) as server:
        lab.wait_for(port, 60)
        yield port, server.pid


async def _writers(here: Seeded, lines: Path) -> list[tuple[Actor, UUID]]:
    """People in pairs, each with a conversation; and what they write."""
    people: list[Actor] = []
    tokens: list[str] = []
    pairs: list[tuple[Actor, UUID]] = []
    async with application.start(here.settings) as app:
        for n in range(PEOPLE):
            name = f"bench.{uuid4().hex[:16]}"
            new = NewUser(f"{name}@example.com", name, "correct horse battery")
            tokens.append(
                (await accounts.register(app.db, app.auth, new, Origin())).tokens.access_token
            )
            people.append(await app.auth.authenticate(app.db, tokens[-1]))
            if n % 2:
                opened = await messaging.open_direct(app.db, people[-2], people[-1].id)
                pairs.append((people[-1], opened.conversation.id))
    dice = random.Random(5)  # noqa: S311
    words = seeded.words()
    with lines.open("w") as out:
        for n in range(20_000):
            text = " ".join(seeded.some_words(dice, words, dice.randint(3, 24)))
            path = f"/api/v1/conversations/{pairs[n % PEOPLE // 2][1]}/messages"
            out.write(f'POST {path} {tokens[n % PEOPLE]} {{"content":"{text}"}}\n')
    return pairs


async def _heard(
    here: Seeded,
    port: int,
    pid: int,
    lines: Path,
    pairs: Sequence[tuple[Actor, UUID]],
    seconds: int,
) -> dict[str, float]:
    """Seconds until a message is found, while others are written."""
    db = await Database.connect(here.dsn, pool_size=4)
    asking = asyncio.create_task(_probes(db, pairs, seconds))
    postgres = here.postgres_cpu()
    load = await asyncio.to_thread(
        lambda: lab.Load(
            port, pid, None, requests=RATE * seconds, connections=16, lines=lines, rate=RATE
        )
    )
    postgres = here.postgres_cpu() - postgres
    late = await asking
    waiting = (await search.get_lag(db)).changes
    await db.close()
    assert not load.result["failed"]
    done = load.result["requests"]
    return {
        "written_per_second": done / load.result["elapsed_s"],
        "probes": len(late),
        "found_p50_s": median(late),
        "found_p95_s": quantiles(late, n=20)[-1],
        "found_most_s": max(late),
        "waiting_at_the_end": waiting,
        "node_us_per_message": load.cpu[0] / done * 1e6,
        "postgres_us_per_message": postgres / done * 1e6,
    }


async def _probes(db: Database, pairs: Sequence[tuple[Actor, UUID]], seconds: int) -> list[float]:
    """Written by somebody whom no node hears: only what others write wakes those who index. One client asks for all that is
    not found yet, so that asking costs the same however late it is."""
    late: list[float] = []
    waiting: dict[str, tuple[Actor, float]] = {}
    began = time.perf_counter()
    written = 0
    while written < seconds * PROBES or waiting:
        if time.perf_counter() - began > written / PROBES and written < seconds * PROBES:
            actor, place = pairs[written % len(pairs)]
            word = f"probe{uuid4().hex}"
            await messaging.send_message(db, actor, place, NewMessage(content=word))
            waiting[word] = actor, time.perf_counter()
            written += 1
        for word, (actor, since) in list(waiting.items()):
            found = await search.search(
                db, PostgresSearch(db), actor, SearchPage(q=word, types="message")
            )
            took = time.perf_counter() - since
            if found.hits or took > FOUND_WITHIN:
                late.append(took)
                del waiting[word]
        await asyncio.sleep(0.02)
    return late


async def _followed(here: Seeded) -> dict[str, float]:
    """What indexing alone costs: of what was written while nobody indexed."""
    db = await Database.connect(here.dsn, pool_size=2)
    backend = PostgresSearch(db)
    python, postgres = time.process_time(), here.postgres_cpu()
    done = await search.follow_changes(db, backend)
    python, postgres = time.process_time() - python, here.postgres_cpu() - postgres
    await db.close()
    return {"index_python_us": python / done * 1e6, "index_postgres_us": postgres / done * 1e6}


_PLANNED = [f"{sort}, {name}" for sort in ("common", "middle", "rare") for name in CONVERSATIONS]
_EXPLAINING = (
    "LOAD 'auto_explain'",
    "SET auto_explain.log_min_duration = 0",
    "SET auto_explain.log_analyze = on",
    "SET auto_explain.log_buffers = on",
    "SET auto_explain.log_timing = off",
    "SET client_min_messages = log",
)
_USER = "SELECT id, user_id FROM users WHERE username = $1"
# One place: the busiest. Many: large and small.
_JOIN = """
INSERT INTO participants (conversation_id, user_id)
SELECT id, $1 FROM bench_places ORDER BY (rank - 1) % greatest((SELECT count(*) FROM bench_places) / $2, 1), rank LIMIT $2
ON CONFLICT DO NOTHING
"""
_ENTER = """
INSERT INTO group_members (group_id, user_id) SELECT id, $1 FROM groups ORDER BY md5(id::text) LIMIT $2
ON CONFLICT DO NOTHING
"""
_TEXTS = """
SELECT coalesce(array_agg(content), '{}') FROM (
    SELECT m.content FROM participants p JOIN messages m USING (conversation_id) WHERE p.user_id = $1 LIMIT 40000
) m
"""
_FORUM_WORDS = """
SELECT array_agg(word) FROM (
    SELECT lower(w.word) AS word FROM (SELECT content FROM comments LIMIT 3000) c,
    regexp_split_to_table(c.content, '[^a-zA-Z]+') AS w (word)
    WHERE length(w.word) > 2 GROUP BY 1 ORDER BY count(*) DESC LIMIT 200
) w
"""
_AUTHORS = """
SELECT array_agg(DISTINCT u.username::text) FROM participants mine
JOIN participants p ON p.conversation_id = mine.conversation_id JOIN users u ON u.id = p.user_id
WHERE mine.user_id = $1 AND p.user_id <> $1
"""
_CHINESE = re.compile("[\u4e00-\u9fff]{2}")
