"""The database: version, encoding, letters, rights, migrations, clock, room for connections."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg

from cgraph import migrations
from cgraph_kit import clock, migrate

from .finding import Finding, fail, ok, warn

OLDEST = 160_000
PATIENCE = 5.0
"""Seconds the database gets to answer."""
DRIFT = 2.0
WRONG = 30.0
"""Seconds by which clocks may differ before it matters, and before tokens are refused for it."""

_FACTS = """
SELECT current_setting('server_version_num')::int AS version,
       current_setting('server_version') AS name,
       pg_encoding_to_char(encoding) AS encoding,
       datctype AS ctype,
       lower('ÄŽΩ') = 'äžω' AS letters,
       has_schema_privilege(current_schema(), 'CREATE') AS may_create,
       current_setting('max_connections')::int AS most,
       (SELECT count(*) FROM pg_stat_activity) AS used,
       pg_is_in_recovery() AS replica
FROM pg_database WHERE datname = current_database()
"""


async def examine(dsn: str, *, pool_size: int) -> AsyncIterator[Finding]:
    """Everything a database must be."""
    try:
        connection = await asyncpg.connect(
            dsn, timeout=PATIENCE, command_timeout=PATIENCE, statement_cache_size=0
        )
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
        reason = str(e) or type(e).__name__
        yield fail("database", f"cannot be reached: {reason}", "start it, or correct DATABASE_URL")
        return
    try:
        facts = await connection.fetchrow(_FACTS)
        for finding in (*_server(facts), *_letters(facts), _room(facts, pool_size)):
            yield finding
        yield await _migrated(connection)
        yield await _clock(connection)
    finally:
        await connection.close(timeout=PATIENCE)


def _server(facts: Any) -> Iterator[Finding]:
    if facts["version"] < OLDEST:
        yield fail("database", f"PostgreSQL {facts['name']}", "16 or newer is needed")
    else:
        yield ok("database", f"PostgreSQL {facts['name']}")
    if facts["replica"]:
        yield fail("database", "a replica, which cannot be written", "name the primary")
    if not facts["may_create"]:
        advice = "GRANT CREATE ON SCHEMA to this user, or migrate as one that has it"
        yield warn("database rights", "migrations may not create tables", advice)


def _letters(facts: Any) -> Iterator[Finding]:
    anew = "make the database anew with TEMPLATE template0 and"
    if facts["encoding"] != "UTF8":
        yield fail("encoding", facts["encoding"], f"{anew} ENCODING 'UTF8'")
    else:
        yield ok("encoding", "UTF8")
    if facts["ctype"] in {"C", "POSIX"}:
        state = f"ctype {facts['ctype']}: search will not see letters beyond ASCII"
        yield warn("locale", state, f"{anew} LC_CTYPE 'C.UTF-8'")
    elif not facts["letters"]:
        state = f"ctype {facts['ctype']}: upper and lower case only for ASCII"
        yield warn("locale", state, f"{anew} a UTF-8 locale")
    else:
        yield ok("locale", f"ctype {facts['ctype']}")


def _room(facts: Any, pool_size: int) -> Finding:
    free = facts["most"] - facts["used"]
    state = f"{facts['used']} of {facts['most']} in use, each node takes up to {pool_size}"
    if free < pool_size:
        return warn("connections", state, "lower POOL_SIZE, or raise max_connections")
    return ok("connections", state)


async def _migrated(connection: Any) -> Finding:
    try:
        todo = await migrate.status(connection, migrations.load())
    except migrate.MigrationError as error:
        return fail("migrations", "do not fit", str(error))
    if todo:
        state = f"{len(todo)} to run, from {todo[0].name}"
        return warn("migrations", state, "cgraph migrate (cgraph serve does it when it starts)")
    return ok("migrations", "up to date")


async def _clock(connection: Any) -> Finding:
    before = clock.now()
    theirs = await connection.fetchval("SELECT clock_timestamp()")
    after = clock.now()
    apart = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    state = f"{apart:.1f} s away from the database's"
    if apart > WRONG:
        return fail("clock", state, "set both by NTP: tokens and times will be wrong")
    if apart > DRIFT:
        return warn("clock", state, "set both by NTP")
    return ok("clock", "agrees with the database's")
