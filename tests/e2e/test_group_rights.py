"""Channels and threads while the official client listens, on every node: what is said arrives once and in order, and where
rights are taken away the topic ends within a second.
"""

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
    kind = "channel"

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
        return f"{self.kind}:{self.id}"

    async def begin_thread(self) -> "Room":
        """A thread in it, with the same people."""
        made = await self.owner.post(f"{self.path}/threads", {"name": "plans"})
        people = [member.person for member in self.members]
        thread = Room(self.served, self.node, people, made["id"])
        thread.group_id, thread.kind = self.group_id, "thread"
        return thread

    async def hide_from(self, member: Member) -> None:
        """One person sees the channel no more."""
        path = f"{self.path}/overwrites/{member.person.id}"
        await self.owner.call("PUT", path, json={"deny": VIEW})

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


LASTING = (
    *("new_message", "message_edited", "message_deleted"),
    *("reaction_added", "reaction_removed"),
)


def count(member: Member) -> int:
    """How much was heard: each number once, in order, and none left out."""
    lines = member.topic.lines("event")
    heard = [line["payload"]["seq"] for line in lines if line["event"] in LASTING]
    assert heard == list(range(heard[0], heard[0] + len(heard)))
    return len(heard)


async def talk(ada: Member, bob: Member) -> Any:
    """Both at once, each through their own node; a message of Ada's comes back."""
    said = await asyncio.gather(
        *(ada.say(f"ada {n}") for n in range(5)),
        *(bob.topic.push("new_message", {"content": f"bob {n}"}) for n in range(5)),
    )
    await asyncio.gather(*(one.topic.heard("new_message", 10) for one in (ada, bob)))
    return said[0]


async def change(ada: Member, bob: Member, message: Any) -> None:
    """All that can become of a message, each from either node, one after another."""
    path = f"{ada.path}/messages/{message['id']}"
    reaction = {"message_id": message["id"], "emoji": "👍"}
    await bob.topic.push("react", reaction)
    assert (await ada.topic.heard("reaction_added"))["user_id"] == bob.person.id
    await bob.topic.push("unreact", reaction)
    await ada.topic.heard("reaction_removed")
    await ada.person.call("PATCH", path, json={"content": "rather this"})
    edited = await bob.topic.heard("message_edited")
    assert (edited["id"], edited["content"]) == (message["id"], "rather this")
    await ada.person.delete(path)
    assert (await bob.topic.heard("message_deleted"))["id"] == message["id"]


@dataclass
class Pair:
    """Two nodes on one database and one Valkey."""

    nodes: list[Served]
    http: httpx.AsyncClient
    """Talks to the first."""


@pytest.fixture(scope="module")
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

    async def test_hear_each_other_in_order_and_once(self, pair: Pair, node: Phoenix) -> None:
        channel = await Room.open(pair.http, pair.nodes[0], node, "ada", "bob", "eve")
        for room in (channel, await channel.begin_thread()):
            ada, bob, eve = room.members
            bob.served = eve.served = pair.nodes[1]
            await asyncio.gather(ada.join(), bob.join(), eve.join())
            message = await talk(ada, bob)
            await change(ada, bob, message)
            await eve.topic.heard("message_deleted")
            history = [one["seq"] for one in await ada.history() if one["kind"] == "text"]
            for one in room.members:
                assert one.seqs() == history
                assert count(one) == 14

    async def test_tell_nothing_to_who_has_lost_sight(self, pair: Pair, node: Phoenix) -> None:
        channel = await Room.open(pair.http, pair.nodes[0], node, "ada", "bob", "eve")
        thread = await channel.begin_thread()
        first = {}
        for room in (channel, thread):
            ada, bob, eve = room.members
            bob.served = eve.served = pair.nodes[1]
            await asyncio.gather(ada.join(), bob.join(), eve.join())
            first[room.id] = await ada.say("for all")
            await eve.heard("for all")
        await channel.hide_from(channel.members[2])
        for room in (channel, thread):
            ada, bob, eve = room.members
            await eve.topic.seen("left")
            await ada.say("without her")
            await bob.heard("without her")
            await change(ada, bob, first[room.id])
            assert (count(bob), count(eve)) == (6, 1)
