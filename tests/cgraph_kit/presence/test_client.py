"""Whatever happens in whatever order, an official client ends up with the server's list."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgraph_kit.presence import PresenceSettings

KEYS = ["ann", "bob", "cid", "__proto__"]
OWNERS = ["phone", "laptop", "tv"]

keys, owners, clients = st.sampled_from(KEYS), st.sampled_from(OWNERS), st.integers(0, 3)
steps = st.one_of(
    st.tuples(st.just("track"), keys, owners),
    st.tuples(st.just("update"), keys, owners),
    st.tuples(st.just("untrack"), keys, owners),
    st.tuples(st.just("untrack_all"), owners),
    st.tuples(st.just("subscribe"), clients),
    st.tuples(st.just("unsubscribe"), clients),
    st.tuples(st.just("advance"), st.sampled_from([0, 0.001, 0.1, 2.0])),
)


class Room:
    """One topic and up to four clients."""

    def __init__(self, world: Any, make_client: Callable[[], Any]) -> None:
        self.world = world
        self.presence = world.quiet_node()
        self.make_client = make_client
        self.watching: dict[int, Any] = {}
        self._number = 0

    def track(self, key: str, owner: str) -> None:
        self._number += 1
        self.presence.track("room", key, owner, {"n": self._number})

    def update(self, key: str, owner: str) -> None:
        self._number += 1
        self.presence.update("room", key, owner, {"n": self._number})

    def untrack(self, key: str, owner: str) -> None:
        self.presence.untrack("room", key, owner)

    def untrack_all(self, owner: str) -> None:
        self.presence.untrack_all(owner)

    def subscribe(self, number: int) -> None:
        client = self.watching.setdefault(number, self.make_client())
        self.presence.subscribe("room", client)

    def unsubscribe(self, number: int) -> None:
        if client := self.watching.pop(number, None):
            self.presence.unsubscribe("room", client)

    def advance(self, seconds: float) -> None:
        self.world.clock.advance(seconds)


@pytest.mark.parametrize("shown", [1_000, 2])
class TestClient:
    @given(history=st.lists(steps, max_size=60))
    @settings(max_examples=150, deadline=None)
    def test_ends_up_with_the_servers_list(
        self, shown: int, history: Any, make_world: Any, make_client: Any, seen: Any
    ) -> None:
        world = make_world(PresenceSettings(shown=shown, frames_per_second=10, longest_rest=1.0))
        room = Room(world, make_client)
        for name, *args in history:
            getattr(room, name)(*args)
        world.clock.advance(5)

        expected = seen(room.presence)
        assert len(expected) == min(shown, room.presence.count("room"))
        for client in room.watching.values():
            assert client.states >= 1
            if client.states == 1:
                assert client.people == expected
            assert by_ref(client.people) == by_ref(expected)

    @given(history=st.lists(steps, max_size=60))
    @settings(max_examples=50, deadline=None)
    def test_is_told_nothing_twice(
        self, shown: int, history: Any, make_world: Any, make_client: Any
    ) -> None:
        world = make_world(PresenceSettings(shown=shown, frames_per_second=10, longest_rest=1.0))
        room = Room(world, make_client)
        for name, *args in history:
            getattr(room, name)(*args)
        world.clock.advance(5)

        for client in room.watching.values():
            known: set[str] = set()
            for event, body in client.events:
                if event == "presence_state":
                    known = refs(body)
                elif event == "presence_diff":
                    assert not refs(body["joins"]) & known
                    assert refs(body["leaves"]) <= known
                    assert refs(body["joins"]) or refs(body["leaves"])
                    known = (known | refs(body["joins"])) - refs(body["leaves"])


def refs(people: dict[str, Any]) -> set[str]:
    return {meta["phx_ref"] for entry in people.values() for meta in entry["metas"]}


def by_ref(people: dict[str, Any]) -> dict[str, Any]:
    """Without the order of devices, which a client that got a second state keeps as it was."""
    return {key: sorted(metas, key=lambda meta: meta["phx_ref"]) for key, metas in people.items()}
