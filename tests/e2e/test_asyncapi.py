"""The document of the channels, as a server gives it, before the official parser."""

import asyncio
import json
from asyncio.subprocess import PIPE
from typing import Any

import httpx

from support.phoenix import E2E, node


async def judged(document: bytes) -> Any:
    """What the parser has to say."""
    process = await asyncio.create_subprocess_exec(
        node(), "asyncapi.mjs", cwd=E2E, stdin=PIPE, stdout=PIPE
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate(document)
    return json.loads(said)


class TestTheDocument:
    async def test_is_one(self, http: httpx.AsyncClient) -> None:
        answer = await http.get("/api/asyncapi.json")
        assert answer.headers["content-type"].startswith("application/json")
        assert await judged(answer.content) == {"parsed": True, "diagnostics": []}

    async def test_that_is_none_would_be_told_apart(self) -> None:
        found = await judged(b'{"asyncapi": "3.1.0", "channels": {"a": {"messages": 1}}}')
        assert any(one["severity"] == 0 for one in found["diagnostics"])
