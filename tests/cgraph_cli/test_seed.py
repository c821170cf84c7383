"""`cgraph seed`; that what it makes reads well is in `e2e`."""

from collections.abc import Awaitable, Callable
from typing import Any

from cgraph_kit.db import Database
from support.talk import make_actor

Run = Callable[..., Awaitable[Any]]


class TestSeed:
    async def test_leaves_a_database_with_people_alone(
        self, cgraph: Run, database: Database
    ) -> None:
        await make_actor(database)
        before = await database.value("SELECT count(*) FROM users")
        ran = await cgraph("seed")
        assert ran.code == 1
        assert "--add" in ran.err
        assert await database.value("SELECT count(*) FROM users") == before

    async def test_knows_three_sizes(self, cgraph: Run) -> None:
        assert (await cgraph("seed", "--size", "huge")).code == 2
