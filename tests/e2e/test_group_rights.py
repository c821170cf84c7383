"""Rights in a group are taken away while the official client listens: its topic ends within a second, on every node."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from cgraph_kit.engines import ValkeyServer
from support.chat import Chat, Member
from support.phoenix import Phoenix
from support.served import Person, Served, calling, serving

VIEW = str(1 << 10)
TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "longpoll"])


class Room(Chat):
    """A channel of a group; the first of its people owns it."""

    group_id: str

    @classmethod
    async def open(
        cls, http: httpx.AsyncClient, served: Served, node: Phoenix, *names: str
    ) -> Self:
        people = [await Person.register(http, name) for name in names]
        group = await people[0].post("/groups", {"name": "Allotments"})
        (channel,) = await people[0].get(f"/groups/{group['id']}/channels")
        invite = await people[0].post(f"/groups/{group['id']}/invites", {})
        for person in people[1:]:
            await person.post(f"/invites/{invite['code']}")
        room = cls(served, node, people, channel["id"])
        room.group_id = group["id"]
        return room

    @property
    def owner(self) -> Person:
        return self.members[0].person

    @property
    def path(self) -> str:
        return f"/channels/{self.id}"

    @property
    def topic(self) -> str:
        return f"channel:{self.id}"

    async def see_by_role_alone(self, *members: Member) -> str:
        """@everyone sees nothing here any more, and these people do by a role."""
        role = await self.owner.post(
            f"/groups/{self.group_id}/roles", {"name": "gardeners", "permissions": VIEW}
        )
        await self.owner.call("PUT", f"{self.path}/overwrites/{role['id']}", json={"allow": VIEW})
        await self.owner.call("PUT", f"{self.path}/overwrites/{self.group_id}", json={"deny": VIEW})
        for member in members:
            await self.owner.call(
                "PUT", f"/groups/{self.group_id}/members/{member.person.id}/roles/{role['id']}"
            )
        return str(role["id"])

    async def take_sight(self, role_id: str) -> None:
        """The role shows the channel to nobody any more."""
        await self.owner.call("DELETE", f"{self.path}/overwrites/{role_id}")


async def hear_no_more(room: Room, member: Member, role_id: str) -> None:
    """A role change ends the member's topic within a second, and what is said later does not arrive."""
    await room.members[0].say("for all")
    await member.heard("for all")
    start = time.monotonic()
    await room.take_sight(role_id)
    await member.topic.seen("left")
    assert time.monotonic() - start < 1
    await room.members[0].say("without him")
    await room.members[0].heard("without him")
    assert "without him" not in member.texts()


class TestChannel:
    @TRANSPORTS
    async def test_ends_for_who_loses_sight_of_it(
        self, http: httpx.AsyncClient, served: Served, node: Phoenix, transport: str
    ) -> None:
        room = await Room.open(http, served, node, "ada", "bob", "eve")
        ada, bob, eve = room.members
        role_id = await room.see_by_role_alone(bob)
        await ada.join()
        await bob.join(transport=transport)
        await hear_no_more(room, bob, role_id)
        joined = await eve.join()
        assert joined.answer["is"] == "refused"
        assert joined.answer["response"]["reason"] == "unauthorized"

    async def test_ends_for_who_is_kicked(
        self, http: httpx.AsyncClient, served: Served, node: Phoenix
    ) -> None:
        room = await Room.open(http, served, node, "ada", "bob")
        _, bob = room.members
        await bob.join()
        start = time.monotonic()
        await room.owner.delete(f"/groups/{room.group_id}/members/{bob.person.id}")
        await bob.topic.seen("left")
        assert time.monotonic() - start < 1


@dataclass
class Pair:
    """Two nodes on one database and one Valkey."""

    nodes: list[Served]
    http: httpx.AsyncClient
    """Talks to the first."""


@pytest.fixture
async def pair(workspace: Path, clones: Any) -> AsyncIterator[Pair]:
    directory = workspace / "rights"
    valkey = ValkeyServer(directory / "valkey")
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(valkey.start)
        stack.push_async_callback(asyncio.to_thread, valkey.stop)
        env = {
            "DATABASE_URL": await clones.make(),
            "VALKEY_URL": f"unix://{directory}/valkey/run/{valkey.socket_name}",
        }
        starts = [
            stack.enter_async_context(serving(directory / name, env=env)) for name in ("a", "b")
        ]
        nodes = list(await asyncio.gather(*starts))
        yield Pair(nodes, await stack.enter_async_context(calling(nodes[0].address)))


class TestNodes:
    async def test_all_follow(self, pair: Pair, node: Phoenix) -> None:
        room = await Room.open(pair.http, pair.nodes[0], node, "ada", "bob")
        ada, bob = room.members
        bob.served = pair.nodes[1]
        role_id = await room.see_by_role_alone(bob)
        await ada.join()
        await bob.join()
        await hear_no_more(room, bob, role_id)
