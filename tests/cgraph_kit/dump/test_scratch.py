"""Databases for a while."""

from pathlib import Path

import asyncpg
import pytest

from cgraph_kit.dump import (
    Busy,
    DumpError,
    connected,
    is_empty,
    others,
    scratch,
    successor,
    throwaway,
)


async def oid(dsn: str) -> object:
    return await ask(dsn, "SELECT oid::bigint FROM pg_database WHERE datname = current_database()")


async def helpers(dsn: str, oid: object) -> set[str]:
    """The databases that were made for the one of that number; other tests have theirs."""
    async with connected(dsn) as connection:
        sql = "SELECT datname FROM pg_database WHERE datname LIKE '%\\_' || $1"
        return {row[0] for row in await connection.fetch(sql, str(oid))}


async def ask(dsn: str, sql: str) -> object:
    async with connected(dsn) as connection:
        return await connection.fetchval(sql)


class TestScratch:
    async def test_is_empty_and_there_only_meanwhile(self, filled: str) -> None:
        number = await oid(filled)
        async with scratch(filled) as dsn:
            assert await is_empty(dsn)
            assert len(await helpers(filled, number)) == 1
        assert await helpers(filled, number) == set()

    async def test_reads_letters_as_the_original_does(self, filled: str) -> None:
        sql = "SELECT row(datlocprovider, datcollate, datctype, datlocale)::text FROM pg_database WHERE datname = current_database()"
        async with scratch(filled) as dsn:
            assert await ask(dsn, sql) == await ask(filled, sql)

    async def test_what_a_killed_process_left_is_replaced(self, filled: str) -> None:
        async with scratch(filled) as dsn:
            await ask(dsn, "CREATE TABLE left_over ()")
            async with scratch(filled) as again:
                assert await is_empty(again)


class TestThrowaway:
    async def test_a_server_that_leaves_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "scratch").mkdir()
        (tmp_path / "scratch" / "left over").touch()
        async with throwaway(tmp_path / "scratch") as dsn:
            assert await is_empty(dsn)
        assert not (tmp_path / "scratch").exists()


class TestIsEmpty:
    async def test_a_table_without_rows_is_something(self, empty: str) -> None:
        assert await is_empty(empty)
        await ask(empty, "CREATE TABLE t ()")
        assert not await is_empty(empty)


class TestOthers:
    async def test_names_who_is_connected(self, empty: str) -> None:
        assert await others(empty) == []
        other = await asyncpg.connect(empty, server_settings={"application_name": "a node"})
        try:
            assert await others(empty) == ["a node"]
        finally:
            await other.close()


class TestSuccessor:
    async def test_takes_name_and_place(self, filled: str) -> None:
        number = await oid(filled)
        async with successor(filled) as dsn:
            assert await is_empty(dsn)
            await ask(dsn, "CREATE TABLE heir ()")
        assert await ask(filled, "SELECT to_regclass('heir') IS NOT NULL") is True
        assert await ask(filled, "SELECT to_regclass('people') IS NULL") is True
        assert await helpers(filled, number) == set()

    async def test_a_failure_leaves_all_as_it_was(self, filled: str) -> None:
        number = await oid(filled)
        with pytest.raises(ArithmeticError):
            async with successor(filled):
                raise ArithmeticError
        assert await ask(filled, "SELECT count(*) FROM people") == 1000
        assert await helpers(filled, number) == set()

    async def test_nobody_s_database_is_taken_from_under_them(self, filled: str) -> None:
        other = await asyncpg.connect(filled, server_settings={"application_name": "a node"})
        try:
            with pytest.raises(Busy, match="a node"):
                async with successor(filled):
                    pass
        finally:
            await other.close()
        assert await ask(filled, "SELECT count(*) FROM people") == 1000

    async def test_a_lost_connection_is_a_failure(self, filled: str) -> None:
        with pytest.raises(DumpError):
            async with successor(filled) as dsn:
                await ask(dsn, "SELECT pg_terminate_backend(pg_backend_pid())")
