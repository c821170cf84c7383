"""One push to one device, and what is learnt of the device."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from cgraph import accounts
from cgraph.application import App
from cgraph.notifications import PushDevice, deliver, get_device, list_devices, list_targets
from cgraph_kit import clock
from cgraph_kit.guard import Fetcher
from cgraph_kit.ids import new_id
from cgraph_kit.push import (
    Device,
    Gone,
    Outcome,
    Payload,
    Platform,
    Pushers,
    Rejected,
    Retry,
    Sent,
    Vapid,
    VapidKeys,
    WebPush,
)
from support.devices import subscribe
from support.people import Person, register
from support.providers.serving import client_tls
from support.providers.webpush import push_service

PAYLOAD = Payload(id="1", kind="message", title="Ann", body="hi")


class Carrier:
    """Stands for a provider's side: answers what a test wants it to."""

    platform: ClassVar[Platform] = "webpush"

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.sent: list[Device] = []
        self.came = asyncio.Semaphore(0)
        self.busy = asyncio.Event()
        self.busy.set()

    def check(self, device: Device) -> None:
        """Any will do."""

    async def send(self, device: Device, payload: Payload) -> Outcome:
        self.sent.append(device)
        self.came.release()
        await self.busy.wait()
        return self.outcomes.pop(0) if self.outcomes else Sent("1")

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def pushers(carrier: Carrier) -> Pushers:
    return Pushers(carrier)


@pytest.fixture
async def ann(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def device(app: App, ann: Person) -> PushDevice:
    return await subscribe(app, ann)


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`pass_time(seconds)`: later than before."""
    now = clock.now()

    def later(seconds: float) -> None:
        nonlocal now
        now += timedelta(seconds=seconds)
        monkeypatch.setattr(clock, "now", lambda: now)

    later(0)
    return later


@pytest.fixture
async def given_up(
    app: App,
    device: PushDevice,
    pushers: Pushers,
    carrier: Carrier,
    pass_time: Callable[[float], None],
) -> PushDevice:
    """A device that has failed for more than a day."""
    for _ in range(25):
        carrier.outcomes = [Retry("no answer")]
        await deliver(app.db, pushers, device.id, PAYLOAD)
        pass_time(3601)
    return device


class TestDeliver:
    async def test_reaches_the_browser(self, app: App, ann: Person) -> None:
        keys = VapidKeys.make()
        async with push_service() as service:
            fetcher = Fetcher(allow=("127.0.0.0/8",), tls=client_tls())
            pushers = Pushers(WebPush(Vapid(keys, "mailto:ops@example.org"), fetcher))
            browser = service.subscribe()
            device = await subscribe(app, ann, browser, pushers=pushers)
            assert isinstance(await deliver(app.db, pushers, device.id, PAYLOAD), Sent)
            assert [push["body"] for push in browser.received] == ["hi"]
            service.browsers.clear()
            assert isinstance(await deliver(app.db, pushers, device.id, PAYLOAD), Gone)
            await pushers.close()
        assert (await list_devices(app.db, ann.actor)).items == []

    async def test_notes_when_it_was_taken(
        self,
        app: App,
        ann: Person,
        device: PushDevice,
        pushers: Pushers,
        pass_time: Callable[[float], None],
    ) -> None:
        """Not each time: a busy device costs a write in ten seconds."""
        start = clock.now()
        seen: list[datetime | None] = []
        for _ in range(3):
            await deliver(app.db, pushers, device.id, PAYLOAD)
            seen.append((await get_device(app.db, ann.actor, device.id)).last_sent_at)
            pass_time(6)
        assert seen == [start, start, start + timedelta(seconds=12)]

    async def test_says_gone_of_what_never_was(self, app: App, pushers: Pushers) -> None:
        outcome = await deliver(app.db, pushers, new_id(), PAYLOAD)
        assert outcome == Gone("the device is not registered")

    async def test_says_gone_where_the_session_has_ended(
        self, app: App, ann: Person, device: PushDevice, pushers: Pushers, carrier: Carrier
    ) -> None:
        await accounts.log_out(app.db, ann.actor)
        assert isinstance(await deliver(app.db, pushers, device.id, PAYLOAD), Gone)
        assert not carrier.sent

    async def test_tries_less_and_less_often(
        self,
        app: App,
        ann: Person,
        device: PushDevice,
        pushers: Pushers,
        carrier: Carrier,
        pass_time: Callable[[float], None],
    ) -> None:
        waits: list[float | None] = []
        for _ in range(14):
            carrier.outcomes = [Retry("no answer")]
            outcome = await deliver(app.db, pushers, device.id, PAYLOAD)
            assert isinstance(outcome, Retry)
            waits.append(outcome.after)
            pass_time(outcome.after or 0)
        assert waits == [2**n for n in range(12)] + [3600, 3600]
        shown = await get_device(app.db, ann.actor, device.id)
        assert shown.last_error == "no answer"
        assert shown.failing_since is not None

    async def test_asks_nobody_before_the_time(
        self,
        app: App,
        device: PushDevice,
        pushers: Pushers,
        carrier: Carrier,
        pass_time: Callable[[float], None],
    ) -> None:
        carrier.outcomes = [Retry("slow down", 90)]
        first = await deliver(app.db, pushers, device.id, PAYLOAD)
        pass_time(30)
        second = await deliver(app.db, pushers, device.id, PAYLOAD)
        assert (first, second) == (Retry("slow down", 90), Retry("the device is failing", 60))
        assert len(carrier.sent) == 1
        pass_time(60)
        assert isinstance(await deliver(app.db, pushers, device.id, PAYLOAD), Sent)

    async def test_forgets_failures_with_the_first_success(
        self,
        app: App,
        ann: Person,
        device: PushDevice,
        pushers: Pushers,
        carrier: Carrier,
        pass_time: Callable[[float], None],
    ) -> None:
        for outcome in (Rejected("403"), Rejected("403"), Sent(), Rejected("400")):
            carrier.outcomes = [outcome]
            await deliver(app.db, pushers, device.id, PAYLOAD)
            pass_time(10)
        shown = await get_device(app.db, ann.actor, device.id)
        assert shown.last_error == "400"
        assert shown.retry_at is not None
        assert shown.last_error_at is not None
        assert shown.retry_at - shown.last_error_at == timedelta(seconds=1)
        assert shown.failing_since == shown.last_error_at

    async def test_counts_failures_at_the_same_time_once(
        self, app: App, device: PushDevice, pushers: Pushers, carrier: Carrier
    ) -> None:
        carrier.outcomes = [Retry("no answer")] * 8
        carrier.busy.clear()
        tries = [
            asyncio.create_task(deliver(app.db, pushers, device.id, PAYLOAD)) for _ in range(8)
        ]
        for _ in tries:
            await carrier.came.acquire()
        carrier.busy.set()
        await asyncio.gather(*tries)
        failures = await app.db.value("SELECT failures FROM push_devices WHERE id = $1", device.id)
        assert failures == 1

    async def test_gives_a_device_up_after_a_day_of_failure(
        self, app: App, ann: Person, given_up: PushDevice, pushers: Pushers, carrier: Carrier
    ) -> None:
        shown = await get_device(app.db, ann.actor, given_up.id)
        assert shown.disabled_at is not None
        assert await list_targets(app.db, [ann.id]) == []
        tried = len(carrier.sent)
        outcome = await deliver(app.db, pushers, given_up.id, PAYLOAD)
        assert outcome == Rejected("the device was given up")
        assert len(carrier.sent) == tried

    async def test_revives_it_when_a_test_succeeds(
        self, app: App, ann: Person, given_up: PushDevice, pushers: Pushers
    ) -> None:
        assert isinstance(await deliver(app.db, pushers, given_up.id, PAYLOAD, anyway=True), Sent)
        shown = await get_device(app.db, ann.actor, given_up.id)
        assert (shown.disabled_at, shown.failing_since) == (None, None)
        assert [one.device_id for one in await list_targets(app.db, [ann.id])] == [given_up.id]

    @pytest.mark.parametrize("outcome", [Gone("410"), Retry("no answer"), Sent()])
    async def test_learns_nothing_of_a_token_brought_again_meanwhile(
        self, app: App, ann: Person, carrier: Carrier, pushers: Pushers, outcome: Outcome
    ) -> None:
        """The provider's answer is about the time before."""
        device = await subscribe(app, ann)
        carrier.outcomes = [outcome]
        carrier.busy.clear()
        sending = asyncio.create_task(deliver(app.db, pushers, device.id, PAYLOAD))
        await carrier.came.acquire()
        await app.db.value(
            "UPDATE push_devices SET registered_at = registered_at + interval '1 s' WHERE id = $1",
            device.id,
        )
        carrier.busy.set()
        await sending
        shown = await get_device(app.db, ann.actor, device.id)
        assert (shown.last_error, shown.last_sent_at) == (None, None)

    async def test_does_not_blame_the_device_for_missing_keys(
        self, app: App, ann: Person, device: PushDevice
    ) -> None:
        outcome = await deliver(app.db, Pushers(), device.id, PAYLOAD)
        assert outcome == Rejected("webpush is not set up on this server")
        assert (await get_device(app.db, ann.actor, device.id)).failing_since is None


class TestListTargets:
    async def test_leaves_out_subscriptions_that_are_over(self, app: App, ann: Person) -> None:
        device = await subscribe(app, ann)
        await app.db.value(
            "UPDATE push_devices SET expires_at = now() - interval '1 s' WHERE id = $1", device.id
        )
        assert await list_targets(app.db, [ann.id]) == []
