"""The long-poll transport, request by request, as recorded on Phoenix."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cgraph_kit.channels import Endpoint, Limits
from cgraph_kit.channels.longpoll import LongPoll, LongPollLimits
from support.rooms import App, quiet, running

JOIN = '["1","1","room:a","phx_join",{}]'
JOINED = ["1", "1", "room:a", "phx_reply", {"status": "ok", "response": {}}]


class Browser:
    """Speaks HTTP to the app without a network."""

    def __init__(self, endpoint: Endpoint, poll: LongPoll) -> None:
        self.endpoint = endpoint
        self.poll_app = poll
        self.token = ""
        self.vsn = "2.0.0"

    async def request(
        self,
        method: str,
        query: str = "",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        gone: asyncio.Event | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """`gone` is set when the client goes away while it waits."""
        sent: list[Any] = []
        parts = [body[:10], body[10:]]

        async def receive() -> dict[str, Any]:
            if parts:
                return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}
            await (gone or asyncio.Event()).wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": "/socket/longpoll",
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
            "scheme": "http",
            "client": ("127.0.0.1", 1),
        }
        await self.poll_app(scope, receive, send)
        if not sent:
            return 0, {}, b""
        head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], head, sent[1]["body"]

    async def ask(self, method: str, query: str = "", **options: Any) -> Any:
        status, head, body = await self.request(method, query, **options)
        assert status == 200
        assert head["content-type"] == "application/json; charset=utf-8"
        assert head["cache-control"] == "no-store"
        assert head["access-control-allow-origin"] == "*"
        return json.loads(body)

    async def open(self, params: str = "") -> Any:
        answer = await self.ask("GET", f"vsn={self.vsn}&{params}")
        self.token = answer.get("token", "")
        return answer

    async def poll(self, **options: Any) -> Any:
        return await self.ask("GET", f"vsn={self.vsn}&token={self.token}", **options)

    async def heard(self) -> list[Any]:
        """The messages of one poll, which are texts that hold frames."""
        answer = await self.poll()
        assert answer["token"] == self.token
        return [json.loads(text) for text in answer["messages"]]

    async def post(self, body: str | bytes, kind: str = "application/json") -> int:
        data = body if isinstance(body, bytes) else body.encode()
        query = f"vsn={self.vsn}&token={self.token}"
        answer = await self.ask("POST", query, body=data, headers={"content-type": kind})
        assert list(answer) == ["status"]
        return int(answer["status"])


@asynccontextmanager
async def browsing(
    poll: LongPollLimits | None = None, app: App | None = None, **options: Any
) -> AsyncIterator[Browser]:
    async with running(app, **options) as endpoint:
        yield Browser(endpoint, LongPoll(endpoint, poll or LongPollLimits(window=0.02)))


class TestOpen:
    async def test_gives_a_token_with_410(self) -> None:
        async with browsing() as browser:
            answer = await browser.open()

            assert answer == {"messages": [], "status": 410, "token": answer["token"]}
            assert len(answer["token"]) >= 32

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("vsn=3.0.0", 403),
            ("vsn=2.0.0&as=nobody", 403),
            ("vsn=2.0.0&as=hasty", 403),
            ("vsn=2.0.0&as=early", 500),
            ("vsn=2.0.0&as=bug", 500),
        ],
    )
    async def test_a_refusal_has_only_its_status(self, query: str, status: int) -> None:
        async with browsing() as browser:
            assert await browser.ask("GET", query) == {"status": status}

    async def test_a_page_from_elsewhere_is_refused_whatever_it_asks(self) -> None:
        async with browsing(check_origin=["//good.example"]) as browser:
            for method in ("GET", "POST"):
                for origin, status in (("https://bad.example", 403), ("https://good.example", 410)):
                    answer = await browser.ask(method, "vsn=2.0.0", headers={"origin": origin})
                    assert answer["status"] == status

    async def test_a_session_nobody_knows_is_a_new_connect(self) -> None:
        async with browsing() as browser:
            answer = await browser.ask("GET", "vsn=2.0.0&token=unknown")
            assert answer["status"] == 410

            answer = await browser.ask("GET", "vsn=2.0.0&as=nobody&token=unknown")
            assert answer == {"status": 403}


class TestPoll:
    async def test_brings_what_was_said(self) -> None:
        async with browsing() as browser:
            await browser.open()
            assert await browser.post(JOIN) == 200
            assert await browser.heard() == [JOINED]

            browser.endpoint.broadcast("room:a", "news", {"ü": '"'})
            browser.endpoint.broadcast("room:a", "more", {})
            await quiet(browser.endpoint)
            assert await browser.heard() == [
                [None, None, "room:a", "news", {"ü": '"'}],
                [None, None, "room:a", "more", {}],
            ]

    async def test_waits_for_it(self) -> None:
        async with browsing(LongPollLimits(window=60)) as browser:
            await browser.open()
            poll = asyncio.ensure_future(browser.heard())
            await asyncio.sleep(0)
            assert await browser.post(JOIN) == 200

            assert await poll == [JOINED]

    async def test_ends_with_204_when_nothing_comes(self) -> None:
        async with browsing() as browser:
            await browser.open()

            assert await browser.poll() == {"messages": [], "status": 204, "token": browser.token}

    async def test_speaks_version_1(self) -> None:
        async with browsing() as browser:
            browser.vsn = "1.0.0"
            await browser.open()
            await browser.post('{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"1"}')

            (reply,) = await browser.heard()
            assert (reply["event"], reply["ref"]) == ("phx_reply", "1")

    async def test_the_header_wins_over_the_query_and_its_last_token(self) -> None:
        async with browsing() as browser:
            await browser.open()
            header = {"x-phoenix-longpoll-token": browser.token}
            for query, headers in (
                ("token=other", header),
                (f"token=jwt&token={browser.token}", {}),
            ):
                answer = await browser.ask("GET", query, headers=headers)
                assert (answer["status"], answer["token"]) == (204, browser.token)

    async def test_of_two_at_once_only_the_newest_gets_messages(self) -> None:
        async with browsing(LongPollLimits(window=0.1)) as browser:
            await browser.open()
            older = asyncio.ensure_future(browser.poll())
            await asyncio.sleep(0)
            newer = asyncio.ensure_future(browser.poll())
            await asyncio.sleep(0)
            await browser.post(JOIN)

            assert (await newer)["status"] == 200
            assert await older == {"messages": [], "status": 204, "token": browser.token}

    async def test_a_client_that_went_away_loses_nothing(self) -> None:
        async with browsing(LongPollLimits(window=60)) as browser:
            await browser.open()
            gone = asyncio.Event()
            poll = asyncio.ensure_future(
                browser.request("GET", f"token={browser.token}", gone=gone)
            )
            await asyncio.sleep(0)
            gone.set()
            assert (await poll)[0] == 0

            await browser.post(JOIN)
            await quiet(browser.endpoint)
            assert await browser.heard() == [JOINED]

    async def test_brings_bytes_if_they_are_text(self) -> None:
        async with browsing() as browser:
            await browser.open()
            await browser.post(JOIN)
            await browser.heard()
            browser.endpoint.broadcast("room:a", "bin", b"abc")
            browser.endpoint.broadcast("room:a", "bin", b"\xff")
            await quiet(browser.endpoint)

            assert (await browser.poll())["messages"] == ["\x02\x06\x03room:abinabc"]


class TestPost:
    async def test_to_no_session_is_410(self) -> None:
        async with browsing() as browser:
            assert await browser.post(JOIN) == 410

    async def test_an_error_reply_is_still_200_and_comes_as_a_message(self) -> None:
        async with browsing() as browser:
            await browser.open()
            assert await browser.post('["1","2","nowhere","x",{}]') == 200

            (reply,) = await browser.heard()
            assert reply[4]["response"] == {"reason": "unmatched topic"}

    async def test_several_lines_are_several_messages(self) -> None:
        async with browsing(LongPollLimits(window=0.02, lines=3)) as browser:
            await browser.open()
            push = base64.b64encode(b"\x00\x01\x01\x06\x0512room:abytes" + b"hi").decode()
            lines = [JOIN, push, '["1","3","room:a","fine",{}]\r', '["1","4","room:a","fine",{}]']
            assert await browser.post("\n".join(lines) + "\n", "application/x-ndjson") == 200
            await quiet(browser.endpoint)

            texts = (await browser.poll())["messages"]
            assert texts[1:3] == [
                "\x02\x06\x09room:abin_eventhi",
                "\x01\x01\x01\x06\x0212room:aokhi",
            ]
            assert [json.loads(texts[n])[1] for n in (0, 3)] == ["1", "3"]

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ("nonsense", "application/json"),
            (b'["1","2","t","e","\xff"]', "application/json"),
            ("[", "application/x-ndjson"),
            ("no base64!", "application/x-ndjson"),
            (base64.b64encode(b"\x09"), "application/x-ndjson"),
            ('["1","2","t","e","' + "x" * 2000 + '"]', "application/json"),
        ],
    )
    async def test_what_is_no_message_ends_the_session(self, body: str | bytes, kind: str) -> None:
        async with browsing(LongPollLimits(window=0.02, message=1000)) as browser:
            await browser.open()
            assert await browser.post(body, kind) == 408
            assert browser.endpoint.stats.sockets == 0

            assert await browser.post(JOIN) == 410
            assert (await browser.open(f"token={browser.token}"))["status"] == 410

    async def test_a_body_over_the_limit_is_not_read(self) -> None:
        async with browsing(LongPollLimits(window=0.02, body=100)) as browser:
            await browser.open()

            assert await browser.post("x" * 200) == 413
            assert await browser.post(JOIN) == 200


class TestEnd:
    async def test_what_was_said_before_can_still_be_fetched(self) -> None:
        async with browsing() as browser:
            await browser.open("as=ann")
            await browser.post(JOIN)
            await quiet(browser.endpoint)
            browser.endpoint.disconnect("guest:ann")
            assert await browser.heard() == [JOINED]

            assert (await browser.poll())["status"] == 410

    async def test_a_waiting_poll_ends_at_once(self) -> None:
        async with browsing(LongPollLimits(window=60)) as browser:
            await browser.open("as=ann")
            poll = asyncio.ensure_future(browser.poll())
            await asyncio.sleep(0)
            browser.endpoint.disconnect("guest:ann")

            assert (await poll)["status"] == 204
            assert (await browser.poll())["status"] == 410

    async def test_nobody_polls_any_more(self) -> None:
        async with browsing(LongPollLimits(window=0.01)) as browser:
            await browser.open()
            await browser.post(JOIN)
            await quiet(browser.endpoint)
            async with asyncio.timeout(5):
                while browser.endpoint.stats.sockets:  # noqa: ASYNC110 (time is what it waits for)
                    await asyncio.sleep(0.001)
            await quiet(browser.endpoint)

            assert browser.endpoint.app.notes[-1] == ("left", "room:a", "closed")
            assert await browser.post(JOIN) == 410

    async def test_a_session_that_is_polled_lives(self) -> None:
        async with browsing(LongPollLimits(window=0.01)) as browser:
            await browser.open()
            for _ in range(6):
                assert (await browser.poll())["status"] == 204

            assert browser.endpoint.stats.sockets == 1


class TestSlowClient:
    async def test_keeps_what_fits_and_gets_it_in_order(self) -> None:
        async with browsing(LongPollLimits(window=0.02, buffer=500)) as browser:
            await browser.open()
            await browser.post(JOIN)
            await browser.heard()
            for n in range(30):
                browser.endpoint.broadcast("room:a", "n", {"n": n}, seq=n + 1)
                await quiet(browser.endpoint)

            heard: list[int] = []
            while len(heard) < 30:
                heard += [frame[4]["n"] for frame in await browser.heard()]
            assert heard == list(range(30))

    async def test_that_fetches_nothing_is_closed(self) -> None:
        limits = Limits(outbox_bytes=500)
        async with browsing(LongPollLimits(window=60, buffer=500), limits=limits) as browser:
            await browser.open()
            await browser.post(JOIN)
            for n in range(40):
                browser.endpoint.broadcast("room:a", "n", {"n": n}, seq=n + 1)
                await quiet(browser.endpoint)

            assert browser.endpoint.stats.slow_closed == 1
            assert browser.endpoint.stats.sockets == 0


class TestHttp:
    async def test_options_allow_what_is_asked_for(self) -> None:
        async with browsing() as browser:
            headers = {"access-control-request-headers": "content-type, x-other"}
            status, head, body = await browser.request("OPTIONS", headers=headers)

            assert (status, body) == (200, b"")
            assert head == {
                "access-control-allow-origin": "*",
                "access-control-allow-headers": "content-type, x-other",
                "access-control-allow-methods": "get, post, options",
                "access-control-max-age": "3600",
                "content-length": "0",
            }

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
    async def test_other_methods_are_400(self, method: str) -> None:
        async with browsing() as browser:
            assert (await browser.request(method))[0] == 400

    async def test_so_is_an_unreadable_query(self) -> None:
        async with browsing() as browser:
            query = "&".join(f"a{n}=1" for n in range(1000))
            assert (await browser.request("GET", query))[0] == 400
