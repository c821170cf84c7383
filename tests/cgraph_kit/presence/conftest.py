"""A clock that stands still, a network that misbehaves on order, and a client like the official one."""

import heapq
import itertools
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest

from cgraph_kit.presence import Payload, Presence, PresenceSettings
from cgraph_kit.pubsub import LocalBus, LocalPubSub

State = dict[str, list[dict[str, Any]]]


class Timer:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """A `Scheduler` whose time passes only by `tick` and `advance`."""

    def __init__(self) -> None:
        self._now = 0.0
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Timer, Callable[[], object]]] = []

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Callable[..., object], *args: Any) -> Timer:
        return self.call_later(0, callback, *args)

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Timer:
        timer = Timer()
        heapq.heappush(
            self._due, (self._now + delay, next(self._numbers), timer, lambda: callback(*args))
        )
        return timer

    def tick(self) -> int:
        """Runs what is due now, as an event loop does in one go; what that makes due waits for the next."""
        ready = []
        while self._due and self._due[0][0] <= self._now:
            ready.append(heapq.heappop(self._due))
        for _, _, timer, callback in ready:
            if not timer.cancelled:
                callback()
        return len(ready)

    def stall(self, seconds: float) -> None:
        """Time passes, and nothing runs until it has."""
        self._now += seconds

    def advance(self, seconds: float) -> None:
        end = self._now + seconds
        while self._due and self._due[0][0] <= end:
            self._now = max(self._now, self._due[0][0])
            self.tick()
        self._now = end


class Network:
    """Delivers in order in the next tick, or, while `chaos` is set, loses, doubles and shuffles."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.bus = LocalBus(schedule=self._accept)
        self.chaos: Random | None = None
        self.cut = False
        self._held: list[Callable[[], None]] = []

    def _accept(self, deliver: Callable[[], None]) -> None:
        if self.cut:
            return
        if self.chaos is None:
            self.clock.call_soon(deliver)
        elif self.chaos.random() < 0.8:
            self._held += [deliver] * self.chaos.choice([1, 1, 1, 2])

    def deliver(self, most: int) -> None:
        """Some of what chaos holds back, in any order."""
        assert self.chaos is not None
        for _ in range(min(most, len(self._held))):
            self._held.pop(self.chaos.randrange(len(self._held)))()

    def heal(self) -> None:
        """Late messages arrive after all, and from now on nothing goes wrong."""
        assert self.chaos is not None
        self.deliver(len(self._held))
        self.chaos = None


class Client:
    """Does what the official client does with the two events: diffs wait for the first state, joins come before
    leaves, metas that are already there stay in front of new ones.
    """

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.payloads: list[Payload] = []
        self.people: State = {}
        self.states = 0
        self._early: list[Any] = []

    def push_presence(self, event: str, payload: Payload) -> None:
        body = msgspec.json.decode(payload.json)
        self.events.append((event, body))
        self.payloads.append(payload)
        if event == "presence_state":
            self._state(body)
        elif event == "presence_diff":
            if self.states:
                self._diff(body)
            else:
                self._early.append(body)

    def _state(self, new: dict[str, Any]) -> None:
        self.states += 1
        joins = {
            key: {"metas": fresh}
            for key, entry in new.items()
            if (fresh := without(entry["metas"], self.people.get(key, [])))
        }
        leaves = {
            key: {"metas": stale}
            for key, metas in self.people.items()
            if (stale := without(metas, new.get(key, {"metas": []})["metas"]))
        }
        for diff in [{"joins": joins, "leaves": leaves}, *self._early]:
            self._diff(diff)
        self._early = []

    def _diff(self, diff: dict[str, Any]) -> None:
        assert set(diff) == {"joins", "leaves"}
        for key, entry in diff["joins"].items():
            self.people[key] = without(self.people.get(key, []), entry["metas"]) + entry["metas"]
        for key, entry in diff["leaves"].items():
            self.people[key] = without(self.people.get(key, []), entry["metas"])
            if not self.people[key]:
                del self.people[key]

    def take(self) -> list[tuple[str, Any]]:
        """What has come since the last call."""
        events, self.events = self.events, []
        return events


def without(metas: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    refs = {meta["phx_ref"] for meta in others}
    return [meta for meta in metas if meta["phx_ref"] not in refs]


def people(presence: Presence, topic: str = "room") -> State:
    """What a client of this node is to see."""
    return {
        key: entry["metas"]
        for key, entry in msgspec.json.decode(presence.state_json(topic)).items()
    }


class World:
    """Nodes on one network under one clock."""

    def __init__(self, settings: PresenceSettings | None = None) -> None:
        self.settings = settings or PresenceSettings()
        self.clock = Clock()
        self.network = Network(self.clock)

    async def node(self) -> Presence:
        presence = self.quiet_node()
        await presence.start()
        return presence

    def quiet_node(self) -> Presence:
        """One that has not been started: alone, it does everything but hear of others."""
        return Presence(LocalPubSub(self.network.bus), self.settings, self.clock)

    def client(self, presence: Presence, topic: str = "room") -> Client:
        client = Client()
        presence.subscribe(topic, client)
        return client

    def tick(self) -> None:
        """Everything that needs no time to pass."""
        self.clock.advance(0)


@pytest.fixture(scope="session")
def make_world() -> Callable[..., World]:
    return World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def seen() -> Callable[..., State]:
    return people


@pytest.fixture(scope="session")
def make_client() -> Callable[[], Client]:
    return Client
