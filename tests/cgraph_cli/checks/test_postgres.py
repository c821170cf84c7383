"""The database, looked at for real."""

from typing import Any

import asyncpg

from cgraph_cli.checks import postgres
from cgraph_cli.checks.finding import Finding


async def look(dsn: str, *, pool_size: int = 10) -> dict[str, Finding]:
    return {found.what: found async for found in postgres.examine(dsn, pool_size=pool_size)}


async def run(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


class TestExamine:
    async def test_a_migrated_one_is_well(self, dsn: str) -> None:
        found = await look(dsn)
        assert {finding.level for finding in found.values()} == {"ok"}
        assert set(found) == {
            "database",
            "encoding",
            "locale",
            "connections",
            "migrations",
            "clock",
        }

    async def test_an_empty_one_has_migrations_to_run(self, server_dsn: str) -> None:
        found = await look(server_dsn.format(database="postgres"))
        assert found["migrations"].level == "warn"
        assert "0001_streams" in found["migrations"].state

    async def test_a_newer_schema_fails(self, clones: Any) -> None:
        dsn = await clones.make()
        await run(dsn, "INSERT INTO schema_migrations VALUES (9999, '9999_later', 'x')")
        assert (await look(dsn))["migrations"].level == "fail"

    async def test_letters_it_cannot_see_and_bytes_it_cannot_read(self, server_dsn: str) -> None:
        dsn = server_dsn.format(database="postgres")
        await run(
            dsn,
            "CREATE DATABASE old_locale TEMPLATE template0 ENCODING 'SQL_ASCII' "
            "LOCALE_PROVIDER libc LOCALE 'C'",
        )
        try:
            found = await look(server_dsn.format(database="old_locale"))
        finally:
            await run(dsn, "DROP DATABASE old_locale")
        assert found["encoding"].level == "fail"
        assert found["locale"].level == "warn"
        assert "LC_CTYPE" in found["locale"].advice

    async def test_too_few_connections_are_said(self, dsn: str) -> None:
        found = await look(dsn, pool_size=10_000)
        assert found["connections"].level == "warn"

    async def test_one_that_is_not_there_fails_with_the_reason(self) -> None:
        found = await look("postgresql://127.0.0.1:1/none")
        assert found["database"].level == "fail"
        assert "cannot be reached" in found["database"].state

    async def test_an_address_that_is_none_fails(self) -> None:
        assert (await look("mysql://x"))["database"].level == "fail"
