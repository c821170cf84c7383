import re
from typing import Any

import pytest

META = {"online_at": 1_700_000_000, "status": "online"}


@pytest.fixture
def presence(world: Any) -> Any:
    return world.quiet_node()


def refs(presence: Any, key: str = "ann", topic: str = "room") -> list[str]:
    entry = presence.get(topic, key)
    return [meta["phx_ref"] for meta in entry["metas"]] if entry else []


class TestTrack:
    def test_lists_somebody_with_a_ref(self, presence: Any) -> None:
        ref = presence.track("room", "ann", "socket", META)
        assert presence.list("room") == {"ann": {"metas": [{**META, "phx_ref": ref}]}}

    def test_makes_refs_that_differ(self, presence: Any, world: Any) -> None:
        made = {presence.track("room", str(number), "socket", {}) for number in range(1_000)}
        other = world.quiet_node().track("room", "ann", "socket", {})
        assert len(made | {other}) == 1_001
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{8}", ref) for ref in made)

    def test_lists_devices_oldest_first(self, presence: Any) -> None:
        made = [presence.track("room", "ann", device, {}) for device in ("phone", "laptop", "tv")]
        assert refs(presence) == made
        assert presence.count("room") == 1

    def test_again_by_the_same_owner_is_an_update(self, presence: Any) -> None:
        first = presence.track("room", "ann", "socket", {"n": 1})
        second = presence.track("room", "ann", "socket", {"n": 2})
        assert presence.get("room", "ann") == {
            "metas": [{"n": 2, "phx_ref": second, "phx_ref_prev": first}]
        }

    def test_keeps_its_own_fields_from_the_caller(self, presence: Any) -> None:
        ref = presence.track("room", "ann", "socket", {"phx_ref": "mine"})
        assert refs(presence) == [ref]

    def test_keeps_keys_as_they_are(self, presence: Any) -> None:
        keys = ['"', "__proto__", "größe", "\n", "1", ""]
        for key in keys:
            presence.track("room", key, "socket", {})
        assert list(presence.list("room")) == keys


class TestUpdate:
    def test_replaces_the_meta_under_a_new_ref(self, presence: Any) -> None:
        first = presence.track("room", "ann", "phone", META)
        other = presence.track("room", "ann", "laptop", META)
        second = presence.update("room", "ann", "phone", {"status": "idle"})
        assert presence.get("room", "ann") == {
            "metas": [
                {**META, "phx_ref": other},
                {"status": "idle", "phx_ref": second, "phx_ref_prev": first},
            ]
        }

    def test_of_nobody_does_nothing(self, presence: Any) -> None:
        presence.track("room", "ann", "socket", {})
        assert presence.update("room", "ann", "other", {}) is None
        assert presence.update("room", "bob", "socket", {}) is None
        assert len(refs(presence)) == 1


class TestUntrack:
    def test_takes_one_device(self, presence: Any) -> None:
        presence.track("room", "ann", "phone", {})
        left = presence.track("room", "ann", "laptop", {})
        presence.untrack("room", "ann", "phone")
        assert refs(presence) == [left]

    def test_again_does_nothing(self, presence: Any) -> None:
        presence.track("room", "ann", "phone", {})
        for _ in range(2):
            presence.untrack("room", "ann", "phone")
        assert presence.list("room") == {}


class TestUntrackAll:
    def test_takes_an_owner_everywhere(self, presence: Any) -> None:
        for topic in ("room", "hall"):
            presence.track(topic, "ann", "phone", {})
            presence.track(topic, "bob", "other", {})
        presence.untrack_all("phone")
        presence.untrack_all("phone")
        assert [list(presence.list(topic)) for topic in ("room", "hall")] == [["bob"], ["bob"]]


class TestAsking:
    def test_nobody_is_nowhere(self, presence: Any) -> None:
        assert presence.list("room") == {}
        assert presence.get("room", "ann") is None
        assert presence.count("room") == 0
        assert presence.state_json("room") == b"{}"
        assert not presence.is_online("ann")

    def test_state_is_encoded_once_until_it_changes(self, presence: Any) -> None:
        presence.track("room", "ann", "socket", {})
        first = presence.state_json("room")
        assert presence.state_json("room") is first
        presence.track("room", "bob", "socket", {})
        assert b"bob" in presence.state_json("room")

    def test_knows_who_is_online_in_a_kind_of_topic(self, presence: Any) -> None:
        presence.track("conversation:1", "ann", "phone", {})
        presence.track("group:1", "ann", "phone", {})
        presence.track("group:1", "bob", "phone", {})
        presence.untrack("conversation:1", "ann", "phone")

        assert presence.is_online("ann", "group:")
        assert not presence.is_online("ann", "conversation:")
        assert presence.topics("ann") == {"group:1"}
        assert presence.online(["ann", "bob", "cid"]) == {"ann", "bob"}

        presence.untrack_all("phone")
        assert presence.online(["ann", "bob"]) == set()

    def test_is_online_while_one_device_is_left(self, presence: Any) -> None:
        presence.track("room", "ann", "phone", {})
        presence.track("room", "ann", "laptop", {})
        presence.untrack_all("phone")
        assert presence.is_online("ann")
        presence.untrack_all("laptop")
        assert not presence.is_online("ann")


class TestMemory:
    def test_is_given_back(self, presence: Any, world: Any) -> None:
        client = world.client(presence)
        presence.track("room", "ann", "socket", {})
        world.tick()
        presence.untrack_all("socket")
        presence.unsubscribe("room", client)
        presence.unsubscribe("room", client)
        world.clock.advance(10)
        assert not presence._topics
        assert not presence._audiences
        assert not presence._own
        assert not presence._topics_of
