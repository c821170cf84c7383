import logging
from typing import Any

import msgspec
import pytest

from cgraph_kit.presence import PresenceSettings


@pytest.fixture
def presence(world: Any) -> Any:
    return world.quiet_node()


def names(event: tuple[str, Any]) -> tuple[str, Any]:
    """An event with keys only."""
    name, body = event
    if name == "presence_diff":
        return name, ({*body["joins"]}, {*body["leaves"]})
    return name, {*body}


class TestState:
    def test_comes_at_the_end_of_the_tick(self, world: Any, presence: Any) -> None:
        client = world.client(presence)
        presence.track("room", "ann", client, {})
        assert client.take() == []
        world.tick()
        assert [names(event) for event in client.take()] == [("presence_state", {"ann"})]

    def test_comes_even_if_nobody_is_there(self, world: Any, presence: Any) -> None:
        client = world.client(presence)
        world.tick()
        assert client.take() == [("presence_state", {})]

    def test_is_one_object_for_all_who_come_together(self, world: Any, presence: Any) -> None:
        clients = [world.client(presence) for _ in range(10)]
        world.tick()
        assert len({id(client.payloads[0]) for client in clients}) == 1

    def test_stays_that_object_until_somebody_comes_or_goes(
        self, world: Any, presence: Any
    ) -> None:
        first = world.client(presence)
        presence.track("room", "ann", first, {})
        world.clock.advance(1)
        first.payloads[0].deflated = b"made once"
        first.payloads[0].frames["wire"] = b"1", b"for those who came together"

        later = world.client(presence)
        world.clock.advance(1)
        assert later.payloads[0].deflated == b"made once"
        assert later.payloads[0].frames == {}

        presence.track("room", "bob", later, {})
        last = world.client(presence)
        world.clock.advance(1)
        assert last.payloads[0].deflated is None

    def test_comes_anew_when_subscribing_again(self, world: Any, presence: Any) -> None:
        client = world.client(presence)
        presence.track("room", "ann", client, {})
        world.clock.advance(1)
        client.take()

        presence.subscribe("room", client)
        presence.track("room", "bob", "other", {})
        world.clock.advance(1)

        assert [names(event) for event in client.take()] == [("presence_state", {"ann", "bob"})]

    def test_is_of_its_topic(self, world: Any, presence: Any) -> None:
        client = world.client(presence, "hall")
        presence.track("room", "ann", "socket", {})
        world.clock.advance(1)
        presence.untrack_all("socket")
        world.clock.advance(1)
        assert client.take() == [("presence_state", {})]


class TestDiff:
    @pytest.fixture
    def client(self, world: Any, presence: Any) -> Any:
        client = world.client(presence)
        world.clock.advance(1)
        client.take()
        return client

    def test_comes_at_once_when_quiet(self, world: Any, presence: Any, client: Any) -> None:
        ref = presence.track("room", "ann", "socket", {"n": 1})
        world.tick()
        joins = {"ann": {"metas": [{"n": 1, "phx_ref": ref}]}}
        assert client.take() == [("presence_diff", {"joins": joins, "leaves": {}})]

    def test_of_an_update_has_both_sides(self, world: Any, presence: Any, client: Any) -> None:
        old = presence.track("room", "ann", "socket", {"n": 1})
        world.clock.advance(1)
        client.take()
        new = presence.update("room", "ann", "socket", {"n": 2})
        world.tick()
        joins = {"ann": {"metas": [{"n": 2, "phx_ref": new, "phx_ref_prev": old}]}}
        leaves = {"ann": {"metas": [{"n": 1, "phx_ref": old}]}}
        assert client.take() == [("presence_diff", {"joins": joins, "leaves": leaves})]

    def test_carries_the_new_meta_only(self, world: Any, presence: Any, client: Any) -> None:
        presence.track("room", "ann", "phone", {})
        world.clock.advance(1)
        client.take()
        ref = presence.track("room", "ann", "laptop", {})
        world.tick()
        [(_, diff)] = client.take()
        assert diff["joins"] == {"ann": {"metas": [{"phx_ref": ref}]}}

    def test_gathers_what_one_tick_changes(self, world: Any, presence: Any, client: Any) -> None:
        for number in range(5):
            presence.track("room", f"p{number}", "socket", {})
        presence.untrack("room", "p0", "socket")
        world.tick()
        diff = ("presence_diff", ({"p1", "p2", "p3", "p4"}, set()))
        assert [names(event) for event in client.take()] == [diff]

    def test_is_not_sent_when_nothing_is_left_to_say(
        self, world: Any, presence: Any, client: Any
    ) -> None:
        presence.track("room", "ann", "socket", {})
        presence.untrack("room", "ann", "socket")
        world.clock.advance(5)
        assert client.take() == []

    def test_does_not_reach_who_has_left(self, world: Any, presence: Any, client: Any) -> None:
        presence.track("room", "ann", "socket", {})
        presence.unsubscribe("room", client)
        world.clock.advance(5)
        assert client.take() == []

    def test_is_not_for_who_gets_a_state_in_the_same_batch(
        self, world: Any, presence: Any, client: Any
    ) -> None:
        late = world.client(presence)
        presence.track("room", "ann", late, {})
        world.tick()
        assert [names(event) for event in late.take()] == [("presence_state", {"ann"})]
        assert [names(event) for event in client.take()] == [("presence_diff", ({"ann"}, set()))]

    def test_survives_a_subscriber_that_fails(
        self, world: Any, presence: Any, client: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Broken:
            def push_presence(self, event: str, payload: object) -> None:
                raise ValueError(event)

        presence.subscribe("room", Broken())
        later = world.client(presence)
        with caplog.at_level(logging.ERROR):
            world.tick()
        assert later.take() == [("presence_state", {})]
        assert "failed" in caplog.text

    def test_hears_of_what_its_own_delivery_changes(
        self, world: Any, presence: Any, client: Any
    ) -> None:
        class Leaver:
            def push_presence(self, event: str, payload: object) -> None:
                presence.unsubscribe("room", self)
                presence.untrack_all(self)

        leaver = Leaver()
        presence.track("room", "ann", leaver, {})
        presence.subscribe("room", leaver)
        world.clock.advance(1)
        assert client.people == {}
        assert presence.list("room") == {}


class TestRest:
    def test_follows_a_batch_by_its_size(self, make_world: Any) -> None:
        world = make_world(PresenceSettings(frames_per_second=100, longest_rest=10))
        presence = world.quiet_node()
        clients = [world.client(presence) for _ in range(50)]
        world.tick()

        presence.track("room", "ann", "socket", {})
        presence.track("room", "bob", "socket", {})
        world.clock.advance(0.49)
        assert {client.states for client in clients} == {1}
        assert all(client.people == {} for client in clients)
        world.clock.advance(0.02)
        assert all({*client.people} == {"ann", "bob"} for client in clients)

    def test_has_a_bound(self, make_world: Any) -> None:
        world = make_world(PresenceSettings(frames_per_second=1, longest_rest=1.0))
        presence = world.quiet_node()
        clients = [world.client(presence) for _ in range(50)]
        world.tick()
        presence.track("room", "ann", "socket", {})
        world.clock.advance(1.0)
        assert all({*client.people} == {"ann"} for client in clients)

    def test_bounds_the_frames_of_a_busy_topic(self, world: Any) -> None:
        presence = world.quiet_node()
        clients = [world.client(presence) for _ in range(1_000)]
        world.clock.advance(1)
        before = sum(len(client.payloads) for client in clients)
        for number in range(1_000):
            presence.track("room", "ann", "socket", {"n": number})
            world.clock.advance(0.01)
        frames = sum(len(client.payloads) for client in clients) - before
        assert frames <= 10 * world.settings.frames_per_second + len(clients)

    def test_is_not_noticed_in_a_small_topic(self, world: Any) -> None:
        presence = world.quiet_node()
        client = world.client(presence)
        for number in range(10):
            presence.track("room", "ann", "socket", {"n": number})
            world.clock.advance(0.001)
            assert [meta["n"] for meta in client.people["ann"]] == [number]


class TestCrowd:
    @pytest.fixture
    def crowd(self, world: Any) -> tuple[Any, list[Any]]:
        """A thousand who wait for a state of 100 kB: more than one tick's worth."""
        presence = world.quiet_node()
        for number in range(50):
            presence.track("room", f"somebody number {number}", number, {"status": "x" * 2_000})
        return presence, [world.client(presence) for _ in range(1_000)]

    def test_is_served_in_slices(self, world: Any, crowd: Any) -> None:
        _, clients = crowd
        served = []
        while world.clock.tick():
            served.append(sum(bool(client.payloads) for client in clients))
        assert served[0] < 100
        assert served[-1] == 1_000

    def test_may_change_between_slices(self, world: Any, crowd: Any, seen: Any) -> None:
        presence, clients = crowd
        world.clock.tick()
        gone, again = clients[-1], clients[-2]
        presence.unsubscribe("room", gone)
        presence.subscribe("room", again)
        presence.track("room", "ann", "socket", {})
        world.clock.advance(0)
        assert gone.events == again.events == []
        world.clock.advance(1)
        assert gone.events == []
        assert [names(event)[0] for event in again.events] == ["presence_state"]
        assert all(client.people == seen(presence) for client in [*clients[:5], again])


class TestBigTopic:
    """Four people, of whom three are shown."""

    @pytest.fixture
    def world(self, make_world: Any) -> Any:
        return make_world(PresenceSettings(shown=3))

    @pytest.fixture
    def client(self, world: Any, presence: Any) -> Any:
        for key in ("ann", "bob", "cid", "dan"):
            presence.track("room", key, key, {})
        client = world.client(presence)
        world.clock.advance(1)
        return client

    def test_shows_the_oldest_and_tells_the_count(self, presence: Any, client: Any) -> None:
        state, count = client.take()
        assert names(state) == ("presence_state", {"ann", "bob", "cid"})
        assert count == ("presence_count", {"count": 4})
        assert presence.count("room") == 4
        assert {*presence.list("room")} == {"ann", "bob", "cid", "dan"}

    def test_counts_who_comes_without_showing_them(
        self, world: Any, presence: Any, client: Any
    ) -> None:
        client.take()
        presence.track("room", "eve", "eve", {})
        presence.track("room", "eve", "phone", {})
        world.tick()
        assert client.take() == [("presence_count", {"count": 5})]

    def test_is_silent_about_the_devices_of_the_hidden(
        self, world: Any, presence: Any, client: Any
    ) -> None:
        client.take()
        presence.track("room", "dan", "phone", {})
        presence.update("room", "dan", "dan", {"n": 1})
        world.clock.advance(1)
        assert client.take() == []

    def test_fills_a_free_place_with_who_waited_longest(
        self, world: Any, presence: Any, client: Any
    ) -> None:
        presence.track("room", "eve", "eve", {})
        presence.track("room", "dan", "phone", {"n": 1})
        world.clock.advance(1)
        client.take()

        presence.untrack("room", "bob", "bob")
        world.tick()

        diff, count = client.take()
        assert names(diff) == ("presence_diff", ({"dan"}, {"bob"}))
        assert len(diff[1]["joins"]["dan"]["metas"]) == 2
        assert count == ("presence_count", {"count": 4})

    def test_tells_the_count_once_more_when_all_are_shown(
        self, world: Any, presence: Any, client: Any
    ) -> None:
        client.take()
        presence.untrack("room", "ann", "ann")
        world.clock.advance(1)
        assert client.take()[-1] == ("presence_count", {"count": 3})

        presence.untrack("room", "bob", "bob")
        late = world.client(presence)
        world.clock.advance(1)
        assert [name for name, _ in client.take() + late.take()] == [
            "presence_diff",
            "presence_state",
        ]

    def test_encodes_counts_as_json(self, client: Any) -> None:
        assert msgspec.json.decode(client.payloads[-1].json) == {"count": 4}
