"""The bar: a thousand people join one topic at once (docs/decisions/0003)."""

from typing import Any

import msgspec
import pytest

PEOPLE = 1_000
ENVELOPE = (
    len(b'[null,null,"presence:lobby","presence_state",]') + 10
)  # 10: the longest frame header
BAR_BYTES = 80_000_000
BAR_SECONDS = 2.0


class Follower:
    """A client that only follows the keys; each payload is decoded once for all of them."""

    decoded: dict[int, tuple[object, set[str], set[str]]]

    def __init__(self, clock: Any, decoded: dict[int, Any]) -> None:
        self.keys: set[str] = set()
        self.frames = 0
        self.bytes = 0
        self.complete_at = float("inf")
        self._clock = clock
        self._decoded = decoded

    def push_presence(self, event: str, payload: Any) -> None:
        _, joins, leaves = self._decode(event, payload)
        self.frames += 1
        self.bytes += ENVELOPE + len(payload.json)
        self.keys = (self.keys | joins) - leaves
        if len(self.keys) == PEOPLE:
            self.complete_at = min(self.complete_at, self._clock.time())

    def _decode(self, event: str, payload: Any) -> Any:
        if id(payload) not in self._decoded:
            body = msgspec.json.decode(payload.json)
            joins, leaves = (
                (body, {}) if event == "presence_state" else (body["joins"], body["leaves"])
            )
            self._decoded[id(payload)] = payload, {*joins}, {*leaves}
        return self._decoded[id(payload)]


class TestStorm:
    @pytest.mark.parametrize("seconds", [0.0, 0.3, 1.0])
    def test_is_over_within_the_bar(self, world: Any, seconds: float) -> None:
        presence = world.quiet_node()
        decoded: dict[int, Any] = {}
        followers = []
        for number in range(PEOPLE):
            follower = Follower(world.clock, decoded)
            presence.subscribe("lobby", follower)
            presence.track("lobby", f"u{number}", follower, {"online_at": 1_700_000_000})
            followers.append(follower)
            if seconds:
                world.clock.advance(seconds / PEOPLE)
        world.clock.advance(5)

        assert max(follower.complete_at for follower in followers) <= BAR_SECONDS
        assert sum(follower.bytes for follower in followers) <= BAR_BYTES
        assert sum(follower.frames for follower in followers) <= 5 * PEOPLE

    def test_costs_each_entry_once_per_person(self, world: Any) -> None:
        """The floor: whoever is to know everybody must be told of everybody."""
        presence = world.quiet_node()
        followers = [Follower(world.clock, {}) for _ in range(100)]
        for number, follower in enumerate(followers):
            presence.subscribe("lobby", follower)
            presence.track("lobby", f"u{number}", follower, {"online_at": 1_700_000_000})
            world.clock.advance(0.001)
        world.clock.advance(5)
        entries = len(presence.state_json("lobby"))
        told = sum(follower.bytes - follower.frames * ENVELOPE for follower in followers)
        assert told < 1.1 * entries * len(followers)
