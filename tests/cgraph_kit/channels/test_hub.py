"""Who gets what, in which order, and in how many writes."""

import asyncio
import json
from typing import Any

import pytest

from cgraph_kit.channels.closecodes import CloseCode
from cgraph_kit.channels.hub import Hub
from cgraph_kit.channels.limits import Limits, Stats
from cgraph_kit.channels.outlet import Outlet
from cgraph_kit.channels.topic import Event, Subscription
from cgraph_kit.channels.wire import LONGPOLL, negotiate

V2 = negotiate(LONGPOLL, "2.0.0")
V1 = negotiate(LONGPOLL, "1.0.0")


class Client:
    """A transport that notes each write, and the owner of its subscriptions.

    `room` bytes may be written before it stops reading, as a full socket buffer does it.
    """

    def __init__(self, hub: Hub, *, old: bool = False, room: int | None = None) -> None:
        wire = V1 if old else V2
        assert wire is not None
        self.paused = False
        self.room = room
        self.writes: list[list[Any]] = []
        self.code: int | None = None
        self.notes: list[str] = []
        self.outlet = Outlet(hub, self, wire)
        self.hub = hub

    def write(self, data: bytes) -> None:
        assert not self.paused, "written to a client that does not read"
        frames = [json.loads(text) for text in json.loads(b"[" + data[:-1] + b"]")]
        self.writes.append([f[4] if isinstance(f, list) else f["payload"] for f in frames])
        if self.room is not None:
            self.room -= len(data)
            if self.room < 0:
                self.paused = True
                self.outlet.pause()

    def close(self, code: int, reason: str = "") -> None:
        self.code = code

    def read_on(self, room: int | None = None) -> None:
        self.room = room
        self.paused = False
        self.outlet.resume()

    def resync(self) -> None:
        self.notes.append("resync")

    def lost(self) -> None:
        self.notes.append("lost")

    def join(self, topic: str, seq: int | None = None) -> Subscription:
        subscription = self.hub.subscribe(self.outlet, topic, self)
        self.hub.activate(subscription, seq)
        return subscription

    def tell(self, payload: Any) -> None:
        """Something for this client only."""
        text = json.dumps(payload).encode()
        self.outlet.send(self.outlet.wire.message(b"null", b"null", b'"t"', b'"e"', text))

    @property
    def heard(self) -> list[Any]:
        return [payload for write in self.writes for payload in write]


@pytest.fixture
def hub() -> Hub:
    return Hub(Limits(), Stats())


def say(hub: Hub, topic: str, *payloads: Any, **options: Any) -> None:
    for payload in payloads:
        if there := hub.topics.get(topic):
            text = json.dumps(payload).encode()
            hub.deliver(there, Event(there.json, b'"e"', text, **options))


def log(hub: Hub, topic: str, *seqs: int) -> None:
    for seq in seqs:
        say(hub, topic, seq, seq=seq)


async def tick() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


class TestFlush:
    async def test_one_write_per_client_and_tick(self, hub: Hub) -> None:
        clients = [Client(hub), Client(hub, old=True), Client(hub)]
        for client in clients:
            client.join("t")
        await tick()
        say(hub, "t", 1, 2, 3)
        await tick()
        say(hub, "t", 4)
        await tick()

        assert [client.writes for client in clients] == [[[1, 2, 3], [4]]] * 3

    async def test_the_very_same_bytes_go_to_all_of_a_wire(self, hub: Hub) -> None:
        class Keeper(Client):
            def write(self, data: bytes) -> None:
                kept.append(data)

        kept: list[bytes] = []
        for _ in range(3):
            Keeper(hub).join("t")
        await tick()
        say(hub, "t", 1)
        await tick()

        assert len(kept) == 3
        assert len({id(data) for data in kept}) == 1

    async def test_other_topics_do_not_hear_it(self, hub: Hub) -> None:
        one, other = Client(hub), Client(hub)
        one.join("t")
        other.join("u")
        say(hub, "t", 1)
        await tick()

        assert (one.heard, other.heard) == ([1], [])

    async def test_what_is_told_to_one_keeps_its_place_among_what_is_told_to_all(
        self, hub: Hub
    ) -> None:
        one, other = Client(hub), Client(hub)
        for client in (one, other):
            client.join("t")
            client.join("u")
        await tick()
        say(hub, "t", 1)
        one.tell("for one")
        say(hub, "u", 2)
        say(hub, "t", 3)
        one.tell("for one again")
        await tick()

        assert one.writes == [[1, "for one", 2, 3, "for one again"]]
        assert sorted(other.heard) == [1, 2, 3]

    async def test_left_out_ones_hear_the_rest(self, hub: Hub) -> None:
        one, other = Client(hub), Client(hub)
        for client in (one, other):
            client.join("t")
        await tick()
        say(hub, "t", 1)
        say(hub, "t", 2, excluded=[one.outlet])
        say(hub, "t", 3)
        await tick()

        assert one.heard == [1, 3]
        assert other.heard == [1, 2, 3]

    async def test_of_a_coalesced_key_only_the_newest_of_a_tick_is_said(self, hub: Hub) -> None:
        client = Client(hub)
        client.join("t")
        say(hub, "t", "a1", key="a")
        say(hub, "t", "b1", key="b")
        say(hub, "t", "plain")
        say(hub, "t", "a2", key="a")
        await tick()

        assert client.heard == ["b1", "plain", "a2"]

    async def test_a_connection_that_fails_to_write_does_not_harm_the_others(
        self, hub: Hub, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Broken(Client):
            def write(self, data: bytes) -> None:
                raise OSError("broken")

        clients = [Broken(hub), Client(hub)]
        for client in clients:
            client.join("t")
        clients[0].tell("x")
        say(hub, "t", 1)
        await tick()
        say(hub, "t", 2)
        await tick()

        assert clients[1].heard == [1, 2]
        assert len(caplog.records) == 2


class TestJoining:
    async def test_what_is_said_during_the_join_comes_after_the_answer(self, hub: Hub) -> None:
        client = Client(hub)
        subscription = hub.subscribe(client.outlet, "t", client)
        say(hub, "t", 1)
        await tick()
        say(hub, "t", 2)
        client.tell("joined")
        hub.activate(subscription, None)
        say(hub, "t", 3)
        await tick()

        assert client.heard == ["joined", 1, 2, 3]

    async def test_a_failed_join_leaves_nothing_behind(self, hub: Hub) -> None:
        client = Client(hub)
        subscription = hub.subscribe(client.outlet, "t", client)
        say(hub, "t", 1)
        hub.unsubscribe(subscription)
        await tick()

        assert client.heard == []
        assert hub.topics == {}
        assert hub.stats.topics == 0

    async def test_too_much_said_meanwhile_breaks_the_join(self) -> None:
        hub = Hub(Limits(outbox_frames=2), Stats())
        client = Client(hub)
        subscription = hub.subscribe(client.outlet, "t", client)
        say(hub, "t", 1, 2)
        assert not subscription.broken

        say(hub, "t", 3)
        assert subscription.broken


class TestLeaving:
    async def test_what_was_said_before_still_comes(self, hub: Hub) -> None:
        client = Client(hub)
        subscription = client.join("t")
        say(hub, "t", 1)
        hub.unsubscribe(subscription)
        client.tell("left")
        say(hub, "t", 2)
        await tick()

        assert client.heard == [1, "left"]
        assert hub.topics == {}

    async def test_twice_is_harmless(self, hub: Hub) -> None:
        client, other = Client(hub), Client(hub)
        subscription = client.join("t")
        hub.unsubscribe(subscription)
        other.join("t")
        hub.unsubscribe(subscription)
        say(hub, "t", 1)
        await tick()

        assert other.heard == [1]
        assert hub.stats.topics == 1


class TestDurable:
    async def test_comes_in_order_once(self, hub: Hub) -> None:
        client = Client(hub)
        client.join("t", seq=4)
        log(hub, "t", 6, 5, 5, 4, 8)
        await tick()
        log(hub, "t", 6, 7, 9)
        await tick()

        assert client.heard == [5, 6, 7, 8, 9]
        assert hub.stats.duplicates == 3

    async def test_says_that_one_is_missing(self, hub: Hub) -> None:
        noticed = []
        hub.on_incomplete = noticed.append
        Client(hub).join("t", seq=4)
        log(hub, "t", 5)
        assert noticed == []

        log(hub, "t", 7)
        assert noticed == [hub.topics["t"]]

    async def test_a_join_takes_up_where_it_read_the_log(self, hub: Hub) -> None:
        first, second = Client(hub), Client(hub)
        first.join("t", seq=2)
        subscription = hub.subscribe(second.outlet, "t", second)
        log(hub, "t", 3, 4)
        await tick()
        hub.activate(subscription, 3)
        log(hub, "t", 5)
        await tick()

        assert first.heard == [3, 4, 5]
        assert second.heard == [4, 5]

    async def test_a_join_ahead_of_the_topic_skips_what_it_knows(self, hub: Hub) -> None:
        first, ahead = Client(hub), Client(hub)
        first.join("t", seq=2)
        noticed = []
        hub.on_incomplete = noticed.append
        ahead.join("t", seq=4)
        assert noticed == [hub.topics["t"]]

        log(hub, "t", 3)
        await tick()
        say(hub, "t", "hi")
        log(hub, "t", 4, 5)
        await tick()
        log(hub, "t", 6)
        await tick()
        assert first.heard == [3, "hi", 4, 5, 6]
        assert ahead.heard == ["hi", 5, 6]
        assert hub.topics["t"].slow == {}  # it has caught up

    async def test_the_first_join_says_where_it_begins(self, hub: Hub) -> None:
        client = Client(hub)
        subscription = hub.subscribe(client.outlet, "t", client)
        log(hub, "t", 9, 8, 7)
        await tick()
        hub.activate(subscription, 7)
        await tick()

        assert client.heard == [8, 9]

    async def test_without_a_log_it_begins_with_what_comes(self, hub: Hub) -> None:
        client = Client(hub)
        client.join("t")
        log(hub, "t", 7, 9, 8)
        await tick()

        assert client.heard == [7, 8, 9]

    async def test_a_join_that_fails_does_not_hold_up_the_others(self, hub: Hub) -> None:
        client, other = Client(hub), Client(hub)
        client.join("t")
        subscription = hub.subscribe(other.outlet, "t", other)
        log(hub, "t", 7)
        await tick()
        assert client.heard == []

        hub.unsubscribe(subscription)
        await tick()
        assert client.heard == [7]

    async def test_resync_tells_everyone_to_join_anew(self, hub: Hub) -> None:
        clients = [Client(hub), Client(hub, old=True), Client(hub)]
        for client in clients:
            client.join("t", seq=1)
        clients[2].outlet.pause()
        joining = hub.subscribe(Client(hub).outlet, "t", clients[0])
        hub.resync(hub.topics["t"])

        assert [client.notes for client in clients] == [["resync"]] * 3
        assert joining.broken


class TestSlowClients:
    async def test_get_everything_in_order_once_they_read(self, hub: Hub) -> None:
        slow, other = Client(hub, room=0), Client(hub)
        for client in (slow, other):
            client.join("t", seq=0)
        for seq in range(1, 6):
            log(hub, "t", seq)
            slow.tell(f"reply {seq}")
            await tick()
        assert len(slow.writes) == 1
        assert slow.outlet.paused

        slow.read_on()
        log(hub, "t", 6)
        await tick()
        assert [p for p in slow.heard if isinstance(p, int)] == [1, 2, 3, 4, 5, 6]
        assert [p for p in slow.heard if isinstance(p, str)] == [f"reply {n}" for n in range(1, 6)]
        assert other.heard == [1, 2, 3, 4, 5, 6]

    async def test_one_that_stops_within_a_flush_misses_nothing(self, hub: Hub) -> None:
        slow = Client(hub, room=0)
        for topic in ("t", "u", "v"):
            slow.join(topic, seq=0)
        await tick()
        for topic in ("t", "u", "v"):
            log(hub, topic, 1)
        await tick()
        assert len(slow.writes) == 1

        slow.read_on()
        assert slow.heard == [1, 1, 1]

    async def test_lose_ephemeral_messages_first_and_are_told(self) -> None:
        hub = Hub(Limits(outbox_bytes=400), Stats())
        slow = Client(hub, room=0)
        slow.join("t", seq=0)
        slow.join("u", seq=0)
        log(hub, "t", 1)
        await tick()
        for n in range(20):
            say(hub, "t", f"typing {n}")
        for seq in range(2, 5):
            log(hub, "t", seq)
        await tick()
        assert slow.code is None

        slow.read_on()
        await tick()
        assert [p for p in slow.heard if isinstance(p, int)] == [1, 2, 3, 4]
        assert hub.stats.dropped_ephemeral > 0
        assert slow.notes == ["lost"]  # of "t", not of "u"

    async def test_keep_only_the_newest_of_a_coalesced_key(self, hub: Hub) -> None:
        slow = Client(hub, room=0)
        slow.join("t")
        say(hub, "t", "first")
        await tick()
        for n in range(5):
            say(hub, "t", n, key="unread")
            await tick()

        slow.read_on()
        assert slow.heard == ["first", 4]

    async def test_over_the_limit_are_closed_to_resume(self) -> None:
        hub = Hub(Limits(outbox_bytes=300), Stats())
        slow, other = Client(hub, room=0), Client(hub)
        for client in (slow, other):
            client.join("t", seq=0)
        for seq in range(1, 30):
            log(hub, "t", seq)
            await tick()

        assert slow.code == CloseCode.SLOW_CONSUMER
        assert hub.stats.slow_closed == 1
        assert other.heard == list(range(1, 30))

    async def test_may_stop_again_while_catching_up(self) -> None:
        hub = Hub(Limits(outbox_bytes=1_000_000), Stats())
        slow = Client(hub, room=0)
        slow.join("t")
        await tick()
        said = [f"{n:05}" + "x" * 30_000 for n in range(10)]
        for payload in said:
            say(hub, "t", payload)
            await tick()
        slow.read_on(room=70_000)
        assert slow.outlet.paused
        say(hub, "t", "last")
        await tick()

        while slow.outlet.paused:
            slow.read_on(room=70_000)
        assert slow.heard == [*said, "last"]

    async def test_that_are_closed_do_not_hold_anything(self, hub: Hub) -> None:
        slow = Client(hub, room=0)
        slow.join("t")
        say(hub, "t", 1)
        await tick()
        slow.outlet.end()
        say(hub, "t", 2)
        await tick()

        assert hub.topics == {}
        assert len(slow.writes) == 1


class TestClose:
    async def test_lets_out_what_was_said_before(self, hub: Hub) -> None:
        client = Client(hub)
        client.join("t")
        await tick()
        say(hub, "t", 1)
        client.outlet.close(1001)

        assert client.code == 1001
        assert client.heard == [1]


class TestStats:
    async def test_count_what_was_said_and_what_was_sent(self, hub: Hub) -> None:
        clients = [Client(hub), Client(hub, old=True), Client(hub)]
        for client in clients:
            client.join("t")
        say(hub, "t", 1, 2)
        clients[0].tell("x")
        await tick()

        assert hub.stats.published == 2
        assert hub.stats.frames_out == 2 * 3 + 1
        assert hub.stats.bytes_out > 0
