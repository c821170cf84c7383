import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cgraph_kit import clock
from cgraph_kit.push import Apns, ApnsKey, Device, Gone, Payload, Rejected, Retry, Sent, Unusable
from support.providers.apns import (
    KEY_ID,
    TEAM_ID,
    TOPIC,
    AppleService,
    apple_service,
    in_milliseconds,
    reason,
)
from support.providers.serving import Answered, client_tls, hang_up, misbehaving

PAYLOAD = Payload(
    id="1",
    kind="mention",
    title="Ann",
    body="Grüße 👋",
    url="/c/7",
    data={"conversation_id": "7"},
    badge=3,
    collapse="conversation:7",
    ttl=600,
    urgency="high",
)
TOKEN = "a" * 64
DEVICE = Device("apns", TOKEN, clock.now())


@pytest.fixture
async def service() -> AsyncIterator[AppleService]:
    async with apple_service() as service:
        yield service


@pytest.fixture
async def apns(service: AppleService) -> AsyncIterator[Apns]:
    key = ApnsKey.read(service.pem, KEY_ID, TEAM_ID)
    made = Apns(key, TOPIC, url=service.url, tls=client_tls())
    yield made
    await made.close()


class TestSend:
    async def test_reaches_the_device(self, service: AppleService, apns: Apns) -> None:
        assert await apns.send(DEVICE, PAYLOAD) == Sent("apns-1")
        assert service.devices[TOKEN] == [
            {
                "aps": {
                    "alert": {"title": "Ann", "body": "Grüße 👋"},
                    "sound": "default",
                    "mutable-content": 1,
                    "thread-id": "conversation:7",
                    "badge": 3,
                },
                "id": "1",
                "kind": "mention",
                "url": "/c/7",
                "collapse": "conversation:7",
                "data": {"conversation_id": "7"},
            }
        ]
        headers = service.requests[0].headers
        assert headers["apns-push-type"] == "alert"
        assert headers["apns-priority"] == "10"
        assert headers["apns-collapse-id"] == "conversation:7"
        now = clock.now().timestamp()
        assert now + 540 < int(headers["apns-expiration"]) <= now + 600

    async def test_sends_all_over_one_connection_with_one_token(
        self, service: AppleService, apns: Apns
    ) -> None:
        await asyncio.gather(*(apns.send(DEVICE, PAYLOAD) for _ in range(50)))
        assert len(service.devices[TOKEN]) == 50
        assert len({asked.client for asked in service.requests}) == 1
        assert len({asked.headers["authorization"] for asked in service.requests}) == 1

    async def test_moves_only_the_badge(self, service: AppleService, apns: Apns) -> None:
        assert isinstance(await apns.send(DEVICE, Payload(id="2", kind="read", badge=0)), Sent)
        assert service.devices[TOKEN][0]["aps"] == {"content-available": 1, "badge": 0}
        headers = service.requests[0].headers
        assert (headers["apns-push-type"], headers["apns-priority"]) == ("alert", "5")

    async def test_takes_notifications_away(self, service: AppleService, apns: Apns) -> None:
        silent = Payload(id="2", kind="read", retract=["1"], collapse="conversation:7", ttl=0)
        assert isinstance(await apns.send(DEVICE, silent), Sent)
        (pushed,) = service.devices[TOKEN]
        assert pushed["aps"] == {"content-available": 1}
        assert pushed["retract"] == ["1"]
        headers = service.requests[0].headers
        assert (headers["apns-push-type"], headers["apns-priority"]) == ("background", "5")
        assert headers["apns-expiration"] == "0"
        assert "apns-collapse-id" not in headers

    @pytest.mark.parametrize("collapse", ["x" * 64, "x" * 65, "ü" * 40, "two\nlines"])
    async def test_names_what_it_replaces_in_64_bytes(
        self, service: AppleService, apns: Apns, collapse: str
    ) -> None:
        named = msgspec.structs.replace(PAYLOAD, collapse=collapse)
        assert isinstance(await apns.send(DEVICE, named), Sent)
        sent = service.requests[0].headers["apns-collapse-id"]
        assert (sent == collapse) is (collapse == "x" * 64)

    @pytest.mark.parametrize("text", ["x" * 100_000, "👋" * 5000, '"\n' * 5000])
    async def test_shortens_what_is_too_long(
        self, service: AppleService, apns: Apns, text: str
    ) -> None:
        long = msgspec.structs.replace(PAYLOAD, body=text)
        assert isinstance(await apns.send(DEVICE, long), Sent)
        (asked,) = service.requests
        assert 4080 <= len(asked.body) <= 4096

    async def test_learns_that_an_app_is_gone(self, service: AppleService, apns: Apns) -> None:
        """Unless it has come back since."""
        service.unregistered = {TOKEN: in_milliseconds(seconds_ago=60)}
        hour = timedelta(hours=1)
        before = msgspec.structs.replace(DEVICE, registered_at=clock.now() - hour)
        assert await apns.send(before, PAYLOAD) == Gone("APNs answered 410 Unregistered")
        since = msgspec.structs.replace(DEVICE, registered_at=clock.now())
        assert await apns.send(since, PAYLOAD) == Retry("APNs answered 410 Unregistered")
        service.answers = [reason(410, "Unregistered")]
        assert await apns.send(since, PAYLOAD) == Gone("APNs answered 410 Unregistered")

    async def test_keeps_tokens_of_another_environment(
        self, service: AppleService, apns: Apns
    ) -> None:
        other = Device("apns", "b" * 64, clock.now())
        assert await apns.send(other, PAYLOAD) == Rejected("APNs answered 400 BadDeviceToken")

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            (
                reason(403, "InvalidProviderToken"),
                Rejected("APNs answered 403 InvalidProviderToken"),
            ),
            (reason(413, "PayloadTooLarge"), Rejected("APNs answered 413 PayloadTooLarge")),
            (reason(429, "TooManyRequests"), Retry("APNs answered 429 TooManyRequests")),
            (
                reason(429, "TooManyProviderTokenUpdates"),
                Retry("APNs answered 429 TooManyProviderTokenUpdates", 1200),
            ),
            (reason(500, "InternalServerError"), Retry("APNs answered 500 InternalServerError")),
            (Answered(503, {"retry-after": "7"}), Retry("APNs answered 503", 7)),
            (Answered(400, {}, b"<html>"), Rejected("APNs answered 400")),
        ],
    )
    async def test_says_what_came_of_it(
        self, service: AppleService, apns: Apns, answer: Answered, outcome: Any
    ) -> None:
        service.answers = [answer]
        assert await apns.send(DEVICE, PAYLOAD) == outcome
        assert len(service.requests) == 1

    async def test_tries_again_where_nobody_answers(self, service: AppleService) -> None:
        async with misbehaving(hang_up) as url:
            key = ApnsKey.read(service.pem, KEY_ID, TEAM_ID)
            apns = Apns(key, TOPIC, url=url, tls=client_tls())
            assert await apns.send(DEVICE, PAYLOAD) == Retry("APNs cannot be reached")
            await apns.close()


class TestCheck:
    def test_finds_what_could_never_be_sent_to(self, apns: Apns) -> None:
        apns.check(DEVICE)
        for token in ("a" * 15, "../../x", "g" * 64, "a" * 64 + "\n", "a" * 201):
            with pytest.raises(Unusable, match="token"):
                apns.check(Device("apns", token, clock.now()))


class TestProviderToken:
    async def test_is_renewed_before_it_is_too_old(
        self, service: AppleService, apns: Apns, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = clock.now()
        for minutes in (0, 49, 51, 99, 102):
            monkeypatch.setattr(clock, "now", lambda m=minutes: now + timedelta(minutes=m))
            assert isinstance(await apns.send(DEVICE, PAYLOAD), Sent)
        tokens = [asked.headers["authorization"] for asked in service.requests]
        assert len(tokens) == 5
        assert len(set(tokens)) == 3

    async def test_is_renewed_when_apple_finds_it_too_old(
        self, service: AppleService, apns: Apns, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await apns.send(DEVICE, PAYLOAD)
        later = clock.now() + timedelta(minutes=30)
        monkeypatch.setattr(clock, "now", lambda: later)
        service.answers = [reason(403, "ExpiredProviderToken")]
        assert isinstance(await apns.send(DEVICE, PAYLOAD), Sent)
        assert len({asked.headers["authorization"] for asked in service.requests}) == 2

    async def test_is_not_renewed_more_often_than_apple_likes(
        self, service: AppleService, apns: Apns
    ) -> None:
        """A clock that is wrong is not helped by signing again."""
        service.answers = [reason(403, "ExpiredProviderToken")] * 3
        for _ in range(3):
            outcome = await apns.send(DEVICE, PAYLOAD)
            assert outcome == Rejected("APNs answered 403 ExpiredProviderToken")
        assert len({asked.headers["authorization"] for asked in service.requests}) == 1


class TestApnsKey:
    def test_keeps_its_secret(self, service: AppleService) -> None:
        assert service.pem not in repr(ApnsKey.read(service.pem, KEY_ID, TEAM_ID))

    def test_is_nothing_else(self) -> None:
        with pytest.raises(ValueError, match="EC key"):
            ApnsKey.read("nonsense", KEY_ID, TEAM_ID)
