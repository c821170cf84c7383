"""Out of one database and into another."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest

from cgraph_kit.dump import (
    Damaged,
    DumpError,
    Facts,
    Tools,
    connected,
    differences,
    dumping,
    gather,
    is_empty,
    restore,
    snapshot,
)
from cgraph_kit.engines.process import exists


async def dump(tools: Tools, dsn: str) -> tuple[Facts, bytes]:
    """One moment, counted and dumped."""
    async with snapshot(dsn) as (connection, name), dumping(tools, dsn, name) as pieces:
        return await gather(connection), b"".join([piece async for piece in pieces])


async def facts(dsn: str) -> Facts:
    async with connected(dsn) as connection:
        return await gather(connection)


async def sent(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def until(condition: Callable[[], bool]) -> None:
    """Ask again until it holds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


class TestRoundTrip:
    async def test_what_is_restored_is_what_was_dumped(
        self, tools: Tools, filled: str, empty: str
    ) -> None:
        expected, content = await dump(tools, filled)
        await restore(tools, empty, sent(content), sha256=hashlib.sha256(content).hexdigest())
        assert differences(expected, await facts(empty)) == []
        assert expected.rows["public.words_2026"] == 500

    async def test_what_is_written_meanwhile_is_neither_counted_nor_dumped(
        self, tools: Tools, filled: str, empty: str
    ) -> None:
        async with snapshot(filled) as (connection, name):
            other = await asyncpg.connect(filled)
            await other.execute("INSERT INTO people VALUES (5000, 'late')")
            await other.close()
            async with dumping(tools, filled, name) as pieces:
                content = b"".join([piece async for piece in pieces])
            expected = await gather(connection)
        await restore(tools, empty, sent(content))
        assert expected.rows["public.people"] == 1000
        assert differences(expected, await facts(empty)) == []


class TestDumping:
    async def test_a_program_that_fails_ends_the_bytes_with_its_words(
        self, tools: Tools, filled: str
    ) -> None:
        async with dumping(tools, filled, "none") as pieces:
            with pytest.raises(DumpError, match=r"pg_dump ended with status 1: .*none"):
                [piece async for piece in pieces]

    async def test_leaving_early_ends_the_program(self, filled: str, tmp_path: Path) -> None:
        pid = tmp_path / "pid"
        slow = tmp_path / "pg_dump"
        slow.write_text(f"#!/bin/sh\necho $$ > {pid}\nexec sleep 60\n")
        slow.chmod(0o755)
        async with dumping(Tools(tmp_path, "18.0"), filled, "any") as pieces:
            waiting = asyncio.ensure_future(anext(pieces))
            await until(lambda: pid.exists() and pid.read_text().endswith("\n"))
            waiting.cancel()
        assert not exists(int(pid.read_text()))


class TestRestore:
    async def test_changed_bytes_leave_nothing(self, tools: Tools, filled: str, empty: str) -> None:
        _, content = await dump(tools, filled)
        with pytest.raises(Damaged, match="SHA-256"):
            await restore(tools, empty, sent(content), sha256="0" * 64)
        assert await is_empty(empty)

    async def test_half_a_dump_leaves_nothing(self, tools: Tools, filled: str, empty: str) -> None:
        _, content = await dump(tools, filled)
        with pytest.raises(DumpError, match="pg_restore ended with status 1"):
            await restore(tools, empty, sent(content[: len(content) // 2]))
        assert await is_empty(empty)

    async def test_what_is_no_dump(self, tools: Tools, empty: str) -> None:
        with pytest.raises(DumpError, match="magic string"):
            await restore(tools, empty, sent(b"hello" * 1000))

    async def test_what_people_wrote_is_not_in_the_complaint(
        self, tools: Tools, filled: str, make: object
    ) -> None:
        _, content = await dump(tools, filled)
        with pytest.raises(DumpError, match="already exists") as failure:
            await restore(tools, filled, sent(content))
        assert "hush" not in str(failure.value)

    async def test_nobody_to_restore_into(self, tools: Tools, filled: str) -> None:
        _, content = await dump(tools, filled)
        with pytest.raises(DumpError, match="connection to server"):
            await restore(tools, "postgresql://127.0.0.1:1/none", sent(content))
