import pytest

from cgraph_kit.pubsub import LocalBus, LocalPubSub, PubSub, split


@pytest.fixture
def bus() -> LocalBus:
    """Delivers while it sends."""
    return LocalBus(schedule=lambda deliver: deliver())


def listen(lane: PubSub) -> list[tuple[str, bytes]]:
    heard: list[tuple[str, bytes]] = []
    lane.on_message = lambda topic, payload: heard.append((topic, payload))
    return heard


class TestSplit:
    async def test_keeps_owners_apart(self, bus: LocalBus) -> None:
        hub, presence = split(LocalPubSub(bus), "hub", "presence")
        other_hub, other_presence = split(LocalPubSub(bus), "hub", "presence")
        heard, other_heard = listen(hub), listen(presence)
        for lane in (hub, presence):
            await lane.subscribe("a/b")

        await other_hub.publish("a/b", b"1")
        other_presence.publish_soon("a/b", b"2")

        assert heard == [("a/b", b"1")]
        assert other_heard == [("a/b", b"2")]

    async def test_tells_every_owner_of_a_reconnect(self) -> None:
        bus = LocalPubSub()
        told = []
        for lane in split(bus, "hub", "presence"):
            lane.on_reconnect = lambda lane=lane: told.append(lane)

        bus.on_reconnect()

        assert len(told) == 2

    async def test_shares_name_and_losses(self) -> None:
        bus = LocalPubSub(node="n1")
        (lane,) = split(bus, "hub")
        assert (lane.node, lane.dropped) == ("n1", 0)

    async def test_closing_one_leaves_the_others(self, bus: LocalBus) -> None:
        hub, presence = split(LocalPubSub(bus), "hub", "presence")
        sender, _ = split(LocalPubSub(bus), "hub", "presence")
        heard = listen(hub)
        await hub.subscribe("t")
        await presence.subscribe("t")

        await presence.close()
        await sender.publish("t", b"x")
        await hub.unsubscribe("t")
        await sender.publish("t", b"y")

        assert heard == [("t", b"x")]
