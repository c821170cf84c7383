from typing import ClassVar

import pytest

from cgraph_kit import clock, telemetry, tracing
from cgraph_kit.push import Device, Outcome, Payload, Platform, Pushers, Rejected, Retry, Sent
from support.collector import collecting

PAYLOAD = Payload(id="1", kind="message", title="Ann")


class Carrier:
    """Stands for a provider's side: takes all, or wants to be asked again."""

    platform: ClassVar[Platform] = "fcm"

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = [Sent("1"), Retry("later", 3)]
        self.closed = False

    def check(self, device: Device) -> None:
        """Any will do."""

    async def send(self, device: Device, payload: Payload) -> Outcome:
        return self.outcomes.pop(0)

    async def close(self) -> None:
        self.closed = True


class TestPushers:
    async def test_send_by_the_device_s_platform(self) -> None:
        carrier = Carrier()
        pushers = Pushers(carrier)
        assert list(pushers.platforms) == ["fcm"]
        assert pushers.application_server_key is None
        device = Device("fcm", "secret token", clock.now())
        assert await pushers.send(device, PAYLOAD) == Sent("1")
        assert await pushers.send(device, PAYLOAD) == Retry("later", 3)
        await pushers.close()
        assert carrier.closed
        counted = telemetry.render().decode()
        assert 'push_results_total{outcome="sent",platform="fcm"}' in counted
        assert 'push_results_total{outcome="retry",platform="fcm"}' in counted
        assert 'push_seconds_count{platform="fcm"}' in counted
        assert "secret token" not in repr(device)

    async def test_are_a_step_of_what_they_are_sent_for(self) -> None:
        device = Device("fcm", "secret token", clock.now())
        with collecting() as collector:
            async with tracing.exporting(collector.target()):
                with tracing.root("work", "consumer"):
                    await Pushers(Carrier()).send(device, PAYLOAD)
        push = collector.named("push")
        assert push.attributes == {"platform": "fcm", "outcome": "sent"}
        assert collector.below(collector.named("work")) == ["push"]
        assert "secret token" not in push.raw

    async def test_refuse_what_nobody_carries(self) -> None:
        device = Device("apns", "a" * 64, clock.now())
        with pytest.raises(KeyError):
            Pushers().check(device)
        outcome = await Pushers().send(device, PAYLOAD)
        assert outcome == Rejected("apns is not set up on this server")
