"""Open topics and rights: what comes from other nodes, and what happens while the database or the bus is away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
import pytest

from cgraph.application import App
from cgraph.groups import RightsChanged
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.channels.testing import ClientChannel, connect
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable
from cgraph_kit.pubsub import LocalBus, LocalPubSub
from cgraph_web.realtime import realtime
from cgraph_web.rechecking import TOPIC
from cgraph_web.rights import Rights
from support.communities import enter, first_channel, found
from support.lines import written
from support.people import Person, register


class Scene:
    """Somebody on a channel of this node, whose rights are gone without its having been told."""

    def __init__(self, app: App, endpoint: Endpoint, bus: LocalBus) -> None:
        self.app = app
        self.endpoint = endpoint
        self.other = LocalPubSub(bus)
        """Another node's end of the bus."""
        self.own = LocalPubSub(bus)

    async def begin(self) -> tuple[UUID, UUID, ClientChannel]:
        """The group, the channel, and the topic."""
        owner, person = await register(self.app), await register(self.app)
        group_id = await found(self.app.db, owner.actor)
        await enter(self.app.db, group_id, person.actor)
        channel_id = await first_channel(self.app.db, group_id)
        topic = await self.join(person, channel_id)
        await self.app.db.value("DELETE FROM group_members WHERE user_id = $1", person.id)
        return group_id, channel_id, topic

    async def join(self, person: Person, channel_id: UUID) -> ClientChannel:
        socket = await connect(self.endpoint, {"token": person.token})
        return await socket.join(f"channel:{channel_id}")

    @asynccontextmanager
    async def rights(self, db: Repo | None = None) -> AsyncIterator[Rights]:
        rights = Rights(self.endpoint, db or self.app.db, self.own)
        await rights.start()
        yield rights
        await rights.close()


@pytest.fixture
async def scene(app: App) -> AsyncIterator[Scene]:
    async with realtime(app) as endpoint:
        yield Scene(app, endpoint, LocalBus())


def told(change: RightsChanged) -> bytes:
    return msgspec.msgpack.encode(change)


class TestRights:
    async def test_follow_what_another_node_says(self, scene: Scene) -> None:
        group_id, _, topic = await scene.begin()
        async with scene.rights():
            await scene.other.publish(TOPIC, told(RightsChanged(group_id)))
            await topic.assert_push("phx_close")

    async def test_tell_the_other_nodes(self, scene: Scene) -> None:
        heard = asyncio.Queue[bytes]()
        scene.other.on_message = lambda _topic, data: heard.put_nowait(data)
        await scene.other.subscribe(TOPIC)
        change = RightsChanged(UUID(int=1), [UUID(int=2)], [UUID(int=3)])
        async with scene.rights() as rights:
            rights.listen(["something else", change])
            async with asyncio.timeout(5):
                assert await heard.get() == told(change)

    async def test_leave_alone_whom_and_what_it_does_not_concern(self, scene: Scene) -> None:
        group_id, channel_id, topic = await scene.begin()
        async with scene.rights() as rights:
            for change in (
                RightsChanged(UUID(int=7)),
                RightsChanged(group_id, [UUID(int=7)]),
                RightsChanged(group_id, None, [UUID(int=7)]),
            ):
                rights.listen([change])
                await topic.refute_push("phx_close")
            rights.listen([RightsChanged(group_id, None, [channel_id])])
            await topic.assert_push("phx_close")

    async def test_are_looked_at_anew_when_the_bus_comes_back(self, scene: Scene) -> None:
        _, _, topic = await scene.begin()
        async with scene.rights():
            scene.own.on_reconnect()
            await topic.assert_push("phx_close")

    async def test_wait_for_the_database(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cgraph_web.rechecking.RETRY", 0.01)
        group_id, _, topic = await scene.begin()
        away = Away(scene.app.db, times=3)
        with written() as lines:
            async with scene.rights(away) as rights:  # type: ignore[arg-type]
                rights.listen([RightsChanged(group_id)])
                await topic.assert_push("phx_close")
            assert len(lines.of("rights on open topics are not known: the database is away")) == 3

    async def test_say_so_where_another_node_is_not_understood(self, scene: Scene) -> None:
        group_id, _, topic = await scene.begin()
        with written() as lines:
            async with scene.rights():
                await scene.other.publish(TOPIC, b"\xff")
                await scene.other.publish(TOPIC, told(RightsChanged(group_id)))
                await topic.assert_push("phx_close")
            assert lines.of("another node sent what this one does not understand")

    async def test_know_changes_that_come_together(self, scene: Scene) -> None:
        first, second = await scene.begin(), await scene.begin()
        async with scene.rights() as rights:
            rights.listen(
                [
                    RightsChanged(first[0], [UUID(int=7)], [first[1]]),
                    RightsChanged(first[0], None, [UUID(int=8)]),
                    RightsChanged(second[0]),
                ]
            )
            await first[2].assert_push("phx_close")
            await second[2].assert_push("phx_close")


class Away:
    """A database that is away some times before it answers."""

    def __init__(self, db: Repo, *, times: int) -> None:
        self._db = db
        self._left = times

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*args: Any) -> Sequence[Any]:
            if self._left:
                self._left -= 1
                raise Unavailable
            found: Sequence[Any] = await getattr(self._db, name)(*args)
            return found

        return call
