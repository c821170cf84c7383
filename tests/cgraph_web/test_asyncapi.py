"""The AsyncAPI document: of every channel, everything that is said there, and what it carries."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

import cgraph_web
from cgraph_kit.channels import Channel
from cgraph_kit.channels.testing import Frame
from cgraph_web.asyncapi import document
from cgraph_web.asyncapi.messages import reply_kind
from cgraph_web.payloads import PUSHES, events_of, is_durable, payload_of
from cgraph_web.socket import UserSocket
from support.described import Witness

Json = dict[str, Any]
PUSHED = [(kind, event) for kind in UserSocket.channels for event in events_of(kind)]
HANDLED = [(kind, event) for kind in UserSocket.channels for event in kind.handlers]


@pytest.fixture(scope="module")
def found() -> Json:
    return msgspec.json.decode(document(UserSocket.channels))  # type: ignore[no-any-return]


def within(node: Any, key: str) -> Iterator[Any]:
    """Every value under a key, at any depth."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from within(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from within(value, key)


def name_of(kind: type[Channel]) -> str:
    return kind.topic.partition(":")[0]


SAYING = {"broadcast": 0, "broadcast_from": 0, "push": 0, "Outgoing": 1}
"""By function, which of its arguments is an event."""


def said_in_the_source() -> Iterator[tuple[str, str]]:
    """Every event whose name stands in a call that sends it, and where."""
    for path in Path(cgraph_web.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            at = SAYING.get(name)
            if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                yield node.args[at].value, path.name


class TestPayloads:
    @pytest.mark.parametrize(("kind", "event"), PUSHED, ids=lambda one: getattr(one, "topic", one))
    def test_every_push_says_what_it_carries(self, kind: type[Channel], event: str) -> None:
        assert payload_of(kind, event) is not None, f"give {event} a line in cgraph_web/payloads.py"

    def test_everything_that_is_sent_by_name_is_known(self) -> None:
        known = {event for _, event in PUSHED}
        for event, where in said_in_the_source():
            assert event in known, (
                f"{where} sends {event}: give it a line in cgraph_web/payloads.py"
            )

    def test_no_line_is_of_a_topic_that_is_none(self) -> None:
        assert set(PUSHES) <= {kind.topic for kind in UserSocket.channels}

    @pytest.mark.parametrize(("kind", "event"), HANDLED, ids=lambda one: getattr(one, "topic", one))
    def test_every_reply_says_what_it_carries(self, kind: type[Channel], event: str) -> None:
        reply = reply_kind(kind, kind.handlers[event].name)
        assert reply not in {Any, dict}
        assert reply != dict[str, Any], f"{event} answers just anything: give its answer a struct"

    @pytest.mark.parametrize(("kind", "event"), HANDLED, ids=lambda one: getattr(one, "topic", one))
    def test_every_event_is_explained(self, kind: type[Channel], event: str) -> None:
        assert getattr(kind, kind.handlers[event].name).__doc__


class TestDocument:
    def test_every_reference_leads_somewhere(self, found: Json) -> None:
        for reference in within(found, "$ref"):
            target: Any = found
            for part in reference.removeprefix("#/").split("/"):
                target = target[part]

    def test_every_channel_and_everything_said_there_is_in_it(self, found: Json) -> None:
        assert set(found["channels"]) == {"phoenix", *map(name_of, UserSocket.channels)}
        said = {f"{name_of(kind)}.say.{event}" for kind, event in HANDLED}
        heard = {f"{name_of(kind)}.hear.{event}" for kind, event in PUSHED}
        joins = {f"{name_of(kind)}.join" for kind in UserSocket.channels}
        assert set(found["operations"]) == {"phoenix.heartbeat", *said, *heard, *joins}

    def test_every_payload_is_a_schema_that_its_example_fits(self, found: Json) -> None:
        for message in found["components"]["messages"].values():
            schema = {**message["payload"], "components": found["components"]}
            jsonschema_rs.meta.validate(message["payload"])
            check = jsonschema_rs.validator_for(schema, validate_formats=True)
            for example in message.get("examples", ()):
                check.validate(example["payload"])

    def test_everything_is_summed_up(self, found: Json) -> None:
        for name, operation in found["operations"].items():
            assert operation["summary"], f"{name} has no docstring"
            assert not operation["summary"].startswith("Payload of"), f"{name}: say what happened"

    @pytest.mark.parametrize(("kind", "event"), PUSHED, ids=lambda one: getattr(one, "topic", one))
    def test_durable_pushes_are_numbered(
        self, found: Json, kind: type[Channel], event: str
    ) -> None:
        message = found["components"]["messages"][f"{name_of(kind)}.hear.{event}"]
        assert message["x-durable"] == is_durable(kind, event)
        assert ("seq" in message["examples"][0]["payload"]) >= message["x-durable"]

    def test_of_an_event(self, found: Json) -> None:
        operation = found["operations"]["conversation.say.new_message"]
        assert operation["action"] == "receive"
        assert operation["x-rate-limit-scope"] == "message"
        assert {"cannot_send", "invalid", "rate_limited"} <= set(operation["x-errors"])
        assert operation["reply"]["messages"] == [
            {"$ref": "#/channels/conversation/messages/conversation.ok.new_message"},
            {"$ref": "#/channels/conversation/messages/error"},
        ]
        answer = found["components"]["messages"]["conversation.ok.new_message"]
        assert set(answer["examples"][0]["payload"]) == {"id", "seq"}

    def test_of_an_event_that_is_not_answered(self, found: Json) -> None:
        reply = found["operations"]["conversation.say.typing"]["reply"]
        assert reply["messages"] == [{"$ref": "#/channels/conversation/messages/error"}]

    def test_of_a_push(self, found: Json) -> None:
        operation = found["operations"]["user.hear.session_revoked"]
        assert (operation["action"], operation["summary"]) == (
            "send",
            "Sessions ended: their tokens are worth nothing and their sockets must drop now, on every node.".rstrip(
                "."
            ),
        )
        message = found["components"]["messages"]["user.hear.session_revoked"]
        assert message["payload"]["allOf"][0] == {"$ref": "#/components/schemas/RevokedSessions"}


class TestWhoHoldsItAgainstWhatIsSaid:
    """`support.described`, by which the tests of the channels are watched."""

    TOPIC = "conversation:1"
    TYPING = {"user_id": "01933e5c-7a10-7c3e-9d52-5b0a4f6e2c11", "expires_in": 6.0}

    def test_lets_pass_what_is_described(self) -> None:
        witness = Witness()
        witness.hears(Frame(None, None, self.TOPIC, "user_typing", self.TYPING))
        witness.says(self.TOPIC, "react", "1")
        refusal = {"status": "error", "response": {"reason": "cannot_react"}}
        witness.hears(Frame("1", "1", self.TOPIC, "phx_reply", refusal))

    @pytest.mark.parametrize(
        ("event", "payload"),
        [
            ("user_sings", TYPING),
            ("user_typing", {**TYPING, "song": "la"}),
            ("user_typing", {"user_id": "nobody", "expires_in": 6.0}),
            ("new_message", TYPING),
        ],
    )
    def test_notices_a_push_that_is_not(self, event: str, payload: Json) -> None:
        with pytest.raises(AssertionError, match="described"):
            Witness().hears(Frame(None, None, self.TOPIC, event, payload))

    @pytest.mark.parametrize(
        "payload",
        [
            {"status": "ok", "response": {"id": 1}},
            {"status": "error", "response": {"reason": "edit_window_closed"}},
        ],
    )
    def test_notices_an_answer_that_is_not(self, payload: Json) -> None:
        witness = Witness()
        witness.says(self.TOPIC, "react", "1")
        with pytest.raises(AssertionError):
            witness.hears(Frame("1", "1", self.TOPIC, "phx_reply", payload))
