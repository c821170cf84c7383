"""Events that each client is told in words of its own."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cgraph_kit.channels import (
    OK,
    Channel,
    Endpoint,
    Handshake,
    Joined,
    JoinParams,
    Reply,
    Socket,
    on,
)
from cgraph_kit.channels.testing import ClientChannel, ClientSocket, connect
from cgraph_kit.pubsub import LocalPubSub
from support.rooms import quiet


class Named(Socket):
    """Says who it is."""

    name = ""

    @classmethod
    async def connect(cls, handshake: Handshake, _app: Any) -> "Named":
        socket = cls()
        socket.name = handshake.params.get("name", "")
        return socket


class Show(Channel):
    """Everybody is told `scene` in their own words, who is called `nobody` nothing of it; telling `clumsy` fails."""

    topic = "show:*"
    socket: Named
    intercepts = ("scene", "ask")

    async def join(self, id: str, params: JoinParams) -> Joined | None:
        if id == "busy":  # while it is being joined something is said there
            self.broadcast("scene", {"n": 1})
            await asyncio.sleep(0)
        return None if id != "logged" else Joined({}, 0)

    def handle_out(self, event: str, payload: Any) -> Any:
        if self.socket.name == "clumsy":
            raise RuntimeError("it fell")
        if self.socket.name == "nobody":
            return None
        if isinstance(payload, bytes):
            return self.socket.name.encode() + payload
        return {**payload, "event": event, "you": self.socket.name}

    @on("whisper")
    def whisper(self) -> Reply:
        """To the others."""
        self.broadcast_from("scene", {"by": self.socket.name})
        return OK


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    kind = type("Serving", (Named,), {"channels": (Show,)})
    endpoint = Endpoint(kind, LocalPubSub())
    await endpoint.start()
    yield endpoint
    await endpoint.close()


async def device(endpoint: Endpoint, name: str, **options: Any) -> ClientSocket:
    return await connect(endpoint, {"name": name}, **options)


async def seat(endpoint: Endpoint, name: str, topic: str = "show:1") -> ClientChannel:
    return await (await device(endpoint, name)).join(topic)


def pushes(channel: ClientChannel) -> list[Any]:
    """What has come on the channel and was not asserted."""
    channel.socket.take(lambda _frame: False)
    return [(frame.event, frame.payload) for frame in channel.socket.frames]


class TestHandleOut:
    async def test_tells_each_in_words_of_their_own(self, endpoint: Endpoint) -> None:
        ann, bob = await seat(endpoint, "ann"), await seat(endpoint, "bob")
        endpoint.broadcast("show:1", "scene", {"n": 1})
        await quiet(endpoint)
        for channel, name in ((ann, "ann"), (bob, "bob")):
            frame = await channel.socket.expect(lambda frame: frame.event == "scene", "a scene")
            assert frame.payload == {"n": 1, "event": "scene", "you": name}
            assert frame.join_ref == channel.join_ref, "a push, as in Phoenix"

    async def test_leaves_other_events_as_they_are(self, endpoint: Endpoint) -> None:
        ann = await seat(endpoint, "ann")
        endpoint.broadcast("show:1", "applause", {"n": 1})
        assert await ann.assert_broadcast("applause") == {"n": 1}

    async def test_may_tell_nothing(self, endpoint: Endpoint) -> None:
        nobody, ann = await seat(endpoint, "nobody"), await seat(endpoint, "ann")
        endpoint.broadcast("show:1", "scene", {})
        await ann.assert_push("scene")
        await nobody.refute_push("scene")

    async def test_is_told_bytes_as_such(self, endpoint: Endpoint) -> None:
        ann = await seat(endpoint, "ann")
        endpoint.broadcast("show:1", "scene", b"!")
        assert await ann.assert_push("scene") == b"ann!"

    async def test_is_not_asked_for_who_said_it(self, endpoint: Endpoint) -> None:
        ann, bob = await seat(endpoint, "ann"), await seat(endpoint, "bob")
        await ann.assert_reply(ann.push("whisper"), "ok")
        await bob.assert_push("scene", {"by": "ann", "you": "bob"})
        await ann.refute_push("scene")

    async def test_keeps_the_order_in_which_things_are_said(self, endpoint: Endpoint) -> None:
        ann, bob = await seat(endpoint, "ann", "show:logged"), await seat(endpoint, "bob")
        said = [(n, random.choice(("scene", "applause", "ask"))) for n in range(1, 40)]  # noqa: S311
        told = list(said)
        random.shuffle(told)
        for n, event in told:  # the bus may bring them in any order
            endpoint.broadcast("show:logged", event, {"seq": n}, seq=n)
            if n % 7 == 0:
                await asyncio.sleep(0)
        await quiet(endpoint)
        heard = pushes(ann)
        assert [(payload["seq"], event) for event, payload in heard] == said
        assert all(("you" in payload) == (event != "applause") for event, payload in heard)
        assert pushes(bob) == []

    async def test_is_asked_for_what_was_said_during_the_join(self, endpoint: Endpoint) -> None:
        ann = await seat(endpoint, "ann", "show:busy")
        await ann.assert_push("scene", {"n": 1, "you": "ann"})

    async def test_is_asked_for_who_does_not_read_just_now(self, endpoint: Endpoint) -> None:
        ann = await seat(endpoint, "ann")
        ann.socket.transport.pause()
        for n in range(3):
            endpoint.broadcast("show:1", "scene", {"n": n})
        await quiet(endpoint)
        assert pushes(ann) == []
        ann.socket.transport.resume()
        await quiet(endpoint)
        assert [payload["n"] for _, payload in pushes(ann)] == [0, 1, 2]

    async def test_that_fails_ends_that_channel_alone(self, endpoint: Endpoint) -> None:
        clumsy, ann = await seat(endpoint, "clumsy"), await seat(endpoint, "ann")
        endpoint.broadcast("show:1", "scene", {"n": 1})
        endpoint.broadcast("show:1", "scene", {"n": 2})
        await clumsy.assert_push("phx_error", {"reason": "channel_crash"})
        for n in (1, 2):
            await ann.assert_push("scene", {"n": n})
        await clumsy.socket.heartbeat()
        assert endpoint.stats.crashes == 1

    async def test_that_fails_during_the_join_ends_it_too(self, endpoint: Endpoint) -> None:
        clumsy = await seat(endpoint, "clumsy", "show:busy")
        await clumsy.assert_push("phx_error", {"reason": "channel_crash"})

    async def test_is_asked_no_more_once_one_has_left(self, endpoint: Endpoint) -> None:
        ann = await seat(endpoint, "ann")
        await ann.leave()
        await ann.assert_push("phx_close")
        endpoint.broadcast("show:1", "scene", {})
        await quiet(endpoint)
        assert pushes(ann) == []
        again = await ann.socket.join("show:1")
        endpoint.broadcast("show:1", "scene", {"n": 2})
        await again.assert_push("scene", {"n": 2})
        await again.refute_push("scene")
