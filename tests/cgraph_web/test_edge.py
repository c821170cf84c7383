"""What every request meets."""

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog

from cgraph_kit.logging import configure
from support.things import THINGS

ID = "01933e5c-7a10-7c3e-9d52-5b0a4f6e2c11"


@pytest.fixture
def caller(web: Callable[..., Any]) -> Any:
    return web(*THINGS)


@pytest.fixture
def lines() -> Iterator[Callable[[], list[Any]]]:
    """What is logged, as JSON."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = StringIO()
    configure("info", "json", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    configure("info", "text", stream)
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level


class TestRequestId:
    async def test_is_made_anew(self, caller: Any) -> None:
        first, second = [await caller.get(f"/things/{ID}") for _ in range(2)]
        assert first.headers["x-request-id"] != second.headers["x-request-id"]

    async def test_is_the_callers_if_it_does_no_harm(self, caller: Any) -> None:
        answer = await caller.get("/things", headers={"x-request-id": "trace-1234.5"})
        assert answer.headers["x-request-id"] == "trace-1234.5"

    @pytest.mark.parametrize("sent", ["short", "x" * 129, "with space", 'quote"quote', "a\nb-----"])
    async def test_is_not_if_it_might(self, caller: Any, sent: str) -> None:
        answer = await caller.get("/things", headers={"x-request-id": sent})
        assert answer.headers["x-request-id"] != sent


class TestSecurityHeaders:
    @pytest.mark.parametrize("path", [f"/things/{ID}", "/nowhere", "/crash"])
    async def test_are_on_every_answer(self, caller: Any, path: str) -> None:
        headers = (await caller.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "strict-transport-security" not in headers

    async def test_insist_on_https_where_that_is_the_address(self, web: Callable[..., Any]) -> None:
        caller = web(*THINGS, public_url="https://chat.example.org")
        headers = (await caller.get(f"/things/{ID}")).headers
        assert headers["strict-transport-security"].startswith("max-age=31536000")


class TestCors:
    ORIGIN = "https://app.example.org"

    async def test_is_silent_unless_origins_are_set(self, caller: Any) -> None:
        headers = (await caller.get("/things", headers={"origin": self.ORIGIN})).headers
        assert not [name for name in headers if name.startswith("access-control")]

    async def test_lets_named_origins_read(self, web: Callable[..., Any]) -> None:
        caller = web(*THINGS, cors_origins=(self.ORIGIN,))
        headers = (await caller.get("/things", headers={"origin": self.ORIGIN})).headers
        assert headers["access-control-allow-origin"] == self.ORIGIN
        assert "X-Request-Id" in headers["access-control-expose-headers"]
        assert headers["vary"] == "origin"
        assert "access-control-allow-credentials" not in headers

    async def test_and_their_errors_too(self, web: Callable[..., Any]) -> None:
        caller = web(*THINGS, cors_origins=(self.ORIGIN,)).as_(None)
        refused = await caller.get("/things", headers={"origin": self.ORIGIN})
        assert refused.status == 401
        assert refused.headers["access-control-allow-origin"] == self.ORIGIN

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://app.example.org"])
    async def test_lets_nobody_else(self, web: Callable[..., Any], origin: str) -> None:
        caller = web(*THINGS, cors_origins=(self.ORIGIN,))
        headers = (await caller.get("/things", headers={"origin": origin})).headers
        assert "access-control-allow-origin" not in headers
        assert headers["vary"] == "origin"

    async def test_answers_preflights_without_a_token(self, web: Callable[..., Any]) -> None:
        caller = web(*THINGS, cors_origins=("*",)).as_(None)
        asked = {"origin": self.ORIGIN, "access-control-request-method": "POST"}
        answer = await caller.send("OPTIONS", "/things", headers=asked)
        assert answer.status == 204
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]


class TestFailures:
    async def test_carry_what_the_error_carries(self, caller: Any) -> None:
        refused = await caller.get("/refuse")
        assert refused.status == 422
        assert refused.error["fields"] == {"name": ["is no name"]}
        assert refused.error["hint"] == "another"

    async def test_bugs_are_told_to_the_log_only(
        self, caller: Any, lines: Callable[[], list[Any]]
    ) -> None:
        answer = await caller.get("/crash")
        assert (answer.status, answer.code) == (500, "internal_error")
        assert b"secret" not in answer.body
        failure, access = lines()
        assert "ZeroDivisionError: a secret of the implementation" in failure["exception"]
        assert failure["level"] == "error"
        ids = {failure["request_id"], access["request_id"], answer.error["request_id"]}
        assert len(ids) == 1


class TestAccessLog:
    async def test_says_who_did_what_and_how_it_ended(
        self, caller: Any, lines: Callable[[], list[Any]]
    ) -> None:
        answer = await caller.get(f"/things/{ID}")
        (line,) = lines()
        assert line.pop("ms") >= 0
        assert line.pop("time").endswith("Z")
        assert line == {
            "event": "request",
            "level": "info",
            "method": "GET",
            "route": "/things/{thing_id}",
            "status": 200,
            "request_id": answer.headers["x-request-id"],
            "user_id": str(caller.app.actor(caller.token).id),
        }

    async def test_names_the_trace_it_belongs_to(
        self, caller: Any, lines: Callable[[], list[Any]]
    ) -> None:
        trace = "0af7651916cd43dd8448eb211c80319c"
        for header in (f"00-{trace}-b7ad6b7169203331-01", "00-nonsense-01", f"00-{'0' * 32}-1-01"):
            await caller.get("/things", headers={"traceparent": header})
        assert [line.get("trace_id") for line in lines()] == [trace, None, None]

    async def test_warns_of_what_took_long(
        self, web: Callable[..., Any], lines: Callable[[], list[Any]]
    ) -> None:
        await web(*THINGS, slow_handler=1e-9).get("/things")
        (line,) = lines()
        assert (line["event"], line["level"]) == ("slow request", "warning")

    async def test_never_shows_secrets(self, caller: Any, lines: Callable[[], list[Any]]) -> None:
        await caller.get("/things?after=query-secret")
        await caller.post("/things", {"id": ID, "name": "body-secret"})
        await caller.get("/nowhere/path-secret")
        await caller.as_("token-secret").get("/things")
        assert "secret" not in json.dumps(lines())
        assert [line["status"] for line in lines()] == [200, 201, 404, 401]

    async def test_notes_who_hung_up(self, caller: Any, lines: Callable[[], list[Any]]) -> None:
        await caller.send("POST", "/things", chunks=[b"{", None])
        assert lines()[0]["status"] == 499

    async def test_the_next_request_is_not_taken_for_the_last_ones(
        self, caller: Any, lines: Callable[[], list[Any]]
    ) -> None:
        await caller.get("/things")
        await caller.as_(None).get("/greetings/ada")
        first, second = lines()
        assert "user_id" in first
        assert "user_id" not in second
