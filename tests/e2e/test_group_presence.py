"""Who of a group is here, as the official client's Presence keeps it, over two nodes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from cgraph_kit.engines import ValkeyServer
from support.phoenix import Client, Joined, Phoenix
from support.served import Person, Served, calling, serving


@pytest.fixture
async def nodes(workspace: Path, clones: Any) -> AsyncIterator[list[Served]]:
    """Two, which show only whom a screen shows."""
    directory = workspace / "screens"
    valkey = ValkeyServer(directory / "valkey")
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(valkey.start)
        stack.push_async_callback(asyncio.to_thread, valkey.stop)
        env = {
            "DATABASE_URL": await clones.make(),
            "VALKEY_URL": f"unix://{directory}/valkey/run/{valkey.socket_name}",
            "CGRAPH_GROUP_PRESENCE_MAX": "2",
        }
        starts = [
            stack.enter_async_context(serving(directory / name, env=env)) for name in ("a", "b")
        ]
        yield list(await asyncio.gather(*starts))


async def connect(node: Phoenix, served: Served, person: Person) -> Client:
    """A device of theirs, on which they are to be seen."""
    name = f"{person.username}-{node.next_id()}"
    socket = await node.open(name, served.url, params={"token": person.token})
    await socket.join(f"user:{person.id}")
    return socket


async def enter(owner: Person, group_id: str, *people: Person) -> None:
    invite = await owner.post(f"/groups/{group_id}/invites", {})
    for person in people:
        await person.post(f"/invites/{invite['code']}")


class TestGroup:
    async def test_shows_everybody_while_it_is_small_and_then_the_screen(
        self, nodes: list[Served], node: Phoenix
    ) -> None:
        first, second = nodes
        async with calling(first.address) as http:
            ada, bob, eve, joe = [
                await Person.register(http, name) for name in ("ada", "bob", "eve", "joe")
            ]
            group_id = (await ada.post("/groups", {"name": "Allotments"}))["id"]
            topic = f"group:{group_id}"
            hers: Joined = await (await connect(node, first, ada)).join(topic)
            await hers.present(ada.id)
            await enter(ada, group_id, bob)
            his = await connect(node, second, bob)
            await hers.present(ada.id, bob.id)
            his.close()
            await hers.present(ada.id)

            await enter(ada, group_id, eve, joe)  # too many now to be shown unasked
            screen: Joined = await (await connect(node, second, bob)).join(topic)
            await connect(node, first, eve)
            await connect(node, second, joe)
            answer = await screen.push("presence_range", {"user_ids": [ada.id, eve.id]})
            assert sorted(answer["response"]["user_ids"]) == sorted([ada.id, eve.id])
            await screen.present(ada.id, eve.id)
            await eve.call("PATCH", "/me", json={"status": "invisible"})
            await screen.present(ada.id)
            await screen.push("presence_range", {"user_ids": [joe.id]})
            await screen.present(joe.id)
            await ada.delete(f"/groups/{group_id}/members/{joe.id}")
            await screen.present()
