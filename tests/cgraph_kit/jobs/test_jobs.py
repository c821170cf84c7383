"""A node from start to stop."""

import asyncio
from typing import Any

import pytest

from cgraph_kit.db import Database
from cgraph_kit.jobs import Cancel, Snooze, current, job

from support.later import Nodes, Seen, Word, becomes


@job()
async def say(seen: Seen, args: Word) -> None:
    """Keeps the word."""
    seen.words.append(args.word)


class TestJobs:
    async def test_do_what_is_enqueued(self, base: Database, nodes: Nodes, seen: Seen) -> None:
        async with nodes(say):
            enqueued = await say.enqueue(base, word="hello")
            done = await becomes(base, enqueued.id, "completed")
        assert seen.words == ["hello"]
        assert done.attempt == 1
        assert done.finished_at is not None
