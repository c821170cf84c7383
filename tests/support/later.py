"""Jobs that do what a test wants to see, and nodes in a hurry."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import msgspec

from cgraph_kit.db import Database
from cgraph_kit.jobs import Job, Jobs, Pulse, Tuning, find_job

HURRY = Tuning(grace=0.2, pulse=Pulse(beat=0.2, dead=2.0, fence=1.6, grace=0.4))


class Seen:
    """The context of a test's jobs: what they have seen, and what they wait for."""

    def __init__(self) -> None:
        self.words: list[Any] = []
        self.go = asyncio.Event()
        self.begun = asyncio.Event()


class Word(msgspec.Struct, frozen=True):
    """What a test's job is told."""

    word: str


class Nodes(Protocol):
    """Starts a node with these jobs."""

    def __call__(self, *workers: Any, **options: Any) -> AbstractAsyncContextManager[Jobs]: ...


async def until(met: Callable[[], Awaitable[Any]], within: float = 20.0) -> Any:
    """Wait until something holds; what it was."""
    async with asyncio.timeout(within):
        while not (value := await met()):  # noqa: ASYNC110 (bounded)
            await asyncio.sleep(0.01)
    return value


async def holds(met: Callable[[], object]) -> None:
    """Wait until something holds that needs no waiting to be known."""

    async def held() -> object:
        return met()

    await until(held)


async def until_waiting(db: Database, count: int = 1) -> None:
    """Wait until so many connections wait for rows that another transaction holds."""

    async def met() -> bool:
        waiting: int = await db.value(_WAITING)
        return waiting >= count

    await until(met)


_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def becomes(db: Database, id: int, *states: str, within: float = 20.0) -> Job:
    """Wait until a job has one of these states."""

    async def met() -> Job | None:
        found = await find_job(db, id)
        return found if found is not None and found.state in states else None

    job: Job = await until(met, within)
    return job
