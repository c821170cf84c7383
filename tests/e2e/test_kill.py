"""`kill -9` in the middle of a load: what was acknowledged is there, once and in order; what was not can be said again."""

import asyncio
import os
import signal
from pathlib import Path

import httpx

from support.chat import Chat, Member
from support.phoenix import Phoenix, phoenix
from support.served import Refused, calling, free_port, serving

SENDERS = 4
ENOUGH = 100
"""Acknowledged messages of each way, before the server is killed."""
IN_FLIGHT = 8
"""Pushes that the socket keeps unanswered."""


class Letters:
    """What one sender has said, in order, each under a name of its own, and the numbers the server gave."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.said: list[str] = []
        self.acknowledged: dict[str, int] = {}

    def next(self) -> str:
        content = f"{self.name}-{len(self.said)}"
        self.said.append(content)
        return content

    @property
    def unanswered(self) -> list[str]:
        return [content for content in self.said if content not in self.acknowledged]

    @property
    def in_order(self) -> bool:
        """What was acknowledged stands in the order in which it was said."""
        numbers = [self.acknowledged[said] for said in self.said if said in self.acknowledged]
        return numbers == sorted(numbers)


async def say(member: Member, letters: Letters, content: str) -> None:
    sent = await member.say(content, client_id=content)
    letters.acknowledged[content] = sent["seq"]


async def send_by_rest(member: Member, letters: Letters) -> None:
    """One after the other, until the database or the server is gone."""
    while True:
        try:
            await say(member, letters, letters.next())
        except httpx.TransportError:
            return
        except Refused as refused:
            assert refused.status == 503
            return


async def send_by_channel(node: Phoenix, member: Member, letters: Letters) -> None:
    """Several at once, until the server is gone."""
    ids: dict[int, str] = {}
    while not member.socket.lines("closed"):
        content = letters.next()
        ids[member.topic.send("new_message", {"content": content, "client_id": content})] = content
        await node.until(
            lambda _lines: (
                len(node.replies.keys() & ids) > len(ids) - IN_FLIGHT
                or member.socket.lines("closed")
            )
        )
        for id in node.replies.keys() & ids:
            reply = node.replies[id]
            if reply["status"] == "ok":
                letters.acknowledged[ids[id]] = reply["response"]["seq"]
            else:
                assert reply["response"]["reason"] == "unavailable"


class TestKill:
    async def test_loses_nothing_acknowledged(self, data_dir: Path) -> None:
        """The server dies, and its PostgreSQL with it, as when a machine runs out of memory."""
        port = free_port()
        postmaster = data_dir / "postgres/cluster/postmaster.pid"
        env = {"CGRAPH_SOCKET_MESSAGES": "100000"}
        posts = [Letters(f"post-{number}") for number in range(SENDERS)]
        pushes = Letters("push")
        async with phoenix() as node, calling(f"http://127.0.0.1:{port}") as http:
            async with serving(data_dir, port=port, env=env) as served:
                chat = await Chat.begin(http, served, node, "ada", "bob")
                ada, bob = chat.members
                await ada.join()
                await bob.follow()
                async with asyncio.TaskGroup() as load:
                    for letters in posts:
                        load.create_task(send_by_rest(ada, letters))
                    load.create_task(send_by_channel(node, ada, pushes))
                    await node.until(
                        lambda _lines: (
                            len(pushes.acknowledged) >= ENOUGH
                            and sum(len(letters.acknowledged) for letters in posts) >= ENOUGH
                        )
                    )
                    os.kill(int(postmaster.read_text().split()[0]), signal.SIGKILL)
                    await served.stop(signal.SIGKILL)
            async with serving(data_dir, port=port, env=env):
                kept = {message["content"]: message["seq"] for message in await ada.history()}
                for letters in (*posts, pushes):
                    assert letters.acknowledged.items() <= kept.items()
                    assert letters.in_order
                    for content in letters.unanswered:
                        await say(ada, letters, content)
                history = await ada.history()
                said = sorted(content for letters in (*posts, pushes) for content in letters.said)
                assert sorted(message["content"] for message in history) == said
                await node.until(lambda _lines: len(bob.texts()) >= len(said))
        assert bob.texts() == [message["content"] for message in history]
        assert bob.seqs() == [message["seq"] for message in history]
