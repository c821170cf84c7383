import logging
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgraph_kit.presence import PresenceSettings
from cgraph_kit.presence.messages import Request, decode, encode
from cgraph_kit.pubsub import LocalPubSub


def refs(presence: Any, key: str) -> list[str]:
    entry = presence.get("room", key)
    return [meta["phx_ref"] for meta in entry["metas"]] if entry else []


class TestNodes:
    async def test_see_each_others_people_in_the_next_tick(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        client = world.client(b)
        world.clock.advance(1)

        ref = a.track("room", "ann", "socket", {"n": 1})
        world.tick()

        assert b.list("room") == {"ann": {"metas": [{"n": 1, "phx_ref": ref}]}}
        assert {*client.people} == {"ann"}
        assert b.is_online("ann")

    async def test_merge_the_devices_of_one_person(self, world: Any) -> None:
        a, b, c = await world.node(), await world.node(), await world.node()
        phone = a.track("room", "ann", "phone", {})
        world.tick()
        laptop = b.track("room", "ann", "laptop", {})
        world.tick()
        assert [refs(node, "ann") for node in (a, b, c)] == [[phone, laptop]] * 3
        assert c.count("room") == 1

        a.untrack_all("phone")
        world.tick()
        assert [refs(node, "ann") for node in (a, b, c)] == [[laptop]] * 3

    async def test_hear_of_an_update_as_one_diff(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        client = world.client(b)
        old = a.track("room", "ann", "socket", {"n": 1})
        world.clock.advance(1)
        client.take()

        new = a.update("room", "ann", "socket", {"n": 2})
        world.tick()

        [(name, diff)] = client.take()
        assert name == "presence_diff"
        assert diff["joins"]["ann"]["metas"] == [{"n": 2, "phx_ref": new, "phx_ref_prev": old}]
        assert diff["leaves"]["ann"]["metas"] == [{"n": 1, "phx_ref": old}]

    async def test_know_of_each_other(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        world.clock.advance(world.settings.heartbeat)
        assert len(a.nodes) == len(b.nodes) == 1

    async def test_say_nothing_of_who_came_and_went_within_a_tick(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        world.clock.advance(1)
        heard: list[object] = []
        listen = b._replicas._receive
        b._replicas._bus.on_message = lambda *message: (heard.append(message), listen(*message))
        a.track("room", "ann", "socket", {})
        a.untrack_all("socket")
        world.tick()
        assert heard == []


class TestStart:
    async def test_brings_everybody_who_is_there(self, world: Any) -> None:
        a = await world.node()
        a.track("room", "ann", "socket", {})
        world.clock.advance(60)

        b = await world.node()
        world.tick()

        assert {*b.list("room")} == {"ann"}

    async def test_takes_more_than_one_message_for_a_crowd(self, world: Any) -> None:
        a = await world.node()
        for number in range(5_000):
            a.track("room", str(number), number, {})
        world.clock.advance(1)
        b, c = await world.node(), await world.node()
        world.clock.advance(0.1)
        assert b.count("room") == c.count("room") == 5_000
        for number in range(5_000):
            a.untrack_all(number)
        world.tick()
        assert b.count("room") == 0

    async def test_misses_nobody_who_comes_meanwhile(self, world: Any) -> None:
        a = await world.node()
        a.track("room", "first", "socket", {})
        world.clock.advance(60)
        b = await world.node()
        for number in range(20):
            a.track("room", str(number), "socket", {})
            world.clock.tick()
        world.tick()
        assert sorted(b.list("room")) == sorted(a.list("room"))

    async def test_sends_one_state_however_often_it_is_asked(self, world: Any) -> None:
        a = await world.node()
        for number in range(3_000):
            a.track("room", str(number), number, {})
        world.clock.advance(1)
        heard: list[Any] = []
        impatient = LocalPubSub(world.network.bus)
        impatient.on_message = lambda _topic, payload: heard.append(decode(payload))
        await impatient.subscribe(f"to:{impatient.node}")
        for _ in range(3):
            await impatient.publish(f"to:{a._replicas._bus.node}", encode(Request(impatient.node)))
        world.clock.advance(1)
        assert [(state.part, state.parts) for state in heard] == [(0, 2), (1, 2)]


class TestStop:
    async def test_takes_its_people_along_at_once(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        client = world.client(b)
        a.track("room", "ann", "socket", {})
        world.clock.advance(1)

        await a.stop()
        world.tick()

        assert b.list("room") == client.people == {}
        assert b.nodes == []

    async def test_is_not_undone_by_what_comes_late(self, world: Any) -> None:
        late: list[bytes] = []
        spy = LocalPubSub(world.network.bus)
        spy.on_message = lambda _topic, payload: late.append(payload)
        await spy.subscribe("all")
        a, b = await world.node(), await world.node()
        a.track("room", "ann", "socket", {})
        world.clock.advance(1)
        await a.stop()
        world.tick()

        for payload in late[:-1]:  # all but the goodbye
            await spy.publish("all", payload)
        world.tick()

        assert b.list("room") == {}

    async def test_ends_pushes_and_telling(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        client = world.client(a)
        await a.stop()
        a.track("room", "ann", "socket", {})
        world.clock.advance(60)
        assert client.events == []
        assert b.list("room") == {}

    async def test_in_the_middle_of_a_tick_is_complete(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        a.track("room", "ann", "socket", {})
        await a.stop()
        world.clock.advance(60)
        assert b.list("room") == {}


class TestSilence:
    async def test_ends_in_leaving(self, world: Any, caplog: pytest.LogCaptureFixture) -> None:
        a, b = await world.node(), await world.node()
        client = world.client(b)
        a.track("room", "ann", "socket", {})
        world.clock.advance(10)

        world.network.cut = True
        world.clock.advance(20)
        assert {*client.people} == {"ann"}
        with caplog.at_level(logging.WARNING):
            world.clock.advance(30)

        assert client.people == {}
        assert not b.is_online("ann")
        assert "silent" in caplog.text

    async def test_is_not_mistaken_for_a_rare_heartbeat(self, make_world: Any) -> None:
        world = make_world(PresenceSettings(down_after=2.0))
        a, b = await world.node(), await world.node()
        client = world.client(b)
        a.track("room", "ann", "socket", {})
        world.clock.advance(60)
        assert [name for name, _ in client.take()] == ["presence_state", "presence_diff"]

    async def test_that_ends_brings_them_back(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        client = world.client(b)
        ref = a.track("room", "ann", "socket", {})
        b.track("room", "bob", "other", {})
        world.network.cut = True
        world.clock.advance(60)
        a.track("room", "cid", "socket", {})
        world.network.cut = False
        world.clock.advance(world.settings.heartbeat * 1.1)

        assert {*a.list("room")} == {*b.list("room")} == {*client.people} == {"ann", "bob", "cid"}
        assert refs(b, "ann") == [ref]

    async def test_is_not_blamed_on_others_by_a_node_that_slept(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        client = world.client(b)
        a.track("room", "ann", "socket", {})
        world.clock.advance(10)
        client.take()
        world.clock.stall(120)
        world.clock.advance(10)
        assert client.take() == []
        assert {*b.list("room")} == {"ann"}

    async def test_is_never_heard_of_a_node_that_only_has_nothing_to_say(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        a.track("room", "ann", "socket", {})
        world.clock.advance(600)
        assert {*b.list("room")} == {"ann"}


class TestLoss:
    async def test_of_the_last_message_is_repaired_by_the_heartbeat(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        a.track("room", "ann", "socket", {})
        world.tick()
        world.network.cut = True
        a.untrack_all("socket")
        a.track("room", "bob", "socket", {})
        world.tick()
        world.network.cut = False
        assert {*b.list("room")} == {"ann"}
        world.clock.advance(world.settings.heartbeat * 1.1)
        assert {*b.list("room")} == {"bob"}

    async def test_of_an_earlier_message_is_repaired_by_the_next(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        a.track("room", "ann", "socket", {})
        world.clock.advance(2)
        world.network.cut = True
        a.track("room", "bob", "socket", {})
        world.tick()
        world.network.cut = False
        a.track("room", "cid", "socket", {})
        world.tick()
        assert {*b.list("room")} == {"ann", "bob", "cid"}

    async def test_in_an_outage_is_repaired_on_reconnecting(self, world: Any) -> None:
        a, b = await world.node(), await world.node()
        world.clock.advance(2)
        world.network.cut = True
        a.track("room", "ann", "socket", {})
        b.track("room", "bob", "socket", {})
        world.tick()
        world.network.cut = False

        b._replicas._bus.on_reconnect()
        world.tick()

        assert {*a.list("room")} == {*b.list("room")} == {"ann", "bob"}


class TestStrangers:
    @pytest.mark.parametrize("payload", [b"", b"\xc1", b"{}", msgspec.msgpack.encode(["z", 1])])
    async def test_are_not_understood_and_do_no_harm(
        self, world: Any, payload: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        a, b = await world.node(), await world.node()
        stranger = LocalPubSub(world.network.bus)
        with caplog.at_level(logging.WARNING):
            await stranger.publish("all", payload)
            world.tick()
        a.track("room", "ann", "socket", {})
        world.tick()
        assert {*b.list("room")} == {"ann"}
        assert "not understood" in caplog.text


numbers = st.integers(0, 2)
keys = st.sampled_from(["ann", "bob", "cid"])
steps = st.one_of(
    st.tuples(st.just("track"), numbers, keys),
    st.tuples(st.just("untrack"), numbers, keys),
    st.tuples(st.just("deliver"), st.integers(1, 8)),
    st.tuples(st.just("advance"), st.sampled_from([0, 0.01, 1.5, 6.0])),
    st.tuples(st.just("restart"), numbers, st.booleans()),
)


class Cluster:
    """Three nodes with a client each, any of which may be replaced by a new one."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.nodes: list[Any] = []
        self.clients: list[Any] = []
        self.tracked: list[set[str]] = [set(), set(), set()]

    async def start(self) -> None:
        for _ in range(3):
            self.nodes.append(await self.world.node())
            self.clients.append(self.world.client(self.nodes[-1]))

    async def track(self, number: int, key: str) -> None:
        self.nodes[number].track("room", key, "socket", {"node": number})
        self.tracked[number].add(key)

    async def untrack(self, number: int, key: str) -> None:
        self.nodes[number].untrack("room", key, "socket")
        self.tracked[number].discard(key)

    async def deliver(self, most: int) -> None:
        self.world.network.deliver(most)

    async def advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    async def restart(self, number: int, with_goodbye: bool) -> None:
        old = self.nodes[number]
        if not with_goodbye:
            old._replicas._bus._bus = LocalPubSub()._bus  # its words go nowhere
        await old.stop()
        self.tracked[number].clear()
        self.nodes[number] = await self.world.node()
        self.clients[number] = self.world.client(self.nodes[number])


class TestConvergence:
    """A network that loses, doubles and reorders, and nodes that die: all is well soon after it ends."""

    @given(history=st.lists(steps, max_size=50), chaos=st.randoms(use_true_random=False))
    @settings(max_examples=200, deadline=None)
    async def test_follows_chaos(
        self, history: Any, chaos: Any, make_world: Any, seen: Any
    ) -> None:
        world = make_world(PresenceSettings())
        cluster = Cluster(world)
        await cluster.start()
        world.network.chaos = chaos
        for name, *args in history:
            await getattr(cluster, name)(*args)
        world.network.heal()
        world.clock.advance(world.settings.down_after + 3 * world.settings.heartbeat)

        expected = {
            (key, number) for number, tracked in enumerate(cluster.tracked) for key in tracked
        }
        for node, client in zip(cluster.nodes, cluster.clients, strict=True):
            metas = {key: entry["metas"] for key, entry in node.list("room").items()}
            assert {(key, meta["node"]) for key in metas for meta in metas[key]} == expected
            assert sum(map(len, metas.values())) == len(expected)
            assert sorted_metas(client.people) == sorted_metas(seen(node))


def sorted_metas(people: dict[str, Any]) -> dict[str, Any]:
    return {key: sorted(metas, key=lambda meta: meta["phx_ref"]) for key, metas in people.items()}
