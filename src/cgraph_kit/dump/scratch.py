"""Databases that are there for a while only: to try a dump in, or to take another's place."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cgraph_kit.engines import embedded_postgres

from .address import with_database
from .database import connected
from .errors import Busy

MAINTENANCE = "postgres"
"""The database to be in while another is renamed."""
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
"""For a server that is thrown away."""
BUILTIN_LOCALES = 170_000
"""The version that brought them, and with them another name of the column."""
_TABLES = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
"""
_OTHERS = """
SELECT coalesce(nullif(application_name, ''), usename, '?') AS who
FROM pg_stat_activity
WHERE datname = $1 AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND application_name <> 'backup'
ORDER BY 1
"""


@asynccontextmanager
async def scratch(dsn: str) -> AsyncIterator[str]:
    """A database on the same server that is there as long as this. What a killed process left is replaced."""
    async with connected(dsn) as connection:
        name = f"scratch_{await _oid(connection)}"
        await _create_like(connection, name)
        try:
            yield with_database(dsn, name)
        finally:
            await _drop(connection, name)


@asynccontextmanager
async def throwaway(directory: Path) -> AsyncIterator[str]:
    """A database on a server of its own, in `directory`, which is gone afterwards."""
    shutil.rmtree(directory, ignore_errors=True)
    try:
        async with embedded_postgres(directory, settings=_FAST) as server:
            yield await server.ensure_database("scratch")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def is_empty(dsn: str) -> bool:
    """Whether it holds no table of anybody's."""
    async with connected(dsn) as connection:
        return bool(await connection.fetchval(_TABLES) == 0)


async def others(dsn: str) -> list[str]:
    """Names of the programs that are connected to it, one for each connection."""
    async with connected(dsn) as connection:
        database = await connection.fetchval("SELECT current_database()")
        return [row["who"] for row in await connection.fetch(_OTHERS, database)]


@asynccontextmanager
async def successor(dsn: str) -> AsyncIterator[str]:
    """A new database that takes this one's place, and its name, if what is done with it inside ends well.

    The former is dropped then; otherwise it stays as it was. Raises `Busy` where somebody is connected to it.
    """
    async with connected(dsn) as connection:
        database = await connection.fetchval("SELECT current_database()")
        oid = await _oid(connection)
        new, old = f"successor_{oid}", f"replaced_{oid}"
        await _create_like(connection, new)
    async with connected(with_database(dsn, MAINTENANCE)) as connection:
        try:
            yield with_database(dsn, new)
            await _swap(connection, database, new, old)
        except BaseException:
            await _drop(connection, new)
            raise
        await _drop(connection, old)


async def _swap(connection: Any, database: str, new: str, old: str) -> None:
    if who := [row["who"] for row in await connection.fetch(_OTHERS, database)]:
        raise Busy(f"somebody is connected to {database} again ({who[0]}): stop it")
    async with connection.transaction():
        await connection.execute(f"ALTER DATABASE {quoted(database)} RENAME TO {old}")
        await connection.execute(f"ALTER DATABASE {new} RENAME TO {quoted(database)}")


async def _oid(connection: Any) -> int:
    oid: int = await connection.fetchval(
        "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"
    )
    return oid


async def _create_like(connection: Any, name: str) -> None:
    """An empty one that sorts and reads letters as the connection's does."""
    version = await connection.fetchval("SELECT current_setting('server_version_num')::int")
    locale = "datlocale" if version >= BUILTIN_LOCALES else "daticulocale"
    row = await connection.fetchrow(
        f"SELECT pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider, datcollate, datctype,"
        f" {locale} AS locale FROM pg_database WHERE datname = current_database()"
    )
    provider, option = {
        b"b": ("builtin", "BUILTIN_LOCALE"),
        b"i": ("icu", "ICU_LOCALE"),
        b"c": ("libc", ""),
    }[row["provider"]]
    clauses = [
        f"ENCODING {_literal(row['encoding'])}",
        f"LOCALE_PROVIDER {provider}",
        f"LC_COLLATE {_literal(row['datcollate'])}",
        f"LC_CTYPE {_literal(row['datctype'])}",
        *([f"{option} {_literal(row['locale'])}"] if option else []),
    ]
    await _drop(connection, name)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {' '.join(clauses)}")


async def _drop(connection: Any, name: str) -> None:
    await connection.execute(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
