"""Holes in a topic's durable messages, and how they are closed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from cgraph_kit.channels import Endpoint, Limits
from cgraph_kit.channels.testing import JoinRefused, connect
from cgraph_kit.pubsub import LocalBus, LocalPubSub
from support.rooms import App, Guest, Said, Wire, quiet, running

NOW = Limits(hole_wait=0, verify_every=3600)


class Flaky(App):
    """A log that fails, lags or has forgotten, for as many readings as the test says."""

    def __init__(self, *answers: str) -> None:
        super().__init__()
        self.answers = list(answers)
        self.readings = 0

    async def read_log(self, topic: str, after: int, up_to: int) -> Any:
        self.readings += 1
        match self.answers.pop(0) if self.answers else "":
            case "fails":
                raise OSError("the database is away")
            case "lags":
                return []
            case "forgot":
                return None
            case "part":
                return (await super().read_log(topic, after, up_to))[:1]
        return await super().read_log(topic, after, up_to)


def node(app: App, limits: Limits = NOW) -> Any:
    return running(app, limits=limits, read_log=app.read_log, last_seqs=app.last_seqs)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 (what it waits for has no event)
            await asyncio.sleep(0.001)


def tell(endpoint: Endpoint, app: App, *seqs: int) -> None:
    for seq in seqs:
        endpoint.publish_events([Said("log", str(seq), seq)])


class TestHole:
    async def test_is_read_from_the_log(self) -> None:
        app = App()
        commit(app, 5)
        async with node(app) as endpoint:
            channel = await (await connect(endpoint)).join("room:log")
            commit(app, 4)
            tell(endpoint, app, 9)
            for seq in (6, 7, 8, 9):
                assert (await channel.assert_push("said"))["seq"] == seq

            assert endpoint.stats.holes_seen == 1
            assert endpoint.stats.holes_repaired == 3

    async def test_that_fills_by_itself_is_left_alone(self) -> None:
        app = Flaky()
        commit(app, 1)
        async with node(app, Limits(hole_wait=60)) as endpoint:
            channel = await (await connect(endpoint)).join("room:log")
            commit(app, 3)
            tell(endpoint, app, 4, 3, 2)
            for seq in (2, 3, 4):
                assert (await channel.assert_push("said"))["seq"] == seq

            assert app.readings == 0

    async def test_is_tried_again_while_the_log_fails_lags_or_gives_a_part(self) -> None:
        app = Flaky("fails", "lags", "part", "lags")
        commit(app, 1)
        async with node(app) as endpoint:
            channel = await (await connect(endpoint)).join("room:log")
            commit(app, 4)
            tell(endpoint, app, 5)
            for seq in (2, 3, 4, 5):
                assert (await channel.assert_push("said"))["seq"] == seq

            assert app.readings == 5

    async def test_that_cannot_be_closed_makes_clients_rejoin(self) -> None:
        app = Flaky("forgot")
        commit(app, 1)
        async with node(app) as endpoint:
            wire = await Wire.open(endpoint)
            await wire.ask('["1","1","room:log","phx_join",{}]')
            commit(app, 2)
            tell(endpoint, app, 3)
            await until(lambda: endpoint.stats.resyncs == 1)

            assert await wire.heard() == [["1", "1", "room:log", "phx_error", {"reason": "resync"}]]
            assert app.notes[-1] == ("left", "room:log", "resync")
            (reply,) = await wire.ask('["2","2","room:log","phx_join",{"since":1}]')
            assert [event["seq"] for event in reply[4]["response"]["events"]] == [2, 3]

    async def test_gives_up_after_so_many_readings(self) -> None:
        app = Flaky(*["lags"] * 9)
        commit(app, 1)
        async with node(app, Limits(hole_wait=0, repair_attempts=3)) as endpoint:
            await (await connect(endpoint)).join("room:log")
            commit(app, 2)
            tell(endpoint, app, 3)
            await until(lambda: endpoint.stats.resyncs == 1)

            assert app.readings == 3

    async def test_without_a_log_makes_clients_rejoin(self) -> None:
        async with running(limits=NOW) as endpoint:
            channel = await (await connect(endpoint)).join("room:a", {"as_of": 1})
            endpoint.broadcast("room:a", "said", {}, seq=3)

            assert await channel.assert_push("phx_error") == {"reason": "resync"}

    async def test_of_a_topic_nobody_listens_to_any_more_is_forgotten(self) -> None:
        app = Flaky()
        commit(app, 1)
        async with node(app, Limits(hole_wait=60)) as endpoint:
            channel = await (await connect(endpoint)).join("room:log")
            tell(endpoint, app, 3)
            topic = endpoint.hub.topics["room:log"]
            assert topic.repair is not None

            await channel.leave()
            await quiet(endpoint)
            assert topic.repair is None
            assert app.readings == 0


class TestVerify:
    async def test_finds_a_last_message_that_never_came(self) -> None:
        app = App()
        commit(app, 1)
        async with node(app, Limits(hole_wait=0, verify_every=0.01)) as endpoint:
            channel = await (await connect(endpoint)).join("room:log")
            commit(app, 2)

            for seq in (2, 3):
                assert (await channel.assert_push("said"))["seq"] == seq

    async def test_happens_at_once_after_an_outage_of_the_bus(self) -> None:
        app = App()
        commit(app, 1)
        async with node(app) as endpoint:
            channel = await (await connect(endpoint)).join("room:log")
            commit(app, 1)
            endpoint.repair.verify()

            assert (await channel.assert_push("said"))["seq"] == 2

    async def test_goes_on_after_a_failure(self) -> None:
        class Away(App):
            async def last_seqs(self, topics: list[str]) -> dict[str, int]:
                if not self.notes or self.notes[-1] != ("back",):
                    self.notes.append(("asked",))
                    raise OSError("the database is away")
                return await super().last_seqs(topics)

        app = Away()
        commit(app, 1)
        async with node(app, Limits(hole_wait=0, verify_every=0.01)) as endpoint:
            channel = await (await connect(endpoint)).join("room:log")
            commit(app, 1)
            await until(lambda: ("asked",) in app.notes)
            app.notes.append(("back",))

            assert (await channel.assert_push("said"))["seq"] == 2


class TestBridge:
    """A join that read a replica: its position is behind what the topic has said already."""

    async def test_reads_what_the_joiner_lacks(self) -> None:
        app = App()
        commit(app, 5)
        async with node(app) as endpoint:
            first = await (await connect(endpoint)).join("room:log")
            behind = await (await connect(endpoint)).join("room:log", {"as_of": 2})
            commit(app, 1)
            tell(endpoint, app, 6)

            for seq in (3, 4, 5, 6):
                assert (await behind.assert_push("said"))["seq"] == seq
            await first.assert_push("said", {"seq": 6})
            await first.refute_push("said")

    async def test_refuses_when_the_log_has_lost_it(self) -> None:
        app = Flaky("forgot")
        commit(app, 5)
        async with node(app) as endpoint:
            await (await connect(endpoint)).join("room:log")
            wire = await Wire.open(endpoint)
            (reply,) = await wire.ask('["1","1","room:log","phx_join",{"as_of":2}]')

            assert reply[4]["status"] == "error"
            assert reply[4]["response"]["reason"] == "unavailable"


class TestTwoNodes:
    async def test_share_what_is_said(self) -> None:
        app, bus = App(), LocalBus()
        commit(app, 1)
        options: dict[str, Any] = {"bus": bus, "limits": NOW, "read_log": app.read_log}
        async with running(app, **options) as one, running(app, **options) as two:
            here = await (await connect(one)).join("room:log")
            there = await (await connect(two)).join("room:log")
            commit(app, 2)
            tell(one, app, 2)
            tell(two, app, 3)
            one.broadcast("room:log", "typing", {"who": 1})
            two.broadcast("room:log", "bin", b"\xff")

            for channel in (here, there):
                for seq in (2, 3):
                    assert (await channel.assert_push("said"))["seq"] == seq
                await channel.assert_broadcast("typing", {"who": 1})
                assert await channel.assert_broadcast("bin") == b"\xff"
                await channel.refute_push("said")

    async def test_the_bus_is_told_what_is_listened_to(self) -> None:
        app, bus = App(), LocalBus()
        async with running(app, bus=bus) as one, running(app, bus=bus) as two:
            channel = await (await connect(two)).join("room:a")
            await channel.leave()
            await channel.socket.join("room:a")
            one.broadcast("room:a", "hi", {})
            await channel.socket.expect(lambda frame: frame.event == "hi", "hi")

            await channel.socket.join("room:b")
            channel.socket.disconnect()
            await quiet(one, two)
            assert two.bus.topics == frozenset()

    async def test_a_join_waits_until_the_bus_listens(self) -> None:
        class Slow(LocalPubSub):
            async def subscribe(self, topic: str) -> None:
                if topic != "orders":
                    await gate.wait()
                await super().subscribe(topic)

        gate = asyncio.Event()
        endpoint = Endpoint(Guest, Slow(), app=App())
        await endpoint.start()
        wire = await Wire.open(endpoint)
        wire.send('["1","1","room:a","phx_join",{}]')
        for _ in range(10):
            await asyncio.sleep(0)
        assert wire.socket.transport.texts() == []

        gate.set()
        assert [frame[3] for frame in await wire.heard()] == ["phx_reply"]
        await endpoint.close()

    async def test_a_bus_that_fails_refuses_the_join(self) -> None:
        class Broken(LocalPubSub):
            async def subscribe(self, topic: str) -> None:
                if topic != "orders":
                    raise OSError("broken")

        endpoint = Endpoint(Guest, Broken(), app=App())
        await endpoint.start()
        with pytest.raises(JoinRefused) as refused:
            await (await connect(endpoint)).join("room:a")
        assert refused.value.response["reason"] == "unavailable"
        await endpoint.close()

    async def test_what_another_node_says_wrongly_is_ignored(self) -> None:
        bus = LocalBus()
        async with running(bus=bus) as endpoint:
            channel = await (await connect(endpoint)).join("room:a")
            for topic in ("topic:room:a", "orders", "topic:room:nobody"):
                bus.send(topic, b"\xc1", "elsewhere")
            await quiet(endpoint)
            endpoint.broadcast("room:a", "hi", {})

            await channel.assert_broadcast("hi")


def commit(app: App, count: int) -> None:
    for _ in range(count):
        app.append("log")
