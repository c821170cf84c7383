"""Nodes on one database and one Valkey: people on different nodes are in the same room, whatever breaks between them."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from cgraph_kit.engines import ValkeyServer
from support.chat import Chat, Member
from support.phoenix import Phoenix
from support.served import Served, calling, serving

DOWN = 2.0
"""Seconds of silence after which a node's people have left."""


@dataclass
class Cluster:
    directory: Path
    env: dict[str, str]
    valkey: ValkeyServer
    nodes: list[Served]
    http: httpx.AsyncClient
    """Talks to the first node."""


@pytest.fixture(scope="module")
async def cluster(workspace: Path, clones: Any) -> AsyncIterator[Cluster]:
    """Two nodes."""
    directory = workspace / "cluster"
    valkey = ValkeyServer(directory / "valkey")
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(valkey.start)
        stack.push_async_callback(asyncio.to_thread, valkey.stop)
        env = {
            "DATABASE_URL": await clones.make(),
            # By the link, which stays when Valkey is started again.
            "VALKEY_URL": f"unix://{directory}/valkey/run/{valkey.socket_name}",
            "CGRAPH_PRESENCE_DOWN_SECONDS": str(DOWN),
        }
        starts = [
            stack.enter_async_context(serving(directory / name, env=env)) for name in ("a", "b")
        ]
        nodes = list(await asyncio.gather(*starts))
        http = await stack.enter_async_context(calling(nodes[0].address))
        yield Cluster(directory, env, valkey, nodes, http)


async def begin(cluster: Cluster, node: Phoenix, his: Served) -> list[Member]:
    """Ada on the first node, Bob on `his`; they have seen each other."""
    chat = await Chat.begin(cluster.http, cluster.nodes[0], node, "ada", "bob")
    ada, bob = chat.members
    bob.served = his
    await ada.join()
    await bob.follow()
    await here(ada, ada, bob)
    await here(bob, ada, bob)
    return chat.members


async def here(one: Member, *people: Member) -> None:
    """Wait until this is exactly whom one member sees."""
    await one.topic.present(*(other.person.id for other in people))


class TestNodes:
    async def test_are_one_room(self, cluster: Cluster, node: Phoenix) -> None:
        ada, bob = await begin(cluster, node, cluster.nodes[1])
        ada.topic.send("typing", {})
        assert (await bob.topic.heard("user_typing"))["user_id"] == ada.person.id
        await bob.topic.push("new_message", {"content": "hello from the second"})
        await ada.heard("hello from the second")
        await ada.say("hello from the first")
        await bob.heard("hello from the first")
        await bob.person.post(f"{bob.path}/read", {})
        assert (await ada.topic.heard("read_updated"))["user_id"] == bob.person.id

    async def test_drop_a_revoked_session_everywhere(self, cluster: Cluster, node: Phoenix) -> None:
        _ada, bob = await begin(cluster, node, cluster.nodes[1])
        await bob.person.post("/auth/logout")  # at the first node
        assert (await bob.socket.seen("closed"))["code"] == 4001

    async def test_go_on_when_one_dies(self, cluster: Cluster, node: Phoenix) -> None:
        async with serving(cluster.directory / "c", env=cluster.env) as third:
            ada, _bob = await begin(cluster, node, third)
            third.interrupt(signal.SIGKILL)
            await ada.topic.present(ada.person.id, within=3 * DOWN)
            await ada.say("anybody there?")
            await ada.heard("anybody there?")

    async def test_outlive_valkey(self, cluster: Cluster, node: Phoenix) -> None:
        """What the bus loses is read from the log: nothing is missing, nothing comes twice."""
        ada, bob = await begin(cluster, node, cluster.nodes[1])
        said = ["before", *(f"meanwhile {number}" for number in range(5)), "after"]
        await ada.say(said[0])
        await asyncio.to_thread(cluster.valkey.stop)
        for text in said[1:-1]:
            await ada.say(text)
        await bob.heard(said[-2])
        await asyncio.to_thread(cluster.valkey.start)
        await ada.say(said[-1])
        await bob.heard(said[-1])
        assert bob.texts() == said
        await here(bob, ada, bob)
        await here(ada, ada, bob)
        # The bus works again: this comes by nothing else.
        async with asyncio.timeout(15):
            while not bob.topic.events("user_typing"):
                ada.topic.send("typing", {})
                await asyncio.sleep(0.1)
