"""Forums: a hot page of many posts, a page of many comments, votes; with the plans PostgreSQL has for them."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from cgraph import forums
from cgraph.forums import WhichComments
from cgraph.forums.snapshots import Ranked, list_ranked
from cgraph.forums.voting import VOTING, Ballot
from cgraph_kit import batching, clock
from cgraph_kit.db import Database, Transaction, prepare_connection
from cgraph_kit.ids import new_id

from . import lab
from .world import World, world

SMALL, LARGE, COMMENTS = 1_000, 100_000, 10_000
PAGES, VOTERS = 200, 200


def run(runs: int, quick: bool) -> dict[str, Any]:
    """Milliseconds in the database per page, µs of server CPU per vote; what 200 at once have lost."""
    scale = 10 if quick else 1
    with world() as here:
        place = uvloop.run(_fill(here, scale))
        _votes(here, place, 2_000)  # prepared statements, warm caches

        def once() -> dict[str, float]:
            return {
                **uvloop.run(_pages(here, place, PAGES // scale)),
                **_votes(here, place, 20_000 // scale),
            }

        figures: dict[str, Any] = lab.medians(once, runs)
        lost = uvloop.run(_lost(here, place))
        plans = uvloop.run(_plans(here, place))
    goal = "hot page p95 ≤ 20 ms whatever the number of posts, comments ≤ 60 ms, vote ≤ 400 µs, nothing lost"
    return {"goal": goal, **figures, "votes_lost": lost, "plans": plans}


class _Place:
    """What is looked at."""

    def __init__(self) -> None:
        self.small, self.large = new_id(), new_id()
        """Forums with few posts and with many."""
        self.post = new_id()
        """With many comments."""
        self.posts = [new_id() for _ in range(500)]
        """Voted for."""
        self.voters: list[UUID] = []


async def _fill(here: World, scale: int) -> _Place:
    place = _Place()
    connection = await asyncpg.connect(here.dsn)
    people = [row[0] for row in await connection.fetch("SELECT id FROM users ORDER BY user_id")]
    author, *place.voters = people
    for forum_id, posts in ((place.small, SMALL), (place.large, LARGE // scale)):
        await connection.execute("INSERT INTO streams (id) VALUES ($1)", forum_id)
        sql = "INSERT INTO forums (id, slug, title, creator_id) VALUES ($1, $2, 'Bench', $3)"
        await connection.execute(sql, forum_id, f"f{forum_id.hex[-12:]}", author)
        ids = [new_id() for _ in range(posts)]
        await _posts(connection, forum_id, ids, people)
    await _posts(connection, place.small, [place.post, *place.posts], [author])
    await _comments(connection, place, people, COMMENTS // scale)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return place


async def _posts(
    connection: "asyncpg.Connection[Any]", forum_id: UUID, ids: list[UUID], authors: list[UUID]
) -> None:
    await connection.execute("INSERT INTO streams (id) SELECT unnest($1::uuid[])", ids)
    await connection.execute(_POSTS, forum_id, ids, authors)
    await connection.execute(_RANKS, ids)


async def _comments(
    connection: "asyncpg.Connection[Any]", place: _Place, people: list[UUID], n: int
) -> None:
    """A tree in which each answers an earlier one, at random, but for one in ten."""
    dice = random.Random(5)  # noqa: S311
    ids = [new_id() for _ in range(n)]
    parents = [dice.randrange(k) if k > 20 and dice.random() > 0.1 else None for k in range(n)]
    paths: list[list[UUID]] = []
    children, below = [0] * n, [0] * n
    for k, parent in enumerate(parents):
        paths.append([*(paths[parent] if parent is not None else ()), ids[k]])
    for k, parent in reversed(list(enumerate(parents))):
        if parent is not None:
            children[parent] += 1
            below[parent] += 1 + below[k]
    await connection.execute(
        _COMMENTS,
        place.post,
        people,
        ids,
        [None if parent is None else ids[parent] for parent in parents],
        [".".join(id.hex for id in path) for path in paths],
        children,
        below,
    )
    await connection.execute("UPDATE posts SET comment_count = $2 WHERE id = $1", place.post, n)


async def _pages(here: World, place: _Place, pages: int) -> dict[str, float]:
    db = await Database.connect(here.dsn, pool_size=2)
    figures: dict[str, float] = {}
    for name, forum_id in (("small", place.small), ("large", place.large)):
        figures |= _of(f"hot_{name}_first", await _timed(pages, lambda f=forum_id: _hot(db, f)))
        page = await _hot(db, forum_id)
        figures |= _of(
            f"hot_{name}_next",
            await _timed(pages, lambda f=forum_id, after=page.after: _hot(db, f, after)),
        )
    tree = await _timed(pages, lambda: forums.list_comments(db, None, place.post, WhichComments()))
    figures |= _of("comments", tree)
    await db.close()
    return figures


async def _hot(db: Database, forum_id: UUID, after: str | None = None) -> Any:
    """Under a name of its own: nobody else's list is shared."""
    name = f"forum:{forum_id}:{new_id()}" if after is None else _NAMES[after]
    page = await list_ranked(db, Ranked(name, "hot", [forum_id]), limit=50, after=after)
    if page.after:
        _NAMES[page.after] = name
    return page


_NAMES: dict[str, str] = {}


async def _timed(times: int, do: Callable[[], Awaitable[Any]]) -> list[float]:
    await do()  # statements are prepared
    found = []
    for _ in range(times):
        began = time.perf_counter()
        await do()
        found.append((time.perf_counter() - began) * 1000)
    return found


def _of(name: str, found: list[float]) -> dict[str, float]:
    return {f"{name}_ms": median(found), f"{name}_p95_ms": quantiles(found, n=20)[-1]}


def _votes(here: World, place: _Place, requests: int) -> dict[str, float]:
    """Everybody votes for everything; the load has sixteen connections."""
    with TemporaryDirectory() as name:
        lines = Path(name) / "votes"
        with lines.open("w") as out:
            for n, token in enumerate(here.token_list[1:], 1):
                post, value = place.posts[n % len(place.posts)], 1 if n % 3 else -1
                out.write(f'PUT /api/v1/posts/{post}/vote {token} {{"value":{value}}}\n')
                out.write(f'PUT /api/v1/posts/{post}/vote {token} {{"value":{-value}}}\n')
        before = here.postgres_cpu()
        load = lab.Load(
            here.port, here.server, None, requests=requests, connections=16, lines=lines
        )
        assert not load.result["failed"]
        done = load.result["requests"]
        return {
            "vote_us": load.cpu[0] / done * 1e6,
            "vote_postgres_us": (here.postgres_cpu() - before) / done * 1e6,
            "votes_per_second": done / load.result["elapsed_s"],
        }


async def _lost(here: World, place: _Place) -> int:
    """How many of 200 votes for one post, given at once, are not in its counters."""
    db = await Database.connect(here.dsn, pool_size=10)
    before = await db.value("SELECT upvotes FROM post_ranks WHERE id = $1", place.post)
    voters = place.voters[:VOTERS]
    ballots = [Ballot(place.post, voter, 1, clock.now()) for voter in voters]
    await asyncio.gather(*(db.batched(VOTING["post"], ballot) for ballot in ballots))
    after = await db.value("SELECT upvotes FROM post_ranks WHERE id = $1", place.post)
    await db.close()
    return len(voters) - (after - before)


async def _plans(here: World, place: _Place) -> dict[str, list[str]]:
    """As PostgreSQL runs them, for statements prepared once."""
    connection = await asyncpg.connect(here.dsn)
    await prepare_connection(connection)
    for setting in _EXPLAINING:
        await connection.execute(setting)
    plans: dict[str, list[str]] = {}
    heard: list[str] = []
    connection.add_log_listener(lambda _connection, message: heard.append(str(message)))
    tx = Transaction(connection)
    after = (await _hot(tx, place.large)).after
    values = cycle((1, -1))  # the one that is planned changes something
    steps: dict[str, Callable[[], Awaitable[Any]]] = {
        "hot_first": lambda: _hot(tx, place.large),
        "hot_next": lambda: _hot(tx, place.large, after),
        "comments": lambda: forums.list_comments(tx, None, place.post, WhichComments()),
        "vote": lambda: batching.run(
            tx.all,
            VOTING["post"],
            [Ballot(place.posts[0], place.voters[0], next(values), clock.now())],
        ),
    }
    for name, step in steps.items():
        await step()  # types are looked up, and statements prepared
        heard.clear()
        await step()
        await asyncio.sleep(0)
        longest = max((one for one in heard if "(cost=" in one), key=len)
        lines = longest.splitlines()
        first = next(n for n, line in enumerate(lines) if "(cost=" in line)
        plans[name] = lines[first:]
    await connection.close()
    return plans


_EXPLAINING = (
    "LOAD 'auto_explain'",
    "SET auto_explain.log_min_duration = 0",
    "SET auto_explain.log_analyze = on",
    "SET client_min_messages = log",
    "SET plan_cache_mode = force_generic_plan",
)
_POSTS = """
INSERT INTO posts (id, forum_id, hot_epoch, hot_seconds, author_id, kind, title, content, active_at, inserted_at)
SELECT i.id, f.id, f.hot_epoch, f.hot_seconds, ($3::uuid[])[1 + i.n % cardinality($3::uuid[])], 'text', 'Post ' || i.n,
    repeat('Lorem ipsum ', 20),
    now() - (cardinality($2::uuid[]) - i.n) * interval '5 minutes', now() - (cardinality($2::uuid[]) - i.n) * interval '5 minutes'
FROM unnest($2::uuid[]) WITH ORDINALITY i (id, n), forums f WHERE f.id = $1
"""
_RANKS = """
UPDATE post_ranks SET upvotes = 1 + (random() ^ 8 * 3000)::int, downvotes = (random() ^ 8 * 500)::int WHERE id = ANY ($1)
"""
_COMMENTS = """
INSERT INTO comments (id, post_id, forum_id, parent_id, path, depth, author_id, content, upvotes, downvotes, child_count,
    descendant_count, inserted_at)
SELECT i.id, p.id, p.forum_id, i.parent_id, i.path::ltree, nlevel(i.path::ltree), ($2::uuid[])[1 + i.n % cardinality($2::uuid[])],
    repeat('So *it* is. ', 20), 1 + (random() ^ 8 * 300)::int, (random() ^ 8 * 100)::int, i.children, i.below,
    p.inserted_at + i.n * interval '1 second'
FROM posts p, unnest($3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::int[]) WITH ORDINALITY
    i (id, parent_id, path, children, below, n)
WHERE p.id = $1
"""
