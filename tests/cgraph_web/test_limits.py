"""Who may ask how much, and what they are told of it."""

import asyncio
import copy
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from cgraph.accounts import TokenExpired, grant_admin, limits_of
from cgraph.application import App
from cgraph.limiting import limiting
from cgraph.settings import Settings, SettingsError
from cgraph_kit import telemetry
from cgraph_kit.channels.testing import ClientSocket, ConnectRefused, JoinRefused
from cgraph_kit.channels.testing import connect as connect_to
from cgraph_kit.engines import ValkeyServer
from cgraph_kit.ids import new_id
from cgraph_web.action import get
from cgraph_web.app import create_app
from cgraph_web.limits import EVENTS, PHX_JOIN, ROUTES, Scope, scope_of, scope_of_event
from cgraph_web.plugs import doors
from cgraph_web.plugs.rate_limit import RateLimits
from cgraph_web.realtime import realtime
from cgraph_web.router import ROUTES as ALL
from cgraph_web.socket import UserSocket
from support.limits import RAISED
from support.people import PASSWORD, Person, converse, register
from support.things import THINGS, greet, index

from .conftest import Caller

HEADERS = ("limit", "remaining", "reset", "reset-after", "bucket", "scope")
Make = Callable[..., Any]


def told(answer: Any) -> dict[str, str]:
    """What an answer says of rate limits."""
    prefix = "x-ratelimit-"
    return {
        name.removeprefix(prefix): value
        for name, value in answer.headers.items()
        if name.startswith(prefix)
    }


def counted(name: str, **labels: str) -> float:
    """A metric of this process."""
    return telemetry.registry.get_sample_value(name, labels) or 0.0


class Place:
    """The application with limits of its own, over HTTP and over channels."""

    def __init__(self, app: App, endpoint: Any) -> None:
        self.app = app
        self._endpoint = endpoint

    async def person(self) -> Person:
        return await register(self.app)

    async def caller(self, person: Person | None = None) -> Caller:
        """Somebody who calls over HTTP."""
        token = (person or await self.person()).token
        return Caller(cast("Any", self.app), create_app(self.app), token)

    def nobody(self) -> Caller:
        return Caller(cast("Any", self.app), create_app(self.app), None)

    async def connect(self, person: Person) -> ClientSocket:
        return await connect_to(self._endpoint, {"token": person.token})

    async def knock(self, token: str, headers: dict[str, str]) -> ClientSocket:
        """Somebody connects through a proxy."""
        return await connect_to(self._endpoint, {"token": token}, headers=headers)


@asynccontextmanager
async def limited(app: App, **changes: Any) -> AsyncIterator[Place]:
    settings = Settings(
        **{
            "env": "test",
            "database_url": app.settings.database_url,
            "data_dir": app.settings.data_dir,
            **RAISED,
            **changes,
        }
    )
    async with AsyncExitStack() as stack:
        limiter = await stack.enter_async_context(limiting(settings))
        auth = copy.copy(app.auth)
        auth.limiter, auth.limits = limiter, limits_of(settings)
        changed = replace(app, settings=settings, limiter=limiter, auth=auth)
        endpoint = await stack.enter_async_context(realtime(changed))
        yield Place(changed, endpoint)


class TestTable:
    def test_names_the_scope_of_every_route(self) -> None:
        assert {route.action.name for route in ALL} == set(ROUTES)

    def test_names_the_scope_of_every_join_and_every_channel_event(self) -> None:
        said = {kind.topic: {PHX_JOIN, *kind.handlers} for kind in UserSocket.channels}
        assert said == {topic: set(events) for topic, events in EVENTS.items()}

    def test_every_scope_is_a_setting(self) -> None:
        scopes = {name.removeprefix("rate_limit_") for name in Settings.model_fields}
        assert {scope.value for scope in Scope} <= scopes

    def test_what_is_not_named_is_no_freer(self) -> None:
        assert scope_of(get("/things", index)) is Scope.API
        assert scope_of_event("new:*", "event") is Scope.API

    def test_messages_count_once_whichever_way_they_come(self) -> None:
        assert ROUTES["messages.create"] == EVENTS["conversation:*"]["new_message"]


class TestRequests:
    async def test_are_told_what_is_left(self, web: Make) -> None:
        caller = web(*THINGS, rate_limit_api="3/min")
        answer = await caller.get("/things")
        assert list(told(answer)) == list(HEADERS)
        found = told(answer)
        assert (found["limit"], found["remaining"]) == ("3", "2")
        assert (found["scope"], found["bucket"]) == ("api", "api:user")
        assert float(found["reset-after"]) == pytest.approx(20, abs=1)
        assert float(found["reset"]) == pytest.approx(time.time() + 20, abs=5)

    async def test_are_told_when_again(self, web: Make) -> None:
        caller = web(*THINGS, rate_limit_api="1/min")
        await caller.get("/things")
        refused = await caller.get("/things")
        assert (refused.status, refused.code) == (429, "rate_limited")
        assert refused.error["scope"] == "api"
        assert 58 < refused.error["retry_after"] <= 60
        assert refused.headers["retry-after"] in {"59", "60"}
        assert told(refused)["remaining"] == "0"

    @pytest.mark.parametrize(
        ("path", "status"), [("/things?limit=none", 422), ("/things/unknown", 404)]
    )
    async def test_that_fail_are_counted_and_told_too(
        self, web: Make, path: str, status: int
    ) -> None:
        answer = await web(*THINGS, rate_limit_api="3/min").get(path)
        assert answer.status == status
        assert told(answer)["remaining"] == "2"

    async def test_for_test_pushes_have_a_limit_of_their_own(self, app: App) -> None:
        async with limited(app, rate_limit_push_test="1/min") as place:
            ada = await place.caller()
            answers = [await ada.post(f"/api/v1/me/devices/{new_id()}/test") for _ in range(2)]
            assert [answer.status for answer in answers] == [404, 429]
            assert answers[1].error["scope"] == "push_test"
            assert (await ada.get("/api/v1/me/devices")).status == 200

    async def test_to_nowhere_are_not_counted(self, web: Make) -> None:
        caller = web(*THINGS)
        assert told(await caller.get("/nowhere")) == {}
        assert told(await caller.send("OPTIONS", "/things")) == {}

    async def test_browsers_may_read_the_headers(self, web: Make) -> None:
        caller = web(*THINGS, cors_origins=("https://a.example",))
        answer = await caller.get("/things", headers={"origin": "https://a.example"})
        exposed = answer.headers["access-control-expose-headers"].lower()
        assert all(f"x-ratelimit-{name}" in exposed for name in HEADERS)


class TestCallers:
    async def test_are_counted_as_persons_wherever_they_call_from(self, web: Make) -> None:
        caller = web(*THINGS, rate_limit_api="2/min")
        for address in ("203.0.113.1", "203.0.113.2"):
            assert (await caller.get("/things", client=(address, 1))).status == 200
        assert (await caller.get("/things", client=("203.0.113.3", 1))).status == 429
        other = caller.as_(caller.app.auth.person())
        assert (await other.get("/things", client=("203.0.113.1", 1))).status == 200

    async def test_without_a_name_are_counted_by_network(self, web: Make) -> None:
        nobody = web(get("/greetings/{name}", greet), rate_limit_api="2/min").as_(None)

        async def ask(address: str) -> Any:
            return await nobody.get("/greetings/ann", client=(address, 1))

        first = await ask("2001:db8:1:2::1")
        assert told(first)["bucket"] == "api:address"
        assert (await ask("2001:db8:1:2:ffff::2")).status == 200
        assert (await ask("2001:db8:1:2::3")).status == 429
        assert (await ask("2001:db8:1:3::1")).status == 200

    async def test_behind_a_trusted_proxy_are_told_apart(self, web: Make) -> None:
        routes = get("/greetings/{name}", greet)
        nobody = web(routes, rate_limit_api="1/min", trusted_proxies=("10.0.0.0/8",)).as_(None)

        async def ask(proxy: str, said: str) -> int:
            headers = {"x-forwarded-for": said}
            answer = await nobody.get("/greetings/ann", client=(proxy, 1), headers=headers)
            return int(answer.status)

        assert [await ask("10.0.0.1", "198.51.100.1"), await ask("10.0.0.1", "198.51.100.2")] == [
            *(200, 200)
        ]
        assert await ask("10.9.9.9", "198.51.100.1") == 429
        assert [await ask("203.0.113.5", "a"), await ask("203.0.113.5", "b")] == [200, 429]

    async def test_with_a_token_that_is_none_are_counted_by_address(self, web: Make) -> None:
        caller = web(*THINGS, rate_limit_api="2/min")
        stranger = caller.as_("nonsense")
        assert [(await stranger.get("/things")).status for _ in range(3)] == [401, 401, 429]
        assert (await caller.get("/things")).status == 200

    async def test_whose_token_is_past_its_time_always_learn_that(self, web: Make) -> None:
        caller = web(*THINGS, rate_limit_api="1/min")

        async def expired(*_: Any) -> None:
            raise TokenExpired

        caller.app.auth.authenticate = expired
        answers = [await caller.get("/things") for _ in range(3)]
        assert [answer.code for answer in answers] == ["token_expired"] * 3


class TestRepeats:
    async def test_of_an_ordinary_request_are_ordinary_requests(self, web: Make) -> None:
        caller = web(*THINGS, rate_limit_api="5/min")
        body, headers = {"id": str(new_id())}, {"idempotency-key": new_id().hex}
        answers = [await caller.post("/things", body, headers=headers) for _ in range(3)]
        assert [answer.status for answer in answers] == [201, 201, 201]
        assert answers[1].headers["idempotent-replay"] == "true"
        assert [told(answer)["remaining"] for answer in answers] == ["4", "3", "2"]

    async def test_of_a_message_are_not_counted_as_messages(self, app: App) -> None:
        async with limited(app, rate_limit_message="3/min", rate_limit_api="4/min") as place:
            ada = await place.person()
            conversation = await converse(place.app, ada)
            caller, socket = await place.caller(ada), await place.connect(ada)
            channel = await socket.join(f"conversation:{conversation}")
            path, body = f"/api/v1/conversations/{conversation}/messages", {"content": "hi"}
            body["client_id"] = new_id().hex

            answers = [await caller.post(path, body) for _ in range(3)]
            assert [answer.status for answer in answers] == [201, 201, 201]
            assert [told(answer)["remaining"] for answer in answers] == ["2", "2", "2"]
            for _ in range(2):
                await channel.assert_reply(channel.push("new_message", body), "ok")

            again = await caller.post(path, body)
            assert (again.status, again.error["scope"]) == (429, "api")
            assert (told(again)["bucket"], told(again)["remaining"]) == ("api:user", "0")
            reply = await channel.assert_reply(channel.push("new_message", body), "error")
            assert (reply["reason"], reply["scope"]) == ("rate_limited", "api")
            assert (await caller.post(path, {"content": "another"})).status == 201


class TestMode:
    async def test_a_dry_run_only_counts(self, web: Make) -> None:
        name = "rate_limit_dry_run_hits_total"
        before = counted(name, scope="api")
        caller = web(*THINGS, rate_limits="dry_run", rate_limit_api="1/min")
        async with limiting(caller.app.settings) as caller.app.limiter:
            caller.asgi = create_app(caller.app, routes=THINGS)
            answers = [await caller.get("/things") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 200]
        assert [told(answer) for answer in answers] == [{}, {}, {}]
        assert counted(name, scope="api") == before + 2

    async def test_on_counts_what_was_refused(self, web: Make) -> None:
        before = counted("rate_limit_hits_total", scope="api")
        caller = web(*THINGS, rate_limit_api="1/min")
        async with limiting(caller.app.settings) as caller.app.limiter:
            caller.asgi = create_app(caller.app, routes=THINGS)
            assert [(await caller.get("/things")).status for _ in range(3)] == [200, 429, 429]
        assert counted("rate_limit_hits_total", scope="api") == before + 2

    async def test_off_limits_nobody(self, web: Make, caplog: pytest.LogCaptureFixture) -> None:
        caller = web(*THINGS, rate_limits="off", rate_limit_api="1/min")
        async with limiting(caller.app.settings) as caller.app.limiter:
            caller.asgi = create_app(caller.app, routes=THINGS)
            answers = [await caller.get("/things") for _ in range(3)]
            for _ in range(3):
                guess = await caller.app.limiter.check("ann", limits_of(Settings()).login, 5)
                assert guess.allowed
        assert [(answer.status, told(answer)) for answer in answers] == [(200, {})] * 3
        assert "not even guesses at passwords" in caplog.text


class TestOverrides:
    async def test_give_an_operation_a_limit_of_its_own(self, app: App) -> None:
        async with limited(app, rate_limit_overrides={"me.show": "1/min"}) as place:
            ada = await place.caller()
            assert [(await ada.get("/api/v1/me")).status for _ in range(2)] == [200, 429]
            assert told(await ada.get("/api/v1/me"))["bucket"] == "me.show:user"
            assert (await ada.get("/api/v1/me/blocks")).status == 200

    async def test_reach_channel_events(self, app: App) -> None:
        async with limited(app, rate_limit_overrides={"user.join": "1/min"}) as place:
            ada = await place.person()
            socket = await place.connect(ada)
            await socket.join(f"user:{ada.id}")
            with pytest.raises(JoinRefused) as refused:
                await socket.join(f"user:{ada.id}")
            assert refused.value.response["scope"] == "user.join"

    @pytest.mark.parametrize("name", ["me.nothing", "auth.login", "health.live"])
    def test_of_what_is_not_limited_stop_the_start(self, web: Make, name: str) -> None:
        with pytest.raises(SettingsError, match=f"nothing limited is called {name}"):
            web(*THINGS, rate_limit_overrides={name: "1/min"})

    def test_must_be_rates(self) -> None:
        for wrong in ({"rate_limit_api": "often"}, {"rate_limit_overrides": {"me.show": "1"}}):
            with pytest.raises(ValueError, match="is not a rate"):
                Settings(**wrong)


class TestMessages:
    async def test_share_one_limit_over_rest_and_channels(self, app: App) -> None:
        async with limited(app, rate_limit_message="3/min") as place:
            ada = await place.person()
            conversation = await converse(place.app, ada)
            caller, socket = await place.caller(ada), await place.connect(ada)
            channel = await socket.join(f"conversation:{conversation}")
            path, body = f"/api/v1/conversations/{conversation}/messages", {"content": "hi"}

            answers = [await caller.post(path, body) for _ in range(2)]
            assert [told(answer)["remaining"] for answer in answers] == ["2", "1"]
            await channel.assert_reply(channel.push("new_message", body), "ok")

            refused = await caller.post(path, body)
            assert (refused.status, refused.error["scope"]) == (429, "message")
            reply = await channel.assert_reply(channel.push("new_message", body), "error")
            assert (reply["reason"], reply["scope"]) == ("rate_limited", "message")
            assert 18 < reply["retry_after"] <= 20
            await channel.assert_reply(channel.push("read", {}), "ok")
            assert socket.closed is None


class TestChannels:
    async def test_count_joins(self, app: App) -> None:
        async with limited(app, rate_limit_join="1/min") as place:
            ada = await place.person()
            socket = await place.connect(ada)
            await socket.join(f"user:{ada.id}")
            with pytest.raises(JoinRefused) as refused:
                await socket.join(f"conversation:{new_id()}")
            answer = refused.value.response
            assert (answer["reason"], answer["scope"]) == ("rate_limited", "join")
            assert 58 < answer["retry_after"] <= 60
            assert socket.closed is None

    async def test_count_sockets(self, app: App) -> None:
        async with limited(app, rate_limit_connect="2/min") as place:
            ada, bob = await place.person(), await place.person()
            for _ in range(2):
                await place.connect(ada)
            with pytest.raises(ConnectRefused) as refused:
                await place.connect(ada)
            assert refused.value.status == 429
            await place.connect(bob)

    async def test_typing_has_a_pace_of_its_own(self, app: App) -> None:
        async with limited(app, rate_limits="off") as place:
            ada, bob = await place.person(), await place.person()
            conversation = await converse(place.app, ada, bob)
            topic = f"conversation:{conversation}"
            hers = await (await place.connect(ada)).join(topic)
            his = await (await place.connect(bob)).join(topic)
            for _ in range(3):
                hers.push("typing")
            await hers.assert_reply(hers.push("read", {}), "ok")
            await his.assert_push("user_typing")
            await his.refute_push("user_typing")


class TestAttempts:
    """Accounts count those; the answers show it."""

    async def test_wrong_passwords_are_shown_and_right_ones_do_not_count(self, app: App) -> None:
        async with limited(app, rate_limit_login="3/min") as place:
            ada, nobody = await place.person(), place.nobody()
            login = {"login": ada.actor.username, "password": PASSWORD}

            async def log_in(**changes: str) -> Any:
                return await nobody.post("/api/v1/auth/login", login | changes)

            right = await log_in()
            assert (right.status, told(right)["remaining"]) == (200, "3")
            assert told(right)["bucket"] == "login:address"
            wrong = [await log_in(password="wrong") for _ in range(4)]
            assert [answer.status for answer in wrong] == [401, 401, 401, 429]
            assert [told(answer)["remaining"] for answer in wrong] == ["2", "1", "0", "0"]
            assert (wrong[3].code, wrong[3].error["scope"]) == ("too_many_attempts", "login")
            assert 18 < wrong[3].error["retry_after"] <= 20

    async def test_an_account_under_attack_is_shown_as_such_elsewhere(self, app: App) -> None:
        async with limited(app, rate_limit_login="2/min") as place:
            ada, nobody = await place.person(), place.nobody()
            login = {"login": ada.actor.username, "password": "wrong"}

            async def guess(address: str) -> Any:
                return await nobody.post("/api/v1/auth/login", login, client=(address, 1))

            for _ in range(2):
                await guess("198.51.100.1")
            refused = await guess("198.51.100.2")
            assert (refused.status, told(refused)["remaining"]) == (429, "0")
            assert 28 < float(told(refused)["reset-after"]) <= 30

    async def test_resets_are_shown_by_address(self, app: App) -> None:
        async with limited(app, rate_limit_reset="1/hour") as place:
            nobody = place.nobody()
            answers = [
                await nobody.post(
                    "/api/v1/auth/password/forgot", {"email": f"{new_id().hex}@example.org"}
                )
                for _ in range(5)
            ]
            assert [answer.status for answer in answers] == [204, 204, 204, 204, 429]
            assert [told(answer)["remaining"] for answer in answers] == ["3", "2", "1", "0", "0"]
            assert told(answers[0])["limit"] == "4"

    async def test_a_dry_run_refuses_none(self, app: App) -> None:
        async with limited(app, rate_limits="dry_run", rate_limit_login="1/min") as place:
            login = {"login": "nobody-at-all", "password": "wrong"}
            answers = [await place.nobody().post("/api/v1/auth/login", login) for _ in range(3)]
            assert [(answer.status, told(answer)) for answer in answers] == [(401, {})] * 3


class TestAdministrators:
    async def test_may_ask_more(self, app: App) -> None:
        async with limited(app, rate_limit_api="2/min", admin_limit_factor=2) as place:
            ada = await place.person()
            await grant_admin(place.app.db, ada.actor.username)
            caller = await place.caller(ada)
            place.app.auth.verified.clear()
            answers = [await caller.get("/api/v1/me") for _ in range(5)]
            assert [answer.status for answer in answers] == [200, 200, 200, 200, 429]
            assert told(answers[0])["limit"] == "4"

    async def test_on_channels_too_and_of_one_count(self, app: App) -> None:
        async with limited(app, rate_limit_message="1/min", admin_limit_factor=0) as place:
            ada, bob = await place.person(), await place.person()
            await grant_admin(place.app.db, ada.actor.username)
            place.app.auth.verified.clear()
            conversation = await converse(place.app, ada, bob)
            for person, status in ((ada, "ok"), (bob, "error")):
                channel = await (await place.connect(person)).join(f"conversation:{conversation}")
                await channel.assert_reply(channel.push("new_message", {"content": "one"}), "ok")
                again = channel.push("new_message", {"content": "two"})
                await channel.assert_reply(again, status)


SHUT_OUT = ("203.0.113.7", 1)
"""Who is refused and refused again."""


class TestBlocks:
    async def test_shut_out_who_asks_for_nothing_but_refusals(self, web: Make) -> None:
        caller = web(*THINGS, block_after=3)
        stranger = caller.as_("nonsense")
        for _ in range(4):
            assert (await stranger.get("/things", client=SHUT_OUT)).status == 401
        for somebody in (stranger, caller, caller.as_(None)):
            refused = await somebody.get("/things", client=SHUT_OUT)
            assert (refused.status, refused.code) == (429, "address_blocked")
            assert 590 < refused.error["retry_after"] <= 600
        assert (await caller.get("/things", client=("203.0.113.8", 1))).status == 200

    async def test_end_by_themselves(self, web: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        caller = web(*THINGS, block_after=1)
        for _ in range(2):
            await caller.as_("nonsense").get("/things", client=SHUT_OUT)
        assert (await caller.get("/things", client=SHUT_OUT)).status == 429
        monkeypatch.setattr(doors, "monotonic", lambda: time.monotonic() + 601)
        assert (await caller.get("/things", client=SHUT_OUT)).status == 200

    @pytest.mark.parametrize("near", ["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "::ffff:10.0.0.1"])
    async def test_spare_what_is_more_likely_a_proxy(self, web: Make, near: str) -> None:
        caller = web(*THINGS, block_after=1)
        for _ in range(3):
            await caller.as_("nonsense").get("/things", client=(near, 1))
        assert (await caller.get("/things", client=(near, 1))).status == 200

    async def test_can_be_switched_off(self, web: Make) -> None:
        stranger = web(*THINGS, block_after=0).as_("nonsense")
        answers = [await stranger.get("/things", client=SHUT_OUT) for _ in range(5)]
        assert [answer.status for answer in answers] == [401] * 5

    async def test_spare_whose_token_is_past_its_time(self, web: Make) -> None:
        caller = web(*THINGS, block_after=1)

        async def expired(*_: Any) -> None:
            raise TokenExpired

        caller.app.auth.authenticate = expired
        answers = [await caller.get("/things", client=SHUT_OUT) for _ in range(3)]
        assert [answer.code for answer in answers] == ["token_expired"] * 3

    async def test_only_count_in_a_dry_run(self, web: Make) -> None:
        caller = web(*THINGS, rate_limits="dry_run", block_after=1)
        async with limiting(caller.app.settings) as caller.app.limiter:
            caller.asgi = create_app(caller.app, routes=THINGS)
            stranger = caller.as_("nonsense")
            answers = [await stranger.get("/things", client=SHUT_OUT) for _ in range(4)]
        assert [answer.status for answer in answers] == [401] * 4

    async def test_reach_sockets(self, app: App) -> None:
        async with limited(app, block_after=2, trusted_proxies=("unix",)) as place:
            ada = await place.person()
            headers = {"x-forwarded-for": SHUT_OUT[0]}
            for status in (403, 403, 403, 429):
                with pytest.raises(ConnectRefused) as refused:
                    await place.knock("nonsense", headers)
                assert refused.value.status == status
            with pytest.raises(ConnectRefused) as refused:
                await place.knock(ada.token, headers)
            assert refused.value.status == 429
            await place.knock(ada.token, {"x-forwarded-for": "203.0.113.8"})

    async def test_count_sockets_with_bad_tokens_by_address(self, app: App) -> None:
        async with limited(app, rate_limit_api="2/min", trusted_proxies=("unix",)) as place:
            for status in (403, 403, 429):
                with pytest.raises(ConnectRefused) as refused:
                    await place.knock("nonsense", {"x-forwarded-for": SHUT_OUT[0]})
                assert refused.value.status == status


@pytest.fixture
def valkey(tmp_path: Path) -> Any:
    server = ValkeyServer(tmp_path / "valkey").start()
    yield server
    server.stop()


class TestWithoutValkey:
    async def test_reads_go_on_writes_are_counted_here_and_logins_wait(
        self, app: App, valkey: ValkeyServer
    ) -> None:
        rates = {"rate_limit_api": "2/min", "rate_limit_message": "2/min"}
        async with limited(app, valkey_url=valkey.url, **rates) as place:
            ada = await place.person()
            caller, conversation = await place.caller(ada), await converse(place.app, ada)
            path, body = f"/api/v1/conversations/{conversation}/messages", {"content": "hi"}
            login = {"login": ada.actor.username, "password": PASSWORD}

            statuses = [(await caller.get("/api/v1/me")).status for _ in range(3)]
            assert statuses == [200, 200, 429]
            assert (await place.nobody().post("/api/v1/auth/login", login)).status == 200

            local = counted("rate_limit_fallbacks_total", scope="message", policy="local")
            await asyncio.to_thread(valkey.stop)

            statuses = [(await caller.get("/api/v1/me")).status for _ in range(5)]
            assert statuses == [200] * 5
            statuses = [(await caller.post(path, body)).status for _ in range(3)]
            assert statuses == [201, 201, 429]
            closed = await place.nobody().post("/api/v1/auth/login", login)
            assert (closed.status, closed.code) == (503, "unavailable")
            assert closed.headers["retry-after"] == "1"
            now = counted("rate_limit_fallbacks_total", scope="message", policy="local")
            assert now == local + 3

    async def test_what_one_node_shuts_out_the_others_do(
        self, app: App, valkey: ValkeyServer
    ) -> None:
        async with (
            limited(app, valkey_url=valkey.url, block_after=2) as one,
            limiting(one.app.settings) as limiter,
        ):
            other = replace(one.app, limiter=limiter)
            here, there = one.nobody(), Caller(cast("Any", other), create_app(other), None)
            for _ in range(3):
                assert (await here.get("/api/v1/me", client=SHUT_OUT)).status == 401
            assert (await here.get("/api/v1/me", client=SHUT_OUT)).code == "address_blocked"
            assert (await there.get("/api/v1/me", client=SHUT_OUT)).status == 401
            assert (await there.get("/api/v1/me", client=SHUT_OUT)).code == "address_blocked"

    async def test_all_nodes_count_together_while_it_is_there(
        self, app: App, valkey: ValkeyServer
    ) -> None:
        rates = {"rate_limit_api": "3/min", "valkey_url": valkey.url}
        async with limited(app, **rates) as one:
            ada = await one.person()
            async with limiting(one.app.settings) as limiter:
                other = replace(one.app, limiter=limiter)
                here, there = await one.caller(ada), Caller(cast("Any", other), create_app(other))
                there.token = ada.token
                answers = [await each.get("/api/v1/me") for each in (here, there, here, there)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]


class TestRateLimits:
    async def test_counts_an_event_nobody_named_as_any_other(self, web: Make) -> None:
        limits = RateLimits(web(*THINGS, rate_limit_api="1/min").app)
        meter = limits.of_event("new:*", "event")
        assert meter is not None
        assert meter.limit.name == "api"
