"""A database as a whole: who it is, who works on it, and a moment of it held still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from .address import demands_tls
from .errors import Busy, DumpError

LOCK = 0x6261_636B_7570
"""Whoever dumps a database or puts another in its place holds this advisory lock of it."""
PATIENCE = 20.0
"""Seconds to connect."""
_SESSION = {
    "application_name": "backup",
    # However the role is set up: a dump takes what it takes.
    "statement_timeout": "0",
    "lock_timeout": "60000",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    # What says nothing for hours is forgotten by the routers on the way.
    "tcp_keepalives_idle": "60",
    "timezone": "UTC",
}
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Server(msgspec.Struct, frozen=True):
    """What stands behind an address."""

    version: str
    major: int
    database: str
    tls: bool
    """Whether connections to it are or must be encrypted."""
    creates: bool
    """Whether this user may create databases."""


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    """A direct connection without time-outs. Raises `DumpError` where there is none to be had."""
    try:
        connection = await asyncpg.connect(
            dsn, timeout=PATIENCE, statement_cache_size=0, server_settings=_SESSION
        )
    except (*_AWAY, ValueError) as error:
        raise DumpError(
            f"the database cannot be reached: {error or type(error).__name__}"
        ) from error
    try:
        yield connection
    except asyncpg.PostgresError as error:
        raise DumpError(f"the database refused: {error}") from error
    except (asyncpg.InterfaceError, ConnectionError) as error:
        raise DumpError(f"the connection to the database was lost: {error}") from error
    finally:
        await _close(connection)


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=5)
    except _AWAY:
        connection.terminate()


async def look(dsn: str) -> Server:
    """Ask it who it is."""
    async with connected(dsn) as connection:
        row = await connection.fetchrow(
            "SELECT current_setting('server_version') AS version,"
            " current_setting('server_version_num')::int / 10000 AS major,"
            " current_database() AS database,"
            " (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS creates,"
            " coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS tls"
        )
    return Server(
        row["version"],
        row["major"],
        row["database"],
        row["tls"] or demands_tls(dsn),
        row["creates"],
    )


@asynccontextmanager
async def alone(dsn: str) -> AsyncIterator[None]:
    """Hold the lock of whoever backs up or restores this database. Raises `Busy`; a killed holder lets go at once."""
    async with connected(dsn) as connection:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            raise Busy("another backup or restore of this database is running")
        yield


@asynccontextmanager
async def snapshot(dsn: str) -> AsyncIterator[tuple[Any, str]]:
    """One moment of the database: a connection that sees it, and its name for others to see the same."""
    async with (
        connected(dsn) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection, await connection.fetchval("SELECT pg_export_snapshot()")
