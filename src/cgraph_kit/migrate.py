"""Migrations: numbered plain SQL files, forward only, one runner at a time.

Each file runs in one transaction with a lock and a statement time-out, and is recorded with the hash of its text.
A file whose first line is `-- no transaction` runs outside one, statement by statement (CREATE INDEX CONCURRENTLY).
"""

import hashlib
import re
from collections.abc import Callable
from importlib.resources.abc import Traversable
from typing import Any

import asyncpg
import msgspec

from .db import Repo

LOCK_KEY = 0x6367_7261_7068  # any constant shared by all runners of one database
LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "60s"
_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    hash text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationError(Exception):
    """The database and the files do not fit together; the message says how and what to do."""


class Migration(msgspec.Struct, frozen=True):
    """One file."""

    version: int
    name: str
    sql: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def transactional(self) -> bool:
        return not self.sql.startswith("-- no transaction")


class Applied(msgspec.Struct, frozen=True):
    """One row of `schema_migrations`."""

    version: int
    name: str
    hash: str


def load(directory: Traversable) -> list[Migration]:
    """The migrations of a directory, in order. Raises `MigrationError` for a gap or a strange name."""
    found = []
    for file in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".sql"):
            continue
        match = _NAME.match(file.name)
        if not match:
            raise MigrationError(f"{file.name}: migrations are named 0001_what_it_does.sql")
        found.append(Migration(int(match[1]), file.name[:-4], file.read_text(encoding="utf-8")))
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError("migrations must be numbered 0001, 0002, … without gaps or repeats")
    return found


def pending(migrations: list[Migration], applied: list[Applied]) -> list[Migration]:
    """What is still to run. Raises `MigrationError` for edited history or a schema newer than the code."""
    by_version = {migration.version: migration for migration in migrations}
    for row in applied:
        known = by_version.get(row.version)
        if known is None:
            raise MigrationError(
                f"the database has migration {row.name}, which this version does not know: "
                "start the newer version, or restore a backup made before it"
            )
        if known.hash != row.hash:
            raise MigrationError(
                f"{row.name} was changed after it ran here: put it back and add a new migration instead"
            )
    done = {row.version for row in applied}
    return [migration for migration in migrations if migration.version not in done]


async def status(connection: Any, migrations: list[Migration]) -> list[Migration]:
    """What `migrate` would run now; reads only."""
    return pending(migrations, await _applied(connection))


async def outstanding(db: Repo, migrations: list[Migration]) -> list[Migration]:
    """What has not run, asked over the pool by a node that is running.

    A schema that has become newer meanwhile is well: a newer node has migrated, and the older ones go on until they are
    replaced. Only to start on one is refused.
    """
    if await db.value("SELECT to_regclass('schema_migrations') IS NULL"):
        return migrations
    rows = await db.all(Applied, "SELECT version, name, hash FROM schema_migrations")
    latest = migrations[-1].version if migrations else 0
    return pending(migrations, [row for row in rows if row.version <= latest])


async def migrate(
    dsn: str,
    migrations: list[Migration],
    *,
    report: Callable[[Migration], None] = lambda _migration: None,
) -> list[Migration]:
    """Bring the database up to date and return what ran; `report` is told before each.

    Takes an advisory lock on a connection of its own (a direct one: not through a transaction pooler), so several
    nodes may start at once.
    """
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "cgraph-migrate"})
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
        await connection.execute(_TABLE)
        todo = await status(connection, migrations)
        for migration in todo:
            report(migration)
            await _run(connection, migration)
        return todo
    finally:
        await connection.close()


async def _applied(connection: Any) -> list[Applied]:
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return []
    rows = await connection.fetch(
        "SELECT version, name, hash FROM schema_migrations ORDER BY version"
    )
    return [Applied(*row) for row in rows]


async def _run(connection: Any, migration: Migration) -> None:
    try:
        if migration.transactional:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                await connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
                await connection.execute(migration.sql)
                await _record(connection, migration)
        else:
            for statement in migration.sql.split(";\n"):
                if statement.strip():
                    await connection.execute(statement)
            await _record(connection, migration)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration.name}: {error}") from error


async def _record(connection: Any, migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, hash) VALUES ($1, $2, $3)",
        migration.version,
        migration.name,
        migration.hash,
    )
