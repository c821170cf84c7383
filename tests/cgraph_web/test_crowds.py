"""Screens on several nodes: whom they show follows who comes, goes and is blocked anywhere."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest

from cgraph import accounts
from cgraph.accounts import Actor, UserBlocked
from cgraph.groups import MemberJoined, MemberLeft
from cgraph_kit.db import Database
from cgraph_kit.errors import Unavailable
from cgraph_kit.presence import Payload, Presence
from cgraph_kit.pubsub import LocalBus, LocalPubSub
from cgraph_web.crowds import TOPIC, Crowds, Screen
from cgraph_web.statuses import status_topic
from support.talk import make_actors

GROUP = UUID(int=7)
MOST = 3
"""Members up to which all are shown unasked."""


class Channel:
    """A device on the topic of a group."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.group_id = GROUP
        self.heard: list[tuple[str, Any]] = []

    def push_presence(self, event: str, payload: Payload) -> None:
        self.heard.append((event, msgspec.json.decode(payload.json)))


class Node(NamedTuple):
    crowds: Crowds
    presence: Presence

    async def open(self, actor: Actor, *shown: Actor, everybody: bool = True) -> Screen:
        """A screen that shows these people."""
        screen = self.crowds.open(Channel(actor))  # type: ignore[arg-type]

        async def ask() -> list[UUID]:
            return [person.id for person in shown]

        await screen.show(ask, everybody=everybody)
        return screen


@pytest.fixture
async def nodes(database: Database) -> AsyncIterator[list[Node]]:
    """Two that hear of each other."""
    buses = LocalBus(), LocalBus()
    nodes = []
    for _ in range(2):
        presence = Presence(LocalPubSub(buses[0]))
        crowds = Crowds(database, LocalPubSub(buses[1]), presence, most=MOST)
        await presence.start()
        await crowds.start()
        nodes.append(Node(crowds, presence))
    yield nodes
    for node in nodes:
        await node.crowds.close()
        await node.presence.stop()


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (it comes over a bus)
            await asyncio.sleep(0.005)


def joined(actor: Actor) -> MemberJoined:
    return MemberJoined(GROUP, 1, b"{}", actor.id)


def left(actor: Actor) -> MemberLeft:
    return MemberLeft(GROUP, 1, b"{}", actor.id)


class TestCrowds:
    async def test_follow_who_comes_and_goes_on_any_node(
        self, nodes: list[Node], database: Database
    ) -> None:
        ann, bob, eve = await make_actors(database, 3)
        screens = [await node.open(ann, bob) for node in nodes]
        nodes[0].crowds.listen([joined(eve)])
        topic = status_topic(eve.id)
        await until(lambda: all(topic in screen.watch for screen in screens))
        nodes[1].crowds.listen([left(eve)])
        await until(lambda: not any(topic in screen.watch for screen in screens))
        assert all(status_topic(bob.id) in screen.watch for screen in screens)

    async def test_stay_as_they_are_once_there_are_too_many(
        self, nodes: list[Node], database: Database
    ) -> None:
        ann, bob, *others = await make_actors(database, 6)
        screen = await nodes[0].open(ann, ann, bob)
        for other in others:
            nodes[0].crowds.listen([joined(other)])
        await until(lambda: not screen.everybody)
        assert len(screen.watch) == MOST

    async def test_a_choice_of_people_does_not_grow(
        self, nodes: list[Node], database: Database
    ) -> None:
        ann, bob, eve = await make_actors(database, 3)
        chosen = await nodes[0].open(ann, bob, everybody=False)
        every = await nodes[0].open(bob, ann)
        nodes[0].crowds.listen([joined(eve)])
        await until(lambda: status_topic(eve.id) in every.watch)
        assert status_topic(eve.id) not in chosen.watch

    async def test_a_block_parts_two_on_any_node(
        self, nodes: list[Node], database: Database
    ) -> None:
        ann, bob, eve = await make_actors(database, 3)
        hers = await nodes[0].open(ann, bob, eve)
        his = await nodes[1].open(bob, ann, eve)
        person = (await accounts.get_people(database, [bob.id]))[bob.id]
        nodes[0].crowds.listen([UserBlocked(ann.id, 1, person)])
        await until(lambda: len(hers.watch) == len(his.watch) == 1)
        assert status_topic(eve.id) in hers.watch
        assert status_topic(eve.id) in his.watch

    async def test_newcomers_behind_a_block_are_not_shown(
        self, nodes: list[Node], database: Database
    ) -> None:
        ann, bob, eve = await make_actors(database, 3)
        await accounts.block_user(database, eve, ann.id)
        hers, his = await nodes[0].open(ann), await nodes[0].open(bob)
        nodes[1].crowds.listen([joined(eve)])
        await until(lambda: status_topic(eve.id) in his.watch)
        assert status_topic(eve.id) not in hers.watch

    async def test_what_changed_while_it_was_asked_is_asked_again(
        self, nodes: list[Node], database: Database
    ) -> None:
        ann, bob = await make_actors(database, 2)
        node = nodes[0]
        screen = node.crowds.open(Channel(ann))  # type: ignore[arg-type]
        answers = [[bob.id], []]

        async def ask() -> list[UUID]:
            answer = answers.pop(0)
            if answers:
                node.crowds.listen([left(bob)])
            return answer

        assert await screen.show(ask) == []
        assert len(screen.watch) == 0

    async def test_shut_screens_show_nobody(self, nodes: list[Node], database: Database) -> None:
        ann, bob, eve = await make_actors(database, 3)
        channel = Channel(ann)
        screen = nodes[0].crowds.open(channel)  # type: ignore[arg-type]

        async def ask() -> list[UUID]:
            return [bob.id]

        await screen.show(ask, everybody=True)
        for _ in range(2):
            nodes[0].crowds.shut(channel)  # type: ignore[arg-type]
        nodes[0].presence.track(status_topic(bob.id), str(bob.id), "device", {})
        nodes[0].crowds.listen([joined(eve)])
        await asyncio.sleep(0)
        assert channel.heard == []

    async def test_do_without_newcomers_while_the_database_is_away(
        self, nodes: list[Node], database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        ann, bob = await make_actors(database, 2)

        class Away:
            async def values(self, *_args: Any) -> list[Any]:
                raise Unavailable

        node = nodes[0]
        node.crowds._db = Away()  # type: ignore[assignment]
        await node.open(ann)
        with caplog.at_level(logging.WARNING):
            node.crowds.listen([joined(bob)])
            await until(lambda: "the database is away" in caplog.text)

    async def test_survive_what_they_do_not_understand(
        self, nodes: list[Node], caplog: pytest.LogCaptureFixture
    ) -> None:
        nodes[0].crowds._bus.publish_soon(TOPIC, b"\xc1")
        await until(lambda: "does not understand" in caplog.text)
