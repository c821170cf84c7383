"""What an author of channels can rely on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Self

import msgspec
import pytest

from cgraph_kit.channels import (
    OK,
    Channel,
    Endpoint,
    Handshake,
    Joined,
    JoinParams,
    Limits,
    Outgoing,
    Reply,
    Socket,
    on,
)
from cgraph_kit.channels.testing import ClientChannel, JoinRefused, connect
from cgraph_kit.presence import Presence
from cgraph_kit.pubsub import LocalPubSub, split
from support.lines import written
from support.rooms import quiet

who: ContextVar[str] = ContextVar("who", default="nobody")


@asynccontextmanager
async def serving(
    *channels: type[Channel], socket: type[Socket] = Socket, **options: Any
) -> AsyncIterator[Endpoint]:
    kind = type("Serving", (socket,), {"channels": channels})
    topics, people = split(LocalPubSub(), "topics", "people")
    presence = Presence(people)
    endpoint = Endpoint(kind, topics, presence=presence, **options)
    await endpoint.start()
    await presence.start()
    try:
        yield endpoint
    finally:
        await endpoint.close()
        await presence.stop()


async def joined(endpoint: Endpoint, topic: str, params: Any = None) -> ClientChannel:
    return await (await connect(endpoint)).join(topic, params)


class TestOn:
    async def test_handlers_are_inherited_and_can_be_replaced(self) -> None:
        class Base(Channel):
            topic = "base"

            @on("same")
            def same(self) -> Any:
                return "base"

            @on("other")
            def other(self) -> Any:
                return "other"

        class Derived(Base):
            topic = "derived"

            @on("same")
            def better(self) -> Any:
                return "derived"

        async with serving(Base, Derived) as endpoint:
            base, derived = await joined(endpoint, "base"), await joined(endpoint, "derived")
            await base.assert_reply(base.push("same"), "ok", "base")
            await derived.assert_reply(derived.push("same"), "ok", "derived")
            await derived.assert_reply(derived.push("other"), "ok", "other")

    def test_a_method_that_could_never_be_called_is_refused_at_once(self) -> None:
        with pytest.raises(TypeError, match="only the payload"):

            class Wrong(Channel):
                topic = "wrong"

                @on("wrong")
                def wrong(self, payload: Any, more: Any) -> None: ...

    def test_so_is_a_join_without_params(self) -> None:
        with pytest.raises(TypeError, match="must take"):

            class Wrong(Channel):
                topic = "wrong"

                async def join(self, id: str) -> None: ...  # type: ignore[override]


class TestReplies:
    async def test_structs_are_said_as_json(self) -> None:
        class Point(msgspec.Struct):
            x: int

        class Shapes(Channel):
            topic = "shapes"

            @on("point")
            async def point(self, point: Point) -> Point:
                return Point(point.x + 1)

            @on("sorry")
            async def sorry(self) -> Reply:
                return Reply("error", Point(0))

            @on("empty")
            async def empty(self) -> Reply:
                return OK

        async with serving(Shapes) as endpoint:
            channel = await joined(endpoint, "shapes")
            await channel.assert_reply(channel.push("point", {"x": 1}), "ok", {"x": 2})
            await channel.assert_reply(channel.push("sorry"), "error", {"x": 0})
            assert await channel.assert_reply(channel.push("empty"), "ok") == {}


class TestOrder:
    async def test_one_channel_handles_in_order_and_others_do_not_wait(self) -> None:
        class Ordered(Channel):
            topic = "ordered:*"

            @on("slow")
            async def slow(self, ticks: int) -> None:
                for _ in range(ticks):
                    await asyncio.sleep(0)
                self.push("done", ticks)

            @on("now")
            def now(self, n: int) -> None:
                self.push("done", n)

        async with serving(Ordered) as endpoint:
            socket = await connect(endpoint)
            one, two = await socket.join("ordered:1"), await socket.join("ordered:2")
            one.push("slow", 9)
            one.push("slow", 5)
            one.push("now", 1)
            two.push("now", 0)
            await socket.settled()

            done = [f.payload for f in socket.frames if f.event == "done"]
            assert done == [0, 9, 5, 1]


class TestJoin:
    async def test_the_channel_is_made_anew_each_time_and_knows_its_topic(self) -> None:
        class Named(Channel):
            topic = "named:*"
            calls = 0

            async def join(self, id: str, params: JoinParams) -> dict[str, Any]:
                self.calls += 1
                return {"id": id, "topic": self.topic_name, "same": self.id == id, "n": self.calls}

        async with serving(Named) as endpoint:
            socket = await connect(endpoint)
            for _ in range(2):
                channel = await socket.join("named:a:b")
                expected = {"id": "a:b", "topic": "named:a:b", "same": True, "n": 1}
                assert channel.response == expected

    async def test_the_first_match_counts(self) -> None:
        class Special(Channel):
            topic = "room:special"

            async def join(self, id: str, params: Any) -> dict[str, Any]:
                return {"special": id}

        class General(Channel):
            topic = "room:*"

        async with serving(Special, General) as endpoint:
            assert (await joined(endpoint, "room:special")).response == {"special": ""}
            assert (await joined(endpoint, "room:other")).response == {}

    async def test_cannot_push_before_it_is_done(self) -> None:
        class Hasty(Channel):
            topic = "hasty"

            async def join(self, id: str, params: Any) -> None:
                self.push("hello", {})

        async with serving(Hasty) as endpoint:
            with pytest.raises(JoinRefused) as refused:
                await joined(endpoint, "hasty")
            assert refused.value.response == {"reason": "join crashed"}

    async def test_that_takes_too_long_is_refused(self) -> None:
        class Endless(Channel):
            topic = "endless"

            async def join(self, id: str, params: Any) -> None:
                await asyncio.Event().wait()

        async with serving(Endless, limits=Limits(join_timeout=0.01)) as endpoint:
            with pytest.raises(JoinRefused) as refused:
                await joined(endpoint, "endless")
            assert refused.value.response["reason"] == "unavailable"

    async def test_joined_comes_after_the_reply_and_its_crash_is_the_channels(self) -> None:
        class Greeting(Channel):
            topic = "greeting:*"

            async def joined(self) -> None:
                self.push("hello", {})
                if self.id == "crash":
                    raise RuntimeError("this joined crashes")

        async with serving(Greeting) as endpoint:
            for id, events in (("a", ["hello"]), ("crash", ["hello", "phx_error"])):
                socket = await connect(endpoint)
                await socket.join(f"greeting:{id}")
                await socket.settled()
                assert [frame.event for frame in socket.frames] == events


class TestLeft:
    async def test_cannot_push_any_more_but_still_tell_the_others(self) -> None:
        class Parting(Channel):
            topic = "parting"

            async def left(self, reason: str) -> None:
                self.push("bye", {})
                self.broadcast("gone", {"reason": reason})

        async with serving(Parting) as endpoint:
            one, other = await joined(endpoint, "parting"), await joined(endpoint, "parting")
            one.push("phx_leave")
            await other.assert_broadcast("gone", {"reason": "left"})
            await one.refute_push("bye")
            await one.refute_push("gone")

    async def test_a_crash_in_it_is_only_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        class Bad(Channel):
            topic = "bad"

            async def left(self, reason: str) -> None:
                raise RuntimeError("this left crashes")

        async with serving(Bad) as endpoint:
            channel = await joined(endpoint, "bad")
            await channel.leave()
            await channel.assert_push("phx_close")
            assert [record.message for record in caplog.records] == ["a left() crashed"]


class TestPush:
    def test_the_class_registers(self) -> None:
        class News(Channel):
            topic = "news:*"

        @News.push("story", when=str)
        def story(text: str) -> Iterator[Outgoing]:
            yield Outgoing("news:7", "story", {"text": text})

        (push,) = News.pushes
        assert (push.event, push.when, push.function) == ("story", str, story)


class Ann(Socket):
    def about(self) -> dict[str, str]:
        return {"user_id": "ann"}


class Faulty(Channel):
    topic = "faulty:*"

    async def join(self, id: str, params: JoinParams) -> None:
        if id == "2":
            raise RuntimeError("this join crashes")

    async def left(self, reason: str) -> None:
        if reason == "left":
            raise RuntimeError("this left crashes")

    @on("later:crash")
    async def later(self) -> None:
        raise RuntimeError("this handler crashes")

    @on("now")
    def now(self) -> None:
        raise RuntimeError("this handler crashes")


class TestLog:
    async def test_every_line_tells_whose_socket_which_topic_and_which_event(self) -> None:
        async with serving(Faulty, socket=Ann) as endpoint:
            with written() as lines:
                socket = await connect(endpoint)
                with pytest.raises(JoinRefused):
                    await socket.join("faulty:2")
                for event in ("later:crash", "now", "unknown", "what she said"):
                    channel = await socket.join("faulty:1")
                    channel.push(event)
                    await channel.assert_push("phx_error")
                await (await socket.join("faulty:1")).leave()
                await quiet(endpoint)
        (socket_id,) = {line["socket_id"] for line in lines.all}
        assert len(socket_id) == 16
        assert {line["user_id"] for line in lines.all} == {"ann"}
        assert [(line["event"], line["topic"], line["event_name"]) for line in lines.all] == [
            ("a join crashed", "faulty:2", "phx_join"),
            ("a channel crashed", "faulty:1", "later:crash"),
            ("a channel crashed", "faulty:1", "now"),
            ("no handler for an event", "faulty:1", "unknown"),
            ("no handler for an event", "faulty:1", "?"),
            ("a left() crashed", "faulty:1", "phx_leave"),
        ]

    async def test_tells_of_slow_joins_and_events(self) -> None:
        class Slow(Channel):
            topic = "slow"

            @on("turn")
            async def turn(self) -> Reply:
                return OK

        async with serving(Slow, limits=Limits(slow_seconds=0.0)) as endpoint:
            with written() as lines:
                channel = await joined(endpoint, "slow")
                await channel.assert_reply(channel.push("turn"), "ok")
                await quiet(endpoint)
        assert [line["event_name"] for line in lines.of("slow channel event")] == [
            "phx_join",
            "turn",
        ]


class TestContext:
    async def test_what_connect_sets_holds_in_every_handler_and_leaks_nowhere(self) -> None:
        class Known(Socket):
            @classmethod
            async def connect(cls, handshake: Handshake, app: Any) -> Self:  # noqa: ARG003
                who.set(handshake.params["as"])
                return cls()

        class Who(Channel):
            topic = "who"

            @on("later")
            async def later(self) -> str:
                known = who.get()
                who.set("somebody else")
                return known

            @on("now")
            def now(self) -> str:
                known = who.get()
                who.set("somebody else")
                return known

        async with serving(Who, socket=Known) as endpoint:
            ann, bob = [
                await (await connect(endpoint, {"as": name})).join("who") for name in ("ann", "bob")
            ]
            for _ in range(2):
                for event in ("later", "now"):
                    await ann.assert_reply(ann.push(event), "ok", "ann")
                    await bob.assert_reply(bob.push(event), "ok", "bob")


class Place(Channel):
    topic = "place:*"

    async def join(self, id: str, params: dict[str, Any]) -> Joined:
        self.name = params["name"]
        return Joined()

    async def joined(self) -> None:
        self.track(self.name, {"status": "here"})
        self.show_presence()

    @on("away")
    def away(self) -> None:
        self.track(self.name, {"status": "away"})

    @on("hide")
    def hide(self) -> None:
        self.untrack(self.name)


class TestPresence:
    async def test_the_joiner_gets_the_state_and_the_others_a_diff(self) -> None:
        async with serving(Place) as endpoint:
            ann = await joined(endpoint, "place:a", {"name": "ann"})
            state = await ann.assert_push("presence_state")
            assert [meta["status"] for meta in state["ann"]["metas"]] == ["here"]

            bob = await joined(endpoint, "place:a", {"name": "bob"})
            assert set(await bob.assert_push("presence_state")) == {"ann", "bob"}
            diff = await ann.assert_broadcast("presence_diff")
            assert (list(diff["joins"]), diff["leaves"]) == (["bob"], {})

    async def test_an_end_of_any_kind_takes_its_people_along(self) -> None:
        async with serving(Place) as endpoint:
            ann = await joined(endpoint, "place:a", {"name": "ann"})
            await ann.assert_push("presence_state")
            for name in ("bob", "cid"):
                other = await joined(endpoint, "place:a", {"name": name})
                await ann.assert_broadcast("presence_diff", {"joins": {name: ...}})
                if name == "bob":
                    await other.leave()
                else:
                    other.socket.disconnect()
                await ann.assert_broadcast("presence_diff", {"leaves": {name: ...}})

    async def test_a_change_is_one_diff_with_both(self) -> None:
        async with serving(Place) as endpoint:
            ann = await joined(endpoint, "place:a", {"name": "ann"})
            await ann.assert_push("presence_state")
            ann.push("away")

            diff = await ann.assert_broadcast("presence_diff")
            assert diff["joins"]["ann"]["metas"][0]["status"] == "away"
            assert diff["leaves"]["ann"]["metas"][0]["status"] == "here"
            ann.push("hide")
            await ann.assert_broadcast("presence_diff", {"joins": {}, "leaves": {"ann": ...}})

    async def test_a_client_that_lost_diffs_gets_the_state_again(self) -> None:
        limits = Limits(outbox_bytes=200)
        async with serving(Place, limits=limits) as endpoint:
            ann = await joined(endpoint, "place:a", {"name": "ann"})
            await ann.assert_push("presence_state")
            ann.socket.transport.pause()
            for name in ("bob", "cid", "dan"):
                other = await joined(endpoint, "place:a", {"name": name})
                await other.assert_push("presence_state")
            await quiet(endpoint)
            assert endpoint.stats.dropped_ephemeral > 0

            ann.socket.transport.resume()
            assert set(await ann.assert_push("presence_state")) == {"ann", "bob", "cid", "dan"}

    async def test_without_one_it_says_so(self) -> None:
        kind = type("Plain", (Socket,), {"channels": (Place,)})
        endpoint = Endpoint(kind, LocalPubSub())
        await endpoint.start()
        channel = await joined(endpoint, "place:a", {"name": "ann"})

        await channel.assert_push("phx_error", {"reason": "channel_crash"})
        await endpoint.close()


class TestSocket:
    async def test_can_close_itself(self) -> None:
        class Exit(Channel):
            topic = "exit"

            @on("exit")
            def exit(self) -> Reply:
                self.socket.close(4001)
                return OK

        async with serving(Exit) as endpoint:
            channel = await joined(endpoint, "exit")
            channel.push("exit")

            assert await channel.socket.wait_closed() == 4001
