"""Speaking in a channel: of a group of 10 members, and of one of 100,000 who have all looked in."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import uvloop

from cgraph import messaging, migrations
from cgraph.accounts import Actor
from cgraph.groups import CHANNELS, access
from cgraph.groups.permissions import DEFAULT_EVERYONE, Permission
from cgraph.messaging import NewMessage
from cgraph_kit import migrate
from cgraph_kit.db import Database
from cgraph_kit.engines import PostgresServer
from cgraph_kit.ids import new_id

from . import lab

SMALL, LARGE = 10, 100_000
SPEAKERS, INFLIGHT = 10, 16
ROUNDS = 10


class _Group:
    """A group with one channel, and some of its people who speak."""

    def __init__(self, members: list[UUID]) -> None:
        self.id, self.channel = new_id(), new_id()
        self.members = members
        self.speakers = [
            Actor(id, uuid4(), f"u{id.hex[-20:]}", None, None, n)
            for n, id in enumerate(members[:SPEAKERS])
        ]


def run(runs: int, quick: bool) -> dict[str, Any]:
    """µs of Python and of PostgreSQL per message in the small and the large group, in turns; and what calls to all cost."""
    members, messages = (2_000, 100) if quick else (LARGE, 500)
    with _postgres() as (dsn, server):
        found = uvloop.run(_measure(dsn, server, members, messages, runs))
    python = found["large_python_us"] / found["small_python_us"]
    postgres = found["large_postgres_us"] / found["small_postgres_us"]
    whole = (found["large_python_us"] + found["large_postgres_us"]) / (
        found["small_python_us"] + found["small_postgres_us"]
    )
    return {
        "goal": "within 1.2 times, however many members there are",
        "members": {"small": SMALL, "large": members},
        **found,
        "ratio_python": round(python, 3),
        "ratio_postgres": round(postgres, 3),
        "ratio": round(whole, 3),
    }


async def _measure(
    dsn: str, server: PostgresServer, members: int, messages: int, runs: int
) -> dict[str, Any]:
    await migrate.migrate(dsn, migrations.load())
    people = [new_id() for _ in range(members)]
    groups = {"small": _Group(people[:SMALL]), "large": _Group(people)}
    connection = await asyncpg.connect(dsn)
    try:
        await _fill(connection, people, groups.values())
        plan = await _plan(connection, groups["large"])
    finally:
        await connection.close()
    figures: dict[str, list[float]] = {}
    async with _database(dsn) as db:
        for _ in range(max(1, runs) * ROUNDS):
            for name, group in groups.items():
                for what, text in (("", "hello"), ("everyone_", "hello @everyone")):
                    python, postgres = await _speak(db, server, group, text, messages // ROUNDS)
                    figures.setdefault(f"{name}_{what}python_us", []).append(python)
                    figures.setdefault(f"{name}_{what}postgres_us", []).append(postgres)
    shown: dict[str, Any] = {name: round(median(some), 1) for name, some in figures.items()}
    return shown | {"plan_rights": plan}


async def _speak(
    db: Database, server: PostgresServer, group: _Group, text: str, messages: int
) -> tuple[float, float]:
    """µs per message: of this process, and of PostgreSQL."""
    before = time.process_time(), _postgres_cpu(server)

    async def talk(n: int) -> None:
        speaker = group.speakers[n % SPEAKERS]
        for _ in range(max(1, messages // INFLIGHT)):
            await messaging.send_message(
                db, speaker, group.channel, NewMessage(text), gate=CHANNELS
            )

    await asyncio.gather(*(talk(n) for n in range(INFLIGHT)))
    said = INFLIGHT * max(1, messages // INFLIGHT)
    after = time.process_time(), _postgres_cpu(server)
    return tuple((b - a) / said * 1e6 for a, b in zip(before, after, strict=True))  # type: ignore[return-value]


def _postgres_cpu(server: PostgresServer) -> float:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
    return sum(lab.cpu_seconds(int(pid)) for pid in children.split())


async def _fill(connection: Any, people: Sequence[UUID], groups: Any) -> None:
    """All of it by COPY."""
    streams = [*people]
    for group in groups:
        streams += [group.id, group.channel]
    copy = connection.copy_records_to_table
    await copy("streams", records=[(id,) for id in streams], columns=["id"])
    names = [(id, f"u{id.hex[-20:]}") for id in people]
    await copy("users", records=names, columns=["id", "username"])
    for group in groups:
        await connection.execute(_GROUP, group.id, group.members[0], len(group.members))
        bits = DEFAULT_EVERYONE | Permission.MENTION_EVERYONE
        await connection.execute(_ROLE, group.id, int(bits))
        await connection.execute(_CHANNEL, group.channel, group.id)
        await connection.execute(_PLACE, group.channel)
        inside = [(group.id, id) for id in group.members]
        await copy("group_members", records=inside, columns=["group_id", "user_id"])
        looked = [(group.channel, id, True) for id in group.members]
        columns = ["conversation_id", "user_id", "gated"]
        await copy("participants", records=looked, columns=columns)
    await connection.execute("VACUUM ANALYZE")


async def _plan(connection: Any, group: _Group) -> list[str]:
    """What PostgreSQL does to know what somebody may there, with its times."""
    sql = f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {access.GET}"
    rows = await connection.fetch(sql, group.channel, group.members[-1])
    return [row[0] for row in rows]


@asynccontextmanager
async def _database(dsn: str) -> AsyncIterator[Database]:
    db = await Database.connect(dsn, pool_size=4)
    try:
        yield db
    finally:
        await db.close()


@contextmanager
def _postgres() -> Iterator[tuple[str, PostgresServer]]:
    with TemporaryDirectory(prefix="cgraph-bench-") as name:
        server = PostgresServer(Path(name) / "postgres").start()
        os.sched_setaffinity(server.pid, {lab.CLIENT_CORE})
        try:
            yield uvloop.run(server.ensure_database("cgraph")), server
        finally:
            server.stop()


_GROUP = "INSERT INTO groups (id, name, owner_id, member_count) VALUES ($1, 'bench', $2, $3)"
_ROLE = "INSERT INTO group_roles (id, group_id, name, position, permissions) VALUES ($1, $1, 'everyone', 0, $2)"
_CHANNEL = (
    "INSERT INTO group_channels (id, group_id, kind, name) VALUES ($1, $2, 'text', 'general')"
)
_PLACE = "INSERT INTO conversations (id, kind) VALUES ($1, 'channel')"

if __name__ == "__main__":
    print(json.dumps(run(1, quick=True), indent=2))
