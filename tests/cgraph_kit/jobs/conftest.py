"""Nodes on a database of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cgraph_kit.db import Database
from cgraph_kit.jobs import Jobs
from support.later import HURRY, Nodes, Seen


@pytest.fixture
async def base(clones: Any) -> AsyncIterator[Database]:
    """A database nobody else puts jobs into."""
    base = await Database.connect(await clones.make(), pool_size=10)
    yield base
    await base.close()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def nodes(base: Database, seen: Seen) -> Nodes:
    @asynccontextmanager
    async def node(*workers: Any, **options: Any) -> AsyncIterator[Jobs]:
        options = {"queues": {"default": 10}, "tuning": HURRY} | options
        jobs = Jobs(base, workers=workers, **options)
        base.subscriber = jobs.hear
        async with jobs.running(seen):
            yield jobs

    return node
