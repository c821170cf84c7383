"""Databases with something in them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count

import asyncpg
import pytest

from cgraph_kit.dump import Tools, find_tools

_numbers = count(1)

FILLED = """
CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE words (person int NOT NULL REFERENCES people, said text, at date) PARTITION BY RANGE (at);
CREATE TABLE words_2026 PARTITION OF words FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE "odd ""name" (id bigint GENERATED ALWAYS AS IDENTITY);
INSERT INTO people SELECT n, 'person ' || n FROM generate_series(1, 1000) n;
INSERT INTO words SELECT n, 'hush ' || n, '2026-03-01' FROM generate_series(1, 500) n;
"""

Make = Callable[..., Awaitable[str]]


async def run(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def make(server_dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Makes databases that run these statements first, and go when the test ends."""
    worker = getattr(request.config, "workerinput", {"workerid": "main"})["workerid"]
    made: list[str] = []

    async def make(*statements: str) -> str:
        name = f"dump_{worker}_{next(_numbers)}"
        await run(server_dsn.format(database="postgres"), f"CREATE DATABASE {name}")
        made.append(name)
        dsn = server_dsn.format(database=name)
        await run(dsn, *statements)
        return dsn

    yield make
    for name in made:
        await run(
            server_dsn.format(database="postgres"), f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
        )


@pytest.fixture
async def filled(make: Make) -> str:
    """A database with rows, a foreign key, partitions and a name that needs quotes."""
    return await make(FILLED)


@pytest.fixture
async def empty(make: Make) -> str:
    return await make()


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Those that can speak with the tests' server."""
    return find_tools(server=18, tls=False)
