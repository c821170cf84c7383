"""Made-up communities, planted beside a running server and read over HTTP by the account that was made for it."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import httpx

from support.served import Person, _ask, calling, serving

Env = dict[str, str]


async def cgraph(env: Env, *arguments: str, code: int = 0) -> str:
    """What the command printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cgraph_cli.main", *arguments),
        env=os.environ | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == code, out.decode()
    return out.decode()


async def sign_in(http: httpx.AsyncClient, printed: str) -> Person:
    """As the account that the command names."""
    words = printed.split()
    username, password = words[words.index("as") + 1], words[-1]
    answer = await _ask(http, "POST", "/auth/login", json={"login": username, "password": password})
    return Person(http, username, answer["data"])


class TestSeed:
    async def test_what_is_planted_reads_and_counts_as_if_people_had_made_it(
        self, workspace: Path, clones: Any
    ) -> None:
        env = {"DATABASE_URL": await clones.make(), "CGRAPH_DATA_DIR": str(workspace / "seed")}
        async with serving(workspace / "seed", env=env) as served, calling(served.address) as http:
            printed = await cgraph(env, "seed", "--size", "small", "--seed", "7")
            demo = await sign_in(http, printed)
            await self.check_conversations(demo)
            await self.check_groups(demo)
            await self.check_forums(demo)
            assert "wrong" not in await cgraph(env, "seed", "--verify")
            refused = await cgraph(env, "seed", code=1)
        assert "--add" in refused
        assert "Traceback" not in refused

    async def check_conversations(self, demo: Person) -> None:
        places = await demo.get("/conversations")
        assert {place["kind"] for place in places} == {"direct", "group"}
        unread = await demo.get("/me/unread", params={"verify": "1"})
        assert unread["verified"]
        for each in unread["verified"]:
            assert each["unread"] == each["recounted_unread"]
            assert each["mentions"] == each["recounted_mentions"]

    async def check_groups(self, demo: Person) -> None:
        groups = await demo.get("/groups")
        assert groups
        for group in groups:
            channels = await demo.get(f"/groups/{group['id']}/channels")
            names = {channel["name"] for channel in channels}
            assert {"announcements", "general", "staff-room"} <= names
            [general] = [channel for channel in channels if channel["name"] == "general"]
            messages = await demo.pages(f"/channels/{general['id']}/messages")
            assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
            members = await demo.get(f"/groups/{group['id']}/members")
            assert demo.id in {member["id"] for member in members}

    async def check_forums(self, demo: Person) -> None:
        posts = await demo.get("/forums/gardening/posts", params={"sort": "hot"})
        assert len(posts) > 10
        busy = max(posts, key=lambda post: post["comment_count"])
        tree = await demo.get(f"/posts/{busy['id']}/comments")
        assert tree
        assert (await demo.get("/me"))["username"] == demo.username
