"""Some people of many, for one subscriber: a state, and what becomes different of them."""

import logging
from random import Random
from typing import Any

import pytest

META = {"status": "online"}


@pytest.fixture
def presence(world: Any) -> Any:
    return world.quiet_node()


@pytest.fixture
def client(make_client: Any) -> Any:
    return make_client()


def names(event: tuple[str, Any]) -> tuple[str, Any]:
    """An event with keys only."""
    name, body = event
    if name == "presence_diff":
        return name, ({*body["joins"]}, {*body["leaves"]})
    return name, {*body}


def come(presence: Any, *people: str, device: str = "phone") -> None:
    """Each in a topic of their own."""
    for person in people:
        presence.track(f"of:{person}", person, f"{person}'s {device}", META)


def go(presence: Any, *people: str, device: str = "phone") -> None:
    for person in people:
        presence.untrack_all(f"{person}'s {device}")


def topics(*people: str) -> list[str]:
    return [f"of:{person}" for person in people]


class TestShow:
    def test_tells_a_state_of_those_alone(self, world: Any, presence: Any, client: Any) -> None:
        come(presence, "ann", "bob")
        presence.watch(client).show(topics("ann", "eve"))
        assert client.take() == []
        world.tick()
        assert [names(event) for event in client.take()] == [("presence_state", {"ann"})]

    def test_again_replaces_them(self, world: Any, presence: Any, client: Any) -> None:
        come(presence, "ann", "bob")
        watch = presence.watch(client)
        watch.show(topics("ann"))
        world.tick()
        watch.show(topics("bob"))
        world.tick()
        assert set(client.people) == {"bob"}
        go(presence, "ann")
        world.clock.advance(5)
        assert [name for name, _ in client.take()] == ["presence_state", "presence_state"]

    def test_comes_at_once_even_after_a_batch(self, world: Any, presence: Any, client: Any) -> None:
        watch = presence.watch(client)
        watch.show(topics("ann"))
        world.tick()
        come(presence, "ann")
        world.tick()
        come(presence, "ann", device="tv")
        watch.show(topics("ann", "bob"))
        world.tick()
        assert [name for name, _ in client.take()][-1] == "presence_state"
        world.clock.advance(5)
        assert client.take() == []


class TestDiffs:
    def test_tell_who_comes_and_goes(self, world: Any, presence: Any, client: Any) -> None:
        presence.watch(client).show(topics("ann"))
        world.tick()
        come(presence, "ann", "bob")
        world.tick()
        world.clock.advance(1)
        go(presence, "ann", "bob")
        world.clock.advance(1)
        assert [names(event) for event in client.take()] == [
            ("presence_state", set()),
            ("presence_diff", ({"ann"}, set())),
            ("presence_diff", (set(), {"ann"})),
        ]

    def test_gather_while_a_batch_rests(self, world: Any, presence: Any, client: Any) -> None:
        people = [f"p{n}" for n in range(50)]
        presence.watch(client).show(topics(*people))
        world.tick()
        for person in people:
            come(presence, person)
            world.clock.advance(0.01)
        world.clock.advance(1)
        assert len(client.take()) == 3
        assert set(client.people) == set(people)

    def test_leave_out_who_came_and_went_in_between(
        self, world: Any, presence: Any, client: Any
    ) -> None:
        presence.watch(client).show(topics("ann"))
        world.tick()
        come(presence, "ann")
        go(presence, "ann")
        world.clock.advance(5)
        assert [name for name, _ in client.take()] == ["presence_state"]

    def test_an_update_is_a_join_and_a_leave(self, world: Any, presence: Any, client: Any) -> None:
        come(presence, "ann")
        presence.watch(client).show(topics("ann"))
        world.tick()
        presence.track("of:ann", "ann", "ann's phone", {"status": "idle"})
        world.tick()
        assert names(client.take()[-1]) == ("presence_diff", ({"ann"}, {"ann"}))
        assert [meta["status"] for meta in client.people["ann"]] == ["idle"]


class TestAddAndDrop:
    def test_are_told_as_diffs(self, world: Any, presence: Any, client: Any) -> None:
        come(presence, "ann", "bob")
        watch = presence.watch(client)
        watch.show(topics("ann"))
        world.tick()
        for _ in range(2):
            watch.add("of:bob")
            watch.drop("of:ann")
        world.clock.advance(1)
        assert set(client.people) == {"bob"}
        assert len(client.take()) == 2
        come(presence, "ann", device="tv")
        world.clock.advance(5)
        assert set(client.people) == {"bob"}
        assert ("of:bob" in watch, "of:ann" in watch, len(watch)) == (True, False, 1)


class TestRefresh:
    def test_tells_the_state_again(self, world: Any, presence: Any, client: Any) -> None:
        come(presence, "ann")
        watch = presence.watch(client)
        watch.show(topics("ann"))
        world.tick()
        client.people = {"eve": [{"phx_ref": "lost"}]}
        watch.refresh()
        world.tick()
        assert set(client.people) == {"ann"}


class TestClose:
    def test_tells_nothing_more(self, world: Any, presence: Any, client: Any) -> None:
        watch = presence.watch(client)
        watch.show(topics("ann"))
        world.tick()
        come(presence, "ann")
        watch.close()
        go(presence, "ann")
        world.clock.advance(5)
        assert [name for name, _ in client.take()] == ["presence_state"]

    async def test_so_does_a_node_that_stops(self, world: Any, client: Any) -> None:
        presence = await world.node()
        presence.watch(client).show(topics("ann"))
        world.tick()
        come(presence, "ann")
        await presence.stop()
        world.clock.advance(5)
        assert [name for name, _ in client.take()] == ["presence_state"]


class TestSubscribers:
    def test_that_fail_do_not_stop_others(
        self, world: Any, presence: Any, client: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Broken:
            def push_presence(self, _event: str, _payload: Any) -> None:
                raise RuntimeError("gone")

        presence.watch(Broken()).show(topics("ann"))
        presence.watch(client).show(topics("ann"))
        with caplog.at_level(logging.ERROR):
            world.tick()
        assert "a presence push failed" in caplog.text
        assert [name for name, _ in client.take()] == ["presence_state"]

    @pytest.mark.parametrize("seed", range(20))
    def test_see_what_is_there_whatever_happens(
        self, world: Any, presence: Any, client: Any, seed: int
    ) -> None:
        chance = Random(seed)  # noqa: S311 (a history that is the same each time)
        people = ["ann", "bob", "eve", "joe"]
        watch = presence.watch(client)
        watch.show([])
        for _ in range(200):
            person, device = chance.choice(people), chance.choice(["phone", "tv"])
            match chance.randrange(7):
                case 0 | 1:
                    come(presence, person, device=device)
                case 2 | 3:
                    go(presence, person, device=device)
                case 4:
                    watch.show(topics(*chance.sample(people, 2)))
                case 5:
                    watch.add(f"of:{person}")
                case 6:
                    watch.drop(f"of:{person}")
            world.clock.advance(chance.choice([0, 0, 0.3, 2]))
        world.clock.advance(5)
        expected = {
            person: entry["metas"]
            for person in people
            if f"of:{person}" in watch and (entry := presence.get(f"of:{person}", person))
        }
        assert {
            person: sorted(m["phx_ref"] for m in metas) for person, metas in client.people.items()
        } == {person: sorted(m["phx_ref"] for m in metas) for person, metas in expected.items()}
