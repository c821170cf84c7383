import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cgraph_kit import clock
from cgraph_kit.push import (
    Device,
    Fcm,
    Gone,
    Payload,
    Rejected,
    Retry,
    Sent,
    ServiceAccount,
    Unusable,
)
from support.providers.fcm import FirebaseService, failure, firebase
from support.providers.serving import Answered, client_tls, hang_up, json_answer, misbehaving

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
DEVICE = Device("fcm", "token:a", clock.now())


@pytest.fixture
async def service() -> AsyncIterator[FirebaseService]:
    async with firebase() as service:
        yield service


@pytest.fixture
async def fcm(service: FirebaseService) -> AsyncIterator[Fcm]:
    account = ServiceAccount.read(service.account)
    made = Fcm(account, url=service.url, tls=client_tls())
    yield made
    await made.close()


class TestSend:
    async def test_reaches_the_device(self, service: FirebaseService, fcm: Fcm) -> None:
        assert await fcm.send(DEVICE, PAYLOAD) == Sent("projects/chat/messages/0:1")
        (message,) = service.devices["token:a"]
        assert message["data"] == {
            "id": "1",
            "kind": "mention",
            "title": "Ann",
            "body": "Grüße 👋",
            "url": "/c/7",
            "badge": "3",
            "collapse": "conversation:7",
            "data": '{"conversation_id":"7"}',
        }
        assert message["android"] == {"priority": "HIGH", "ttl": "600s"}
        assert message["apns"]["headers"]["apns-collapse-id"] == "conversation:7"
        assert message["apns"]["payload"]["aps"]["alert"] == {"title": "Ann", "body": "Grüße 👋"}

    async def test_moves_only_the_badge(self, service: FirebaseService, fcm: Fcm) -> None:
        """Where several of them wait for a device, the last one will do."""
        assert isinstance(await fcm.send(DEVICE, Payload(id="2", kind="read", badge=0)), Sent)
        (message,) = service.devices["token:a"]
        assert message["data"] == {"id": "2", "kind": "read", "badge": "0"}
        assert message["android"]["collapse_key"] == "badge"
        assert message["apns"]["payload"]["aps"] == {"content-available": 1, "badge": 0}

    async def test_takes_notifications_away(self, service: FirebaseService, fcm: Fcm) -> None:
        await fcm.send(DEVICE, Payload(id="2", kind="read", retract=["1", "conversation:7"]))
        (message,) = service.devices["token:a"]
        assert message["data"]["retract"] == '["1","conversation:7"]'
        assert "collapse_key" not in message["android"]

    @pytest.mark.parametrize("text", ["x" * 100_000, "👋" * 5000, '"\n' * 5000])
    async def test_shortens_what_is_too_long(
        self, service: FirebaseService, fcm: Fcm, text: str
    ) -> None:
        long = msgspec.structs.replace(PAYLOAD, body=text)
        assert isinstance(await fcm.send(DEVICE, long), Sent)
        (message,) = service.devices["token:a"]
        shown = message["data"]["body"]
        assert text.startswith(shown.removesuffix("…").rstrip())
        assert message["apns"]["payload"]["aps"]["alert"]["body"] == shown

    async def test_fetches_one_access_token_for_all(
        self, service: FirebaseService, fcm: Fcm
    ) -> None:
        await asyncio.gather(*(fcm.send(DEVICE, PAYLOAD) for _ in range(20)))
        await fcm.send(DEVICE, PAYLOAD)
        assert len(service.devices["token:a"]) == 21
        assert len(service.tokens) == 1

    async def test_fetches_the_next_before_it_ends(
        self, service: FirebaseService, fcm: Fcm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fcm.send(DEVICE, PAYLOAD)
        later = clock.now() + timedelta(minutes=54)
        monkeypatch.setattr(clock, "now", lambda: later)
        await fcm.send(DEVICE, PAYLOAD)
        assert len(service.tokens) == 1
        service.token_answers = [json_answer(200, {"access_token": "next", "expires_in": 3599})]
        monkeypatch.setattr(clock, "now", lambda: later + timedelta(minutes=2))
        service.tokens.append("next")
        assert isinstance(await fcm.send(DEVICE, PAYLOAD), Sent)

    async def test_renews_a_token_that_is_refused(self, service: FirebaseService, fcm: Fcm) -> None:
        await fcm.send(DEVICE, PAYLOAD)
        service.tokens.append("revoked the other one")
        assert isinstance(await fcm.send(DEVICE, PAYLOAD), Sent)
        assert len(service.tokens) == 3

    async def test_renews_it_once_only(self, service: FirebaseService, fcm: Fcm) -> None:
        service.answers = [failure(401, "UNAUTHENTICATED")] * 2
        assert await fcm.send(DEVICE, PAYLOAD) == Rejected("FCM answered 401 UNAUTHENTICATED")
        assert len(service.sent) == 2

    async def test_does_not_renew_it_for_apple_s_credentials(
        self, service: FirebaseService, fcm: Fcm
    ) -> None:
        service.answers = [failure(401, "THIRD_PARTY_AUTH_ERROR")]
        outcome = await fcm.send(DEVICE, PAYLOAD)
        assert outcome == Rejected("FCM answered 401 THIRD_PARTY_AUTH_ERROR")
        assert len(service.tokens) == 1

    async def test_learns_that_an_app_is_gone(self, service: FirebaseService, fcm: Fcm) -> None:
        gone = Device("fcm", "token:gone", clock.now())
        assert await fcm.send(gone, PAYLOAD) == Gone("FCM answered 404 UNREGISTERED")

    @pytest.mark.parametrize(
        ("message", "fields", "outcome"),
        [
            ("The registration token is not a valid FCM registration token", [], Gone),
            ("Request contains an invalid argument.", ["message.token"], Gone),
            ("Request contains an invalid argument.", ["message.android.ttl"], Rejected),
            ("Invalid value", ["message.token", "message.data"], Rejected),
            ("Message is too big", [], Rejected),
        ],
    )
    async def test_tells_a_bad_token_from_a_bad_message(
        self, service: FirebaseService, fcm: Fcm, message: str, fields: list[str], outcome: Any
    ) -> None:
        violations = {"fieldViolations": [{"field": field} for field in fields]}
        service.answers = [failure(400, "INVALID_ARGUMENT", message, violations)]
        assert await fcm.send(DEVICE, PAYLOAD) == outcome("FCM answered 400 INVALID_ARGUMENT")

    @pytest.mark.parametrize(
        ("status", "code", "headers", "after"),
        [
            (429, "QUOTA_EXCEEDED", {}, 60),
            (429, "QUOTA_EXCEEDED", {"retry-after": "90"}, 90),
            (503, "UNAVAILABLE", {"retry-after": "5"}, 5),
            (503, "UNAVAILABLE", {}, None),
            (500, "INTERNAL", {}, None),
        ],
    )
    async def test_comes_back_when_told_to(
        self,
        service: FirebaseService,
        fcm: Fcm,
        status: int,
        code: str,
        headers: dict[str, str],
        after: float | None,
    ) -> None:
        service.answers = [failure(status, code, **headers)]
        assert await fcm.send(DEVICE, PAYLOAD) == Retry(f"FCM answered {status} {code}", after)

    async def test_keeps_tokens_of_another_project(
        self, service: FirebaseService, fcm: Fcm
    ) -> None:
        """The operator may have mixed up the files; nobody's device is forgotten for that."""
        service.answers = [failure(403, "SENDER_ID_MISMATCH"), Answered(404, {}, b"<html>")]
        assert await fcm.send(DEVICE, PAYLOAD) == Rejected("FCM answered 403 SENDER_ID_MISMATCH")
        assert await fcm.send(DEVICE, PAYLOAD) == Rejected("FCM answered 404")

    async def test_takes_an_answer_it_cannot_read(self, service: FirebaseService, fcm: Fcm) -> None:
        service.answers = [Answered(200, {}, b"fine")]
        assert await fcm.send(DEVICE, PAYLOAD) == Sent()

    async def test_needs_an_account_that_google_takes(
        self, service: FirebaseService, fcm: Fcm
    ) -> None:
        service.token_answers = [
            json_answer(400, {"error": "invalid_grant"}),
            Answered(503),
            Answered(200, {}, b"nonsense"),
        ]
        assert await fcm.send(DEVICE, PAYLOAD) == Rejected(
            "Google refuses the service account (400)"
        )
        for _ in range(2):
            assert await fcm.send(DEVICE, PAYLOAD) == Retry("FCM cannot be reached")
        assert not service.sent
        assert isinstance(await fcm.send(DEVICE, PAYLOAD), Sent)

    async def test_tries_again_where_nobody_answers(self, service: FirebaseService) -> None:
        async with misbehaving(hang_up) as url:
            account = ServiceAccount.read(service.account)
            fcm = Fcm(account, url=url, tls=client_tls())
            assert await fcm.send(DEVICE, PAYLOAD) == Retry("FCM cannot be reached")
            await fcm.close()


class TestCheck:
    def test_finds_what_could_never_be_sent_to(self, fcm: Fcm) -> None:
        fcm.check(DEVICE)
        for token in ("two words", "line\n", "ü"):
            with pytest.raises(Unusable, match="token"):
                fcm.check(Device("fcm", token, clock.now()))


class TestServiceAccount:
    def test_keeps_its_secret(self, service: FirebaseService) -> None:
        account = ServiceAccount.read(service.account)
        assert account.private_key not in repr(account)
        assert account.project_id == "chat"

    @pytest.mark.parametrize(
        "file",
        [
            b"",
            b"{}",
            b"nonsense",
            b'{"project_id": "x", "client_email": "y", "private_key": "not a key"}',
        ],
    )
    def test_is_nothing_else(self, file: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            ServiceAccount.read(file)
