"""Traces of the whole: a request, what it writes, the job it leaves behind, and what a socket says."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from cgraph.accounts import mail_password_reset
from cgraph.application import WORKERS, App
from cgraph_kit import tracing
from cgraph_kit.channels.testing import connect
from cgraph_kit.jobs.testing import drain, list_enqueued
from cgraph_web.app import create_app
from cgraph_web.realtime import realtime
from support.collector import Collector, collecting
from support.lines import written
from support.people import Person, converse, register

from .conftest import Caller

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
WORDS = "in confidence"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
async def ada(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def bob(app: App) -> Person:
    return await register(app)


@pytest.fixture
def call(app: App) -> Callable[[Person | None], Any]:
    """`call(person)`: somebody at the whole application."""
    asgi = create_app(app)
    return lambda person: Caller(app, asgi, person and person.token)  # type: ignore[arg-type]


class TestRequest:
    async def test_goes_on_with_the_callers_trace_down_to_the_statements(
        self, app: App, call: Any, ada: Person, bob: Person, collector: Collector
    ) -> None:
        conversation = await converse(app, ada, bob)
        async with tracing.exporting(collector.target(ratio=0.0)):
            with written() as lines:
                answer = await call(ada).post(
                    f"/api/v1/conversations/{conversation}/messages",
                    {"content": WORDS},
                    headers=TRACEPARENT,
                )
            await call(ada).get("/api/v1/me")  # of no trace, and none by lot
        assert answer.status == 201
        route = "/api/v1/conversations/{conversation_id}/messages"
        told = collector.named(f"POST {route}")
        assert (told.trace_id, told.parent_id) == (TRACE, "b7ad6b7169203331")
        assert told.attributes["http.response.status_code"] == 201
        assert told.attributes["user_id"] == str(ada.id)
        assert told.attributes["request_id"] == answer.headers["x-request-id"]
        assert collector.below(told)
        assert {span.trace_id for span in collector.spans} == {TRACE}
        everything = "".join(span.raw for span in collector.spans)
        assert WORDS not in everything
        assert ada.token not in everything
        assert str(conversation) not in told.raw
        assert {line["trace_id"] for line in lines.all if "user_id" in line} == {TRACE}

    async def test_that_fails_by_us_is_marked(
        self, web: Callable[..., Any], collector: Collector
    ) -> None:
        caller = web()
        async with tracing.exporting(collector.target()):
            await caller.get("/nowhere")
        told = collector.named("GET unmatched")
        assert (told.attributes["http.response.status_code"], told.failed) == (404, False)


class TestJob:
    async def test_leads_back_to_the_request_that_enqueued_it(
        self, app: App, call: Any, ada: Person, collector: Collector
    ) -> None:
        await app.db.value("DELETE FROM jobs")
        email = await app.db.value("SELECT email FROM users WHERE id = $1", ada.id)
        async with tracing.exporting(collector.target(ratio=0.0)):
            answer = await call(None).post(
                "/api/v1/auth/password/forgot", {"email": email}, headers=TRACEPARENT
            )
            with written() as lines:
                await drain(app.db, app, WORKERS, queue="mail")
        asked = collector.named("POST /api/v1/auth/password/forgot")
        done = collector.named("mail_password_reset")
        assert done.kind == "consumer"
        assert done.links == [(TRACE, asked.span_id)]
        assert done.trace_id != TRACE
        assert done.attributes["state"] == "completed"
        mail = collector.named("mail")
        assert (mail.parent_id, mail.attributes) == (done.span_id, {"letter": "password_reset"})
        request_id = answer.headers["x-request-id"]
        (line,) = [line for line in lines.all if line["event"].startswith("a mail was written")]
        assert (line["request_id"], line["trace_id"]) == (request_id, done.trace_id)
        assert email not in "".join(span.raw for span in collector.spans) + lines.text

    async def test_knows_its_request_without_traces_too(
        self, app: App, call: Any, ada: Person
    ) -> None:
        await app.db.value("DELETE FROM jobs")
        email = await app.db.value("SELECT email FROM users WHERE id = $1", ada.id)
        answer = await call(None).post("/api/v1/auth/password/forgot", {"email": email})
        (job,) = await list_enqueued(app.db, mail_password_reset)
        assert job.meta == {"origin": {"request_id": answer.headers["x-request-id"]}}


class TestChannelEvent:
    @pytest.fixture
    async def endpoint(self, app: App) -> AsyncIterator[Any]:
        async with realtime(app) as endpoint:
            yield endpoint

    async def test_is_a_trace_of_its_own(
        self, app: App, endpoint: Any, ada: Person, bob: Person, collector: Collector
    ) -> None:
        conversation = await converse(app, ada, bob)
        async with tracing.exporting(collector.target()):
            socket = await connect(endpoint, {"token": ada.token})
            channel = await socket.join(f"conversation:{conversation}")
            await channel.assert_reply(channel.push("new_message", {"content": WORDS}), "ok")
            await channel.assert_reply(channel.push("new_message", {"content": ""}), "error")
        joined = collector.named("conversation:* phx_join")
        said, refused = (
            span for span in collector.spans if span.name == "conversation:* new_message"
        )
        assert joined.trace_id != said.trace_id
        assert (said.kind, said.parent_id, said.failed) == ("server", "", False)
        assert said.attributes["user_id"] == str(ada.id)
        assert said.attributes["topic"] == f"conversation:{conversation}"
        assert collector.below(said)
        assert (refused.attributes["refused"], refused.failed) == ("invalid", False)
        assert WORDS not in "".join(span.raw for span in collector.spans)
