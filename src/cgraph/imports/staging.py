"""The tables of a dump that matter, on disk for as long as it is read: dumps hold them in no useful order.

Kept in SQLite in a temporary directory, so memory is bounded however large the dump is.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from .dumps import Table, tables
from .records import Unreadable

AT_ONCE = 10_000
"""Rows written together."""


class Wanted(msgspec.Struct, frozen=True):
    """What is read of a table."""

    columns: Mapping[str, Sequence[str]]
    """Our name of each column, and the names that versions have given it."""
    optional: frozenset[str] = frozenset()
    """Columns that may be missing: null then."""
    needed: bool = True
    """Without this table it is not what it should be."""
    by: Sequence[str] = ()
    """Columns by which rows are looked up."""


def same(*names: str) -> dict[str, Sequence[str]]:
    """Columns that every version has called the same, which is what we call them, too."""
    return {name: (name,) for name in names}


def instant(text: str | None) -> Any:
    """A timestamp of a dump, in UTC unless it says otherwise; None for none. Raises `Unreadable`."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"{text[:40]!r} stands where a time should") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Staging:
    """The wanted tables of a dump. Raises `Unreadable` where one that is needed, or a column, is not there."""

    def __init__(self, path: str, wanted: Mapping[str, Wanted], member: str | None = None) -> None:
        self._directory = TemporaryDirectory(prefix="cgraph-import-")
        self._db = sqlite3.connect(Path(self._directory.name) / "staged.db")
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self.found: set[str] = set()
        """The tables that are there."""
        self.rows = 0
        try:
            for name, one in wanted.items():
                names = ", ".join(f'"{column}"' for column in one.columns)
                self._db.execute(f"CREATE TABLE {name} ({names})")
            for table in tables(path, member):
                self._take(table, wanted)
            self._check(path, wanted)
        except BaseException:
            self.close()
            raise

    def all(self, sql: str, *args: object) -> Iterator[tuple[Any, ...]]:
        """Rows of a query over the staged tables, one at a time."""
        yield from self._db.execute(sql, args)

    def close(self) -> None:
        """Leave nothing on disk."""
        self._db.close()
        self._directory.cleanup()

    def _take(self, table: Table, wanted: Mapping[str, Wanted]) -> None:
        one = wanted.get(table.name)
        if one is None or table.name in self.found:
            for _ in table:
                pass
            return
        self.found.add(table.name)
        places = [_place(table, name, one) for name in one.columns]
        sql = f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(places))})"
        waiting: list[list[str | None]] = []
        for row in table:
            waiting.append([None if n is None else row[n] for n in places])
            if len(waiting) == AT_ONCE:
                self._db.executemany(sql, waiting)
                self.rows += len(waiting)
                waiting.clear()
        self._db.executemany(sql, waiting)
        self.rows += len(waiting)

    def _check(self, path: str, wanted: Mapping[str, Wanted]) -> None:
        missing = {name for name, one in wanted.items() if one.needed} - self.found
        if missing:
            raise Unreadable(f"{path}: no table {', '.join(sorted(missing))} in it")
        for name, one in wanted.items():
            for n, columns in enumerate(one.by):
                self._db.execute(f"CREATE INDEX {name}_{n} ON {name} ({columns})")


def _place(table: Table, name: str, wanted: Wanted) -> int | None:
    for known in wanted.columns[name]:
        if known in table.columns:
            return table.columns.index(known)
    if name in wanted.optional:
        return None
    raise Unreadable(f"the table {table.name} has no column {wanted.columns[name][0]}")
