"""Push devices as they are registered, shown and forgotten."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from cgraph import accounts, notifications
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.notifications import (
    DeviceNotFound,
    NewApns,
    NewWebPush,
    PlatformNotSetUp,
    PushDevice,
    delete_device,
    forget_devices,
    get_device,
    list_devices,
    list_targets,
    register_device,
)
from cgraph_kit import clock
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.push import Apns, ApnsKey, Pushers
from support.devices import new_device, subscribe
from support.people import PASSWORD, Person, register
from support.providers.apns import AppleService
from support.providers.webpush import Browser


@pytest.fixture
async def ann(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def bob(app: App) -> Person:
    return await register(app)


async def sign_in(app: App, person: Person) -> Person:
    """The same person on another device."""
    login = accounts.Login(PASSWORD, login=person.actor.username)
    signed_in = await accounts.log_in(app.db, app.auth, login, accounts.Origin())
    actor = await app.auth.authenticate(app.db, signed_in.tokens.access_token)
    return Person(actor, signed_in.tokens.access_token, signed_in.tokens.refresh_token)


async def listed(app: App, actor: Actor) -> list[PushDevice]:
    return (await list_devices(app.db, actor)).items


async def targets(app: App, *people: Person) -> set[UUID]:
    """Devices that would be pushed to."""
    found = await list_targets(app.db, [person.id for person in people])
    assert {one.user_id for one in found} <= {person.id for person in people}
    return {one.device_id for one in found}


class TestRegisterDevice:
    async def test_pushes_there_from_now_on(self, app: App, ann: Person, bob: Person) -> None:
        device = await subscribe(app, ann)
        assert (device.platform, device.session_id) == ("webpush", ann.actor.session_id)
        assert await listed(app, ann.actor) == [device]
        assert await get_device(app.db, ann.actor, device.id) == device
        assert await targets(app, ann, bob) == {device.id}

    async def test_again_refreshes(
        self, app: App, ann: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        browser = Browser(f"https://push.example.org/{new_id()}")
        first = await subscribe(app, ann, browser)
        later = clock.now() + timedelta(minutes=5)
        monkeypatch.setattr(clock, "now", lambda: later)
        again = await subscribe(app, ann, browser)
        assert (again.id, again.inserted_at) == (first.id, first.inserted_at)
        assert again.registered_at == later

    async def test_takes_the_place_of_the_session_s_old_token(self, app: App, ann: Person) -> None:
        """A browser that renewed its subscription would otherwise show everything twice for a while."""
        old = await subscribe(app, ann)
        new = await subscribe(app, ann)
        assert old.id != new.id
        assert await listed(app, ann.actor) == [new]

    async def test_keeps_those_of_other_sessions(self, app: App, ann: Person) -> None:
        elsewhere = await sign_in(app, ann)
        devices = [await subscribe(app, ann), await subscribe(app, elsewhere)]
        assert await listed(app, ann.actor) == devices[::-1]

    async def test_moves_a_token_to_the_last_who_has_it(
        self, app: App, ann: Person, bob: Person
    ) -> None:
        """Under another id: what is under way to the first never reaches the second."""
        browser = Browser(f"https://push.example.org/{new_id()}")
        hers = await subscribe(app, ann, browser)
        his = await subscribe(app, bob, browser)
        assert await listed(app, ann.actor) == []
        assert await listed(app, bob.actor) == [his]
        assert his.id != hers.id
        assert his.inserted_at > hers.inserted_at

    async def test_at_the_same_time_leaves_one(self, app: App, ann: Person) -> None:
        browser = Browser(f"https://push.example.org/{new_id()}")
        await asyncio.gather(
            *(subscribe(app, ann, browser) for _ in range(4)),
            *(subscribe(app, ann) for _ in range(4)),
        )
        assert len(await listed(app, ann.actor)) == 1

    async def test_swaps_tokens_without_waiting_for_each_other(
        self, app: App, ann: Person, bob: Person
    ) -> None:
        tokens = [new_device(), new_device()]
        for turn in range(30):
            mine, yours = tokens if turn % 2 else reversed(tokens)
            await asyncio.gather(
                *(
                    register_device(app.db, app.pushers, person.actor, token)
                    for person, token in ((ann, mine), (bob, yours))
                )
            )
        assert len(await targets(app, ann, bob)) == 2

    async def test_takes_an_app_s_token_however_it_is_written(
        self, app: App, ann: Person, bob: Person
    ) -> None:
        service, token = AppleService(), new_id().hex * 2
        pushers = Pushers(Apns(ApnsKey.read(service.pem, "key", "team"), "org.example.chat"))
        for person, written in ((ann, token.upper()), (bob, token)):
            device = await register_device(app.db, pushers, person.actor, NewApns(written))
            assert device.platform == "apns"
        assert await listed(app, ann.actor) == []
        await pushers.close()

    async def test_keeps_when_a_subscription_ends(self, app: App, ann: Person) -> None:
        soon = clock.now() + timedelta(hours=1)
        expiring = msgspec.structs.replace(new_device(), expiration_time=soon.timestamp() * 1000)
        device = await register_device(app.db, app.pushers, ann.actor, expiring)
        assert device.expires_at is not None
        assert abs(device.expires_at - soon) < timedelta(seconds=1)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"endpoint": "http://push.example.org/"}, "endpoint"),
            ({"endpoint": "https://10.0.0.1/"}, "endpoint"),
            ({"endpoint": "https://[::1]:8080/"}, "endpoint"),
            ({"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, "keys"),
            ({"expirationTime": 1e300}, "expirationTime"),
            ({"expirationTime": -1e15}, "expirationTime"),
        ],
    )
    async def test_refuses_what_could_never_be_sent_to(
        self, app: App, ann: Person, change: dict[str, Any], field: str
    ) -> None:
        good = msgspec.to_builtins(new_device())
        new = msgspec.convert(good | change, NewWebPush)
        with pytest.raises(Invalid) as refused:
            await register_device(app.db, app.pushers, ann.actor, new)
        assert list(refused.value.fields) == [field]

    async def test_refuses_platforms_without_keys(self, app: App, ann: Person) -> None:
        with pytest.raises(PlatformNotSetUp):
            await register_device(app.db, app.pushers, ann.actor, NewApns("a" * 64))

    async def test_needs_a_session_that_lives(self, app: App, ann: Person) -> None:
        await accounts.log_out(app.db, ann.actor)
        with pytest.raises(accounts.SessionEnded):
            await subscribe(app, ann)


class TestListDevices:
    async def test_page_by_page(self, app: App, ann: Person) -> None:
        devices = [await subscribe(app, await sign_in(app, ann)) for _ in range(3)]
        first = await list_devices(app.db, ann.actor, limit=2)
        rest = await list_devices(app.db, ann.actor, limit=2, after=first.after)
        assert first.items + rest.items == devices[::-1]
        assert rest.after is None

    async def test_leaves_out_those_of_ended_sessions(self, app: App, ann: Person) -> None:
        elsewhere = await sign_in(app, ann)
        device = await subscribe(app, elsewhere)
        await accounts.revoke_session(app.db, ann.actor, elsewhere.actor.session_id)
        assert await listed(app, ann.actor) == []
        assert await targets(app, ann) == set()
        with pytest.raises(DeviceNotFound):
            await get_device(app.db, ann.actor, device.id)


class TestDeleteDevice:
    async def test_only_one_s_own(self, app: App, ann: Person, bob: Person) -> None:
        device = await subscribe(app, ann)
        for actor in (bob.actor, ann.actor):
            refused = actor is bob.actor
            if refused:
                with pytest.raises(DeviceNotFound):
                    await delete_device(app.db, actor, device.id)
            else:
                await delete_device(app.db, actor, device.id)
        with pytest.raises(DeviceNotFound):
            await delete_device(app.db, ann.actor, device.id)


async def count(app: App, *people: Person) -> int:
    """Rows, shown or not."""
    number: int = await app.db.value(
        "SELECT count(*) FROM push_devices WHERE user_id = ANY($1)", [one.id for one in people]
    )
    return number


class TestForgetDevices:
    async def test_drops_what_ended_or_nobody_has_brought_lately(
        self, app: App, ann: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        carol, dave = await register(app), await register(app)
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now - timedelta(days=61))
        await subscribe(app, ann)
        monkeypatch.setattr(clock, "now", lambda: now)
        expired = msgspec.structs.replace(new_device(), expiration_time=1000.0)
        await notifications.register_device(app.db, app.pushers, bob.actor, expired)
        await subscribe(app, carol)
        kept = await subscribe(app, dave)
        await accounts.log_out(app.db, carol.actor)
        assert await count(app, ann, bob, carol, dave) == 4
        await forget_devices(app.db, days=60)
        assert await count(app, ann, bob, carol) == 0
        assert await listed(app, dave.actor) == [kept]
