"""Push devices over HTTP, down to the browser that decrypts what it gets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cgraph import application, notifications
from cgraph.application import App
from cgraph.settings import Settings
from cgraph_kit.ids import new_id
from cgraph_kit.jobs.testing import drain, list_enqueued
from cgraph_web.app import create_app
from support.devices import subscription
from support.limits import RAISED
from support.people import Person, register
from support.providers.serving import ca_file
from support.providers.webpush import PushService, push_service

PATH = "/api/v1/me/devices"


@pytest.fixture(scope="module")
async def next_door() -> AsyncIterator[PushService]:
    """Runs for longer than the application, which keeps connections to it."""
    async with push_service() as service:
        yield service


@pytest.fixture(scope="module")
async def running(
    clones: Any, tmp_path_factory: pytest.TempPathFactory, next_door: PushService
) -> AsyncIterator[App]:
    """An application whose operator has a push service of their own in the next room."""
    directory = tmp_path_factory.mktemp("push")
    settings = Settings(
        env="test",
        database_url=await clones.make(),
        data_dir=directory,
        queues={},
        push_allow_networks=("127.0.0.0/8",),
        push_ca_file=ca_file(Path(directory)),
        argon2_time_cost=1,
        argon2_memory_kib=8,
        **RAISED,
    )
    async with application.start(settings) as app:
        yield app


@pytest.fixture
def service(running: App, next_door: PushService) -> PushService:
    next_door.key = running.pushers.application_server_key or ""
    return next_door


@pytest.fixture
async def ann(running: App) -> Person:
    return await register(running)


@pytest.fixture
def caller(running: App, web: Any, ann: Person) -> Any:
    """Ann's."""
    caller = web().as_(ann.token)
    caller.asgi = create_app(running)
    return caller


async def pushed(running: App) -> Any:
    """Do what waits."""
    return await drain(running.db, running, [notifications.send_test_push], queue="push")


class TestCreate:
    async def test_shows_the_device_but_not_its_token(
        self, caller: Any, service: PushService, ann: Person
    ) -> None:
        browser = service.subscribe()
        answer = await caller.post(PATH, subscription(browser))
        assert answer.status == 201, answer.body
        shown = answer.json["data"]
        assert shown["platform"] == "webpush"
        assert shown["current"] is True
        assert shown["session_id"] == str(ann.actor.session_id)
        assert shown["last_error"] is None
        assert browser.endpoint.encode() not in answer.body
        assert (await caller.get(PATH)).json["data"] == [shown]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"endpoint": "http://push.example.org/"}, "endpoint"),
            ({"endpoint": "https://192.168.0.1/"}, "endpoint"),
            ({"endpoint": "https://push.example.org/" + "x" * 2048}, "endpoint"),
            ({"keys": {"p256dh": "x"}}, "keys.auth"),
            ({"keys": {"p256dh": "x", "auth": "y"}}, "keys"),
            ({"colour": "red"}, "colour"),
            ({"platform": "pigeon"}, "platform"),
        ],
    )
    async def test_names_what_is_wrong(self, caller: Any, change: Any, field: str) -> None:
        answer = await caller.post(PATH, subscription() | change)
        assert answer.status == 422
        assert list(answer.error["fields"]) == [field]

    async def test_tells_apps_that_there_is_nobody_to_carry(self, caller: Any) -> None:
        answer = await caller.post(PATH, {"platform": "fcm", "token": "x"})
        assert (answer.status, answer.code) == (409, "platform_not_set_up")


class TestTest:
    async def test_reaches_the_browser(
        self, caller: Any, running: App, service: PushService
    ) -> None:
        browser = service.subscribe()
        device = (await caller.post(PATH, subscription(browser))).json["data"]
        answer = await caller.post(f"{PATH}/{device['id']}/test")
        assert (answer.status, answer.json["data"]["last_sent_at"]) == (202, None)
        assert await pushed(running) == {"completed": 1}
        (got,) = browser.received
        assert (got["kind"], got["title"]) == ("test", "Test")
        (shown,) = (await caller.get(PATH)).json["data"]
        assert shown["last_sent_at"] is not None

    async def test_tells_what_goes_wrong(
        self, caller: Any, running: App, service: PushService
    ) -> None:
        service.key = "another server's"
        device = (await caller.post(PATH, subscription(service.subscribe()))).json["data"]
        await caller.post(f"{PATH}/{device['id']}/test")
        assert await pushed(running) == {"cancelled": 1}
        (shown,) = (await caller.get(PATH)).json["data"]
        assert shown["last_error"] == "the push service answered 403"
        assert shown["failing_since"] == shown["last_error_at"]

    async def test_finds_out_that_a_subscription_is_over(
        self, caller: Any, running: App, service: PushService
    ) -> None:
        device = (await caller.post(PATH, subscription(service.subscribe()))).json["data"]
        service.browsers.clear()
        await caller.post(f"{PATH}/{device['id']}/test")
        await pushed(running)
        assert (await caller.get(PATH)).json["data"] == []

    async def test_once_in_ten_seconds(
        self, caller: Any, running: App, service: PushService
    ) -> None:
        device = (await caller.post(PATH, subscription(service.subscribe()))).json["data"]
        for _ in range(3):
            assert (await caller.post(f"{PATH}/{device['id']}/test")).status == 202
        waiting = await list_enqueued(
            running.db, notifications.send_test_push, device_id=device["id"]
        )
        assert len(waiting) == 1
        await pushed(running)


class TestRemove:
    async def test_pushes_there_no_more(self, caller: Any, service: PushService) -> None:
        device = (await caller.post(PATH, subscription(service.subscribe()))).json["data"]
        path = f"{PATH}/{device['id']}"
        assert (await caller.send("DELETE", path)).status == 204
        again = await caller.send("DELETE", path)
        assert (again.status, again.code) == (404, "device_not_found")
        assert (await caller.get(PATH)).json["data"] == []

    async def test_only_one_s_own(self, caller: Any, running: App, service: PushService) -> None:
        device = (await caller.post(PATH, subscription(service.subscribe()))).json["data"]
        bob = caller.as_((await register(running)).token)
        for method, path in (("DELETE", PATH), ("POST", PATH)):
            suffix = "/test" if method == "POST" else ""
            answer = await bob.send(method, f"{path}/{device['id']}{suffix}")
            assert (answer.status, answer.code) == (404, "device_not_found")
        nobody = await caller.post(f"{PATH}/{new_id()}/test")
        assert nobody.code == "device_not_found"


class TestVapidKey:
    async def test_is_what_browsers_subscribe_with(self, caller: Any, running: App) -> None:
        answer = await caller.as_(None).get("/api/v1/push/vapid-key")
        assert answer.json == {"data": {"public_key": running.pushers.application_server_key}}
        assert len(answer.json["data"]["public_key"]) == 87
