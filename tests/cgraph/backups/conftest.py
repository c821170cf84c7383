"""A database with people in it, and a store."""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cgraph.backups import Vault
from cgraph_kit.db import Database
from cgraph_kit.storage import LocalStorage

PEOPLE = """
WITH made AS (INSERT INTO streams (id) SELECT gen_random_uuid() FROM generate_series(1, $1::int) RETURNING id)
SELECT count(*) FROM made
"""


@pytest.fixture
async def own_dsn(clones: Any) -> str:
    """A migrated database nobody else is connected to."""
    return str(await clones.make())


@pytest.fixture
async def own(own_dsn: str) -> AsyncIterator[Database]:
    """Connections to it."""
    database = await Database.connect(own_dsn, pool_size=4)
    await database.value(PEOPLE, 100)
    yield database
    await database.close()


@pytest.fixture
def vault(own_dsn: str, tmp_path: Path) -> Vault:
    return Vault(
        dsn=own_dsn,
        storage=LocalStorage(tmp_path / "storage"),
        work_dir=tmp_path / "scratch",
        keep=2,
        where="server",
        timeout=120.0,
    )


@pytest.fixture
def elsewhere(vault: Vault, server_dsn: str, clones: Any) -> Callable[[], Awaitable[Vault]]:
    """The same store, with an empty database to restore into."""

    async def elsewhere() -> Vault:
        dsn = await clones.make()
        database = await Database.connect(dsn, pool_size=1)
        await database.value("DROP SCHEMA public CASCADE")
        await database.value("CREATE SCHEMA public")
        await database.close()
        return dataclasses.replace(vault, dsn=dsn)

    return elsewhere


@pytest.fixture
def broken_tools(tmp_path: Path) -> Path:
    """A pg_dump that writes a little and fails."""
    bindir = tmp_path / "broken"
    bindir.mkdir()
    script = (
        '#!/bin/sh\ncase "$1" in --version) echo "pg_dump (PostgreSQL) 99.1"; exit;; esac\n'
        "echo PGDMP; echo the disk is full >&2; exit 1\n"
    )
    for name in ("pg_dump", "pg_restore"):
        (bindir / name).write_text(script)
        (bindir / name).chmod(0o755)
    return bindir
