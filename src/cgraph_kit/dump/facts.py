"""What a database holds, counted; and where two of them differ."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

Counted = Callable[[int, int, str], None]
"""Is told how many tables are counted, of how many, and which is next."""

_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY 1
"""
_SCHEMA = """
SELECT (SELECT count(*) FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
        WHERE k.contype = 'f' AND k.convalidated AND n.nspname NOT LIKE 'pg\\_%') AS foreign_keys,
       (SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE i.indisvalid AND n.nspname NOT LIKE 'pg\\_%') AS indexes
"""


class Applied(msgspec.Struct, frozen=True):
    """A migration that has run."""

    version: int
    name: str
    hash: str


class Facts(msgspec.Struct, frozen=True):
    """A database at one moment."""

    migrations: list[Applied]
    rows: dict[str, int]
    """Of every table, partitions each by itself; by qualified name."""
    foreign_keys: int
    """Those the server has validated."""
    indexes: int
    """Those that are complete."""


async def gather(connection: Any, counted: Counted = lambda _done, _total, _table: None) -> Facts:
    """Count everything as the connection's transaction sees it. Reads every table, some 10 million rows a second."""
    tables = [row[0] for row in await connection.fetch(_TABLES)]
    rows = {}
    for done, table in enumerate(tables):
        counted(done, len(tables), table)
        rows[table] = await connection.fetchval(f"SELECT count(*) FROM ONLY {table}")
    schema = await connection.fetchrow(_SCHEMA)
    return Facts(await _migrations(connection), rows, schema["foreign_keys"], schema["indexes"])


async def _migrations(connection: Any) -> list[Applied]:
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return []
    rows = await connection.fetch(
        "SELECT version, name, hash FROM schema_migrations ORDER BY version"
    )
    return [Applied(*row) for row in rows]


def differences(expected: Facts, found: Facts) -> list[str]:
    """Each in words; none where the one is a true copy of the other."""
    return list(_differences(expected, found))


def _differences(expected: Facts, found: Facts) -> Iterator[str]:
    if expected.migrations != found.migrations:
        yield f"migrations are {_names(found)}, not {_names(expected)}"
    yield from _row_differences(expected.rows, found.rows)
    if expected.foreign_keys != found.foreign_keys:
        yield f"{found.foreign_keys} validated foreign keys, not {expected.foreign_keys}"
    if expected.indexes != found.indexes:
        yield f"{found.indexes} complete indexes, not {expected.indexes}"


def _row_differences(expected: Mapping[str, int], found: Mapping[str, int]) -> Iterator[str]:
    for table in sorted(expected.keys() | found.keys()):
        if table not in found:
            yield f"table {table} is missing"
        elif table not in expected:
            yield f"table {table} should not be there"
        elif expected[table] != found[table]:
            yield f"{table} has {found[table]:,} rows, not {expected[table]:,}"


def _names(facts: Facts) -> str:
    return ", ".join(each.name for each in facts.migrations) or "none"
