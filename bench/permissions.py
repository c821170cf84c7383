"""Permissions: worked out for a member with many roles, for a whole list of channels, and for all who have one open."""

import json
import os
import time
import timeit
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from cgraph import accounts, application, groups
from cgraph.accounts import Actor
from cgraph.groups import Permission, channel_list
from cgraph.groups.explaining import explain_in_channel
from cgraph.groups.permissions import MemberFacts, Overwrite, RoleFacts, in_channel
from cgraph.settings import Settings
from cgraph_kit.db import Database
from cgraph_kit.engines import PostgresServer
from cgraph_kit.ids import new_id

from . import lab

ROLES, OVERWRITES, CHANNELS, LISTENERS = 20, 50, 500, 1_000
ROUNDS = 2_000
_random = Random(4)  # noqa: S311 (the same situation each time)


def run(runs: int, quick: bool) -> dict[str, Any]:
    """µs in Python for one channel; ms for a list of 500 channels, of which in the database; ms for 1,000 listeners."""
    scale = 10 if quick else 1
    with _postgres() as dsn:
        place = uvloop.run(_fill(dsn))
        own: list[dict[str, float]] = []
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {lab.SERVER_CORE})
        try:
            for _ in range(runs):
                figures = _computed(ROUNDS // scale)
                own.append(figures | uvloop.run(_asked(dsn, place, 50 // scale)))
        finally:
            os.sched_setaffinity(0, cores)
        plan = uvloop.run(_plan(dsn, place))
    figures = {name: round(median(one[name] for one in own), 2) for name in own[0]}
    return {
        "goal": "≤ 20 µs for 20 roles and 50 overwrites; a list of channels is one statement",
        **figures,
        "plan_channel_list": plan,
    }


class _Place:
    """The group that is looked at, somebody in it, and those who listen."""

    def __init__(self, actor: Actor, listeners: list[UUID]) -> None:
        self.actor = actor
        self.group, self.channel = new_id(), new_id()
        self.listeners = listeners


def _computed(rounds: int) -> dict[str, float]:
    user, group = new_id(), new_id()
    roles = [RoleFacts(new_id(), n, _bits()) for n in range(1, ROLES + 1)]
    facts = MemberFacts(user, group, owner=False, everyone=_bits(), roles=roles)
    own = [role.id for role in roles]
    others = [new_id() for _ in range(OVERWRITES - ROLES - 2)]
    overwrites = [Overwrite(id, _bits(), _bits()) for id in [*own, *others, group, user]]
    return {
        "in_channel_us": _microseconds(lambda: in_channel(facts, overwrites), rounds),
        "explain_us": _microseconds(lambda: explain_in_channel(facts, overwrites), rounds // 10),
    }


def _microseconds(work: Callable[[], object], rounds: int) -> float:
    return min(timeit.repeat(work, number=rounds, repeat=5)) / rounds * 1e6


def _bits() -> int:
    return _random.getrandbits(53) & ~int(Permission.ADMINISTRATOR)


async def _asked(dsn: str, place: _Place, rounds: int) -> dict[str, float]:
    db = await Database.connect(dsn, pool_size=2)
    try:
        pairs = [(place.channel, id) for id in place.listeners]
        return {
            "channel_list_ms": await _milliseconds(
                lambda: groups.list_channels(db, place.actor, place.group), rounds
            ),
            "listeners_1000_ms": await _milliseconds(
                lambda: groups.find_shut_out(db, place.group, pairs), rounds
            ),
        }
    finally:
        await db.close()


async def _milliseconds(work: Callable[[], Awaitable[object]], rounds: int) -> float:
    seconds = []
    await work()
    for _ in range(rounds):
        began = time.perf_counter()
        await work()
        seconds.append(time.perf_counter() - began)
    return median(seconds) * 1e3


async def _plan(dsn: str, place: _Place) -> list[str]:
    """What PostgreSQL does for a list of channels, with its times."""
    connection = await asyncpg.connect(dsn)
    sql = f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {channel_list.ALL}"
    rows = await connection.fetch(sql, place.actor.id, place.group)
    await connection.close()
    return [row[0] for row in rows]


async def _fill(dsn: str) -> _Place:
    """A group of 500 channels with 50 overwrites each; a member with 20 roles, who may look, and 1,000 more."""
    with TemporaryDirectory(prefix="cgraph-bench-") as name:
        settings = Settings(
            database_url=dsn,
            data_dir=Path(name),
            queues={},
            argon2_time_cost=1,
            argon2_memory_kib=8,
        )
        async with application.start(settings) as app:
            new = accounts.NewUser("ada@example.com", "ada.bench", "correct horse battery")
            signed_in = await accounts.register(app.db, app.auth, new, accounts.Origin())
            actor = await app.auth.authenticate(app.db, signed_in.tokens.access_token)
            await app.db.value(_PEOPLE, LISTENERS)
            listeners = await app.db.values("SELECT id FROM users WHERE id <> $1", actor.id)
            place = _Place(actor, listeners)
            for sql, *args in _statements(place):
                await app.db.value(sql, *args)
    connection = await asyncpg.connect(dsn)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return place


def _statements(place: _Place) -> Iterator[tuple[Any, ...]]:
    roles = [new_id() for _ in range(OVERWRITES)]
    everyone = str(int(Permission.VIEW_CHANNEL))
    yield _GROUP, place.group, place.listeners[0]
    yield (
        "INSERT INTO groups (id, name, owner_id) VALUES ($1, 'bench', $2)",
        place.group,
        place.listeners[0],
    )
    yield _ROLES, place.group, [place.group, *roles], int(everyone)
    yield _MEMBERS, place.group, [place.actor.id, *place.listeners]
    yield _GIVEN, place.group, [place.actor.id, *place.listeners], roles[:ROLES]
    yield _CHANNELS, place.group, place.channel, CHANNELS
    yield _OVERWRITES, place.group, roles


@contextmanager
def _postgres() -> Iterator[str]:
    with TemporaryDirectory(prefix="cgraph-bench-") as name:
        server = PostgresServer(Path(name) / "postgres").start()
        os.sched_setaffinity(server.pid, {lab.CLIENT_CORE})
        try:
            yield uvloop.run(server.ensure_database("cgraph"))
        finally:
            server.stop()


_PEOPLE = """
WITH made AS (INSERT INTO streams (id) SELECT gen_random_uuid() FROM generate_series(1, $1) RETURNING id)
INSERT INTO users (id, username) SELECT id, 'u' || right(replace(id::text, '-', ''), 30) FROM made
"""
_GROUP = "INSERT INTO streams (id) SELECT $1 WHERE $2::uuid IS NOT NULL"
_ROLES = """
INSERT INTO group_roles (id, group_id, name, position, permissions)
SELECT id, $1, 'role', n - 1, CASE WHEN id = $1 THEN $3::bigint ELSE n END
FROM unnest($2::uuid[]) WITH ORDINALITY AS r (id, n)
"""
_MEMBERS = "INSERT INTO group_members (group_id, user_id) SELECT $1, unnest($2::uuid[])"
_GIVEN = """
INSERT INTO group_member_roles (group_id, user_id, role_id) SELECT $1, u, r FROM unnest($2::uuid[]) u, unnest($3::uuid[]) r
"""
_CHANNELS = """
INSERT INTO group_channels (id, group_id, kind, name, position)
SELECT CASE WHEN n = 1 THEN $2 ELSE gen_random_uuid() END, $1, 'text', 'channel ' || n, n FROM generate_series(1, $3) n
"""
_OVERWRITES = """
INSERT INTO group_overwrites (channel_id, target_id, target_kind, allow, deny)
SELECT c.id, r, 'role', 2048, 16384 FROM group_channels c, unnest($2::uuid[]) r WHERE c.group_id = $1
"""

if __name__ == "__main__":
    print(json.dumps(run(1, quick=True), indent=2))
