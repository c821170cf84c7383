from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest

from cgraph_kit import clock
from cgraph_kit.guard import Fetcher
from cgraph_kit.push.device import Device, Unusable
from cgraph_kit.push.outcome import Gone, Rejected, Retry, Sent
from cgraph_kit.push.payload import Payload
from cgraph_kit.push.vapid import Vapid, VapidKeys
from cgraph_kit.push.webpush import WebPush, check_keys, topic
from support.providers.serving import Answered, client_tls, hang_up, misbehaving, say_nothing
from support.providers.webpush import Browser, PushService, push_service

KEYS = VapidKeys.make()
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


def pusher(**options: Any) -> WebPush:
    fetcher = Fetcher(**{"allow": ("127.0.0.0/8",), "tls": client_tls(), "seconds": 5.0, **options})
    return WebPush(Vapid(KEYS, "mailto:ops@example.org"), fetcher)


def device(browser: Browser) -> Device:
    return Device("webpush", browser.endpoint, clock.now(), **browser.keys)


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as service:
        service.key = KEYS.public
        yield service


@pytest.fixture
async def webpush(service: PushService) -> AsyncIterator[WebPush]:
    async with AsyncExitStack() as stack:
        made = pusher()
        stack.push_async_callback(made.close)
        yield made


class TestSend:
    async def test_reaches_the_browser(self, service: PushService, webpush: WebPush) -> None:
        browser = service.subscribe()
        sent = await webpush.send(device(browser), PAYLOAD)
        assert sent == Sent(f"{service.url}/message/1")
        assert browser.received == [
            {
                "id": "1",
                "kind": "mention",
                "title": "Ann",
                "body": "Grüße 👋",
                "url": "/c/7",
                "data": {"conversation_id": "7"},
                "badge": 3,
                "collapse": "conversation:7",
            }
        ]
        headers = service.requests[0].headers
        assert (headers["ttl"], headers["urgency"]) == ("600", "high")
        assert headers["topic"] == topic("conversation:7")

    async def test_keeps_little_of_what_a_service_calls_it(
        self, service: PushService, webpush: WebPush
    ) -> None:
        service.answers = [Answered(201, {"location": "https://x.example/" + "y" * 50_000})]
        sent = await webpush.send(device(service.subscribe()), PAYLOAD)
        assert isinstance(sent, Sent)
        assert sent.provider_id is not None
        assert len(sent.provider_id) == 500

    async def test_is_read_by_nobody_else(self, service: PushService, webpush: WebPush) -> None:
        browser, other = service.subscribe(), service.subscribe()
        await webpush.send(device(browser), PAYLOAD)
        with pytest.raises(Exception, match="Decryption"):
            other.decrypt(service.requests[0].body)
        assert b"Ann" not in service.requests[0].body

    async def test_names_a_topic_only_to_replace(
        self, service: PushService, webpush: WebPush
    ) -> None:
        browser = service.subscribe()
        await webpush.send(device(browser), msgspec.structs.replace(PAYLOAD, collapse=None))
        assert "topic" not in service.requests[0].headers
        assert "collapse" not in browser.received[0]

    async def test_takes_notifications_away(self, service: PushService, webpush: WebPush) -> None:
        browser = service.subscribe()
        silent = Payload(id="2", kind="read", badge=0, retract=["1", "conversation:7"])
        assert isinstance(await webpush.send(device(browser), silent), Sent)
        assert browser.received == [
            {"id": "2", "kind": "read", "badge": 0, "retract": ["1", "conversation:7"]}
        ]

    async def test_signs_once_for_many(self, service: PushService, webpush: WebPush) -> None:
        browser = service.subscribe()
        for _ in range(3):
            await webpush.send(device(browser), PAYLOAD)
        assert len({asked.headers["authorization"] for asked in service.requests}) == 1
        assert len({asked.client for asked in service.requests}) == 1

    @pytest.mark.parametrize("text", ["x" * 100_000, "ü" * 5000, "👋" * 5000, '"\n' * 5000])
    async def test_shortens_what_is_too_long(
        self, service: PushService, webpush: WebPush, text: str
    ) -> None:
        browser = service.subscribe()
        long = msgspec.structs.replace(PAYLOAD, body=text)
        assert isinstance(await webpush.send(device(browser), long), Sent)
        (received,) = browser.received
        assert text.startswith(received["body"].removesuffix("…").rstrip())
        assert 4080 <= len(service.requests[0].body) <= 4096

    async def test_says_less_where_the_service_takes_less(
        self, service: PushService, webpush: WebPush
    ) -> None:
        browser = service.subscribe()
        service.largest = 1024
        long = msgspec.structs.replace(PAYLOAD, body="word " * 1000)
        assert isinstance(await webpush.send(device(browser), long), Sent)
        assert [len(asked.body) > 1024 for asked in service.requests] == [True, False]
        assert browser.received[0]["url"] == "/c/7"
        assert browser.received[0]["body"].endswith("…")

    async def test_gives_up_where_even_that_is_too_much(
        self, service: PushService, webpush: WebPush
    ) -> None:
        service.largest = 10
        outcome = await webpush.send(device(service.subscribe()), PAYLOAD)
        assert outcome == Rejected("the push service answered 413")

    @pytest.mark.parametrize("status", [404, 410])
    async def test_learns_that_a_subscription_is_over(
        self, service: PushService, webpush: WebPush, status: int
    ) -> None:
        service.answers = [Answered(status)]
        outcome = await webpush.send(device(service.subscribe()), PAYLOAD)
        assert outcome == Gone(f"the push service answered {status}")

    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    async def test_comes_back_when_told_to(
        self, service: PushService, webpush: WebPush, status: int
    ) -> None:
        later = clock.now() + timedelta(seconds=90)
        headers: list[dict[str, str]] = [
            {"retry-after": "120"},
            {"retry-after": format_datetime(later, usegmt=False)},
            {"retry-after": "soon"},
            {"retry-after": "99999999999"},
            {},
        ]
        service.answers = [Answered(status, given) for given in headers]
        to = device(service.subscribe())
        outcomes: list[Any] = [await webpush.send(to, PAYLOAD) for _ in headers]
        assert {type(outcome) for outcome in outcomes} == {Retry}
        first, second, *others = [outcome.after for outcome in outcomes]
        assert first == 120
        assert 80 < second <= 90
        assert others == [None, 86_400, None]

    @pytest.mark.parametrize("status", [301, 307, 400, 401, 403])
    async def test_is_refused_for_good(
        self, service: PushService, webpush: WebPush, status: int
    ) -> None:
        service.answers = [Answered(status, {"location": "https://127.0.0.1:1/"})]
        outcome = await webpush.send(device(service.subscribe()), PAYLOAD)
        assert outcome == Rejected(f"the push service answered {status}")

    async def test_is_refused_with_another_key(
        self, service: PushService, webpush: WebPush
    ) -> None:
        service.key = VapidKeys.make().public
        outcome = await webpush.send(device(service.subscribe()), PAYLOAD)
        assert outcome == Rejected("the push service answered 403")

    @pytest.mark.parametrize("handler", [hang_up, say_nothing])
    async def test_tries_again_where_nobody_answers(self, handler: Any) -> None:
        async with misbehaving(handler) as url:
            webpush = pusher(seconds=0.3)
            outcome = await webpush.send(device(Browser(url + "/push")), PAYLOAD)
            await webpush.close()
        assert outcome == Retry("the push service cannot be reached")

    async def test_never_asks_the_neighbours_nor_tells_why(self, service: PushService) -> None:
        webpush = pusher(allow=())
        outcome = await webpush.send(device(service.subscribe()), PAYLOAD)
        await webpush.close()
        assert outcome == Rejected("the endpoint is not an address pushes are sent to")
        assert not service.requests


class TestCheck:
    async def test_finds_what_could_never_be_sent_to(self) -> None:
        webpush = pusher(allow=())
        good = device(Browser("https://push.example.org/x"))
        webpush.check(good)
        for endpoint in ("http://push.example.org/x", "https://10.0.0.1/", "nowhere"):
            with pytest.raises(Unusable, match="endpoint"):
                webpush.check(msgspec.structs.replace(good, token=endpoint))
        with pytest.raises(Unusable, match="keys"):
            webpush.check(msgspec.structs.replace(good, auth="c2hvcnQ"))
        await webpush.close()


class TestCheckKeys:
    def test_takes_what_browsers_give(self) -> None:
        keys = Browser("").keys
        check_keys(**keys)
        check_keys(keys["p256dh"] + "=", keys["auth"] + "==")

    @pytest.mark.parametrize(
        "p256dh",
        [
            *("", "BA", "*" * 87, "B" + "A" * 86, "ü" * 87),
            pytest.param(Browser("").keys["p256dh"][:-2], id="cut"),
        ],
    )
    def test_refuses_what_is_no_point(self, p256dh: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            check_keys(p256dh, Browser("").keys["auth"])

    @pytest.mark.parametrize("auth", ["", "AAAA", "not base64!", "A" * 36])
    def test_refuses_what_is_no_secret(self, auth: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            check_keys(Browser("").keys["p256dh"], auth)
