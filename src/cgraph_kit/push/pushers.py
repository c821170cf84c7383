"""Whoever carries pushes here, by platform, and how well they do."""

import time
from collections.abc import Iterable

from cgraph_kit import telemetry, tracing

from .device import Device, Platform, Pusher
from .outcome import Outcome, Rejected
from .payload import Payload
from .webpush import WebPush

_RESULTS = telemetry.counter(
    "push_results_total", "Pushes handed to providers, by what came of it.", ("platform", "outcome")
)
_SECONDS = telemetry.histogram("push_seconds", "Seconds a provider took to answer.", ("platform",))


class Pushers:
    """Sends a push by the pusher of its device's platform; there is one for each that the operator has set up."""

    def __init__(self, *pushers: Pusher) -> None:
        self._by_platform: dict[Platform, Pusher] = {one.platform: one for one in pushers}

    @property
    def platforms(self) -> Iterable[Platform]:
        return self._by_platform.keys()

    @property
    def application_server_key(self) -> str | None:
        """What a browser needs to subscribe; None without Web Push."""
        webpush = self._by_platform.get("webpush")
        return webpush.vapid.keys.public if isinstance(webpush, WebPush) else None

    def check(self, device: Device) -> None:
        """Raises `Unusable` for what could never be sent to, `KeyError` for a platform nobody has set up."""
        self._by_platform[device.platform].check(device)

    async def send(self, device: Device, payload: Payload) -> Outcome:
        pusher = self._by_platform.get(device.platform)
        if pusher is None:
            return Rejected(f"{device.platform} is not set up on this server")
        start = time.perf_counter()
        with tracing.step("push") as span:
            outcome = await pusher.send(device, payload)
            span.set({"platform": device.platform, "outcome": type(outcome).__name__.lower()})
        _SECONDS.labels(device.platform).observe(time.perf_counter() - start)
        _RESULTS.labels(device.platform, type(outcome).__name__.lower()).inc()
        return outcome

    async def close(self) -> None:
        for pusher in self._by_platform.values():
            await pusher.close()
