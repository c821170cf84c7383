"""What is said on channels, held against the document that describes them."""

from copy import deepcopy
from functools import cache
from typing import Any

import jsonschema_rs
import msgspec

from cgraph_kit.channels.testing import Frame
from cgraph_web.asyncapi import document
from cgraph_web.limits import PHX_JOIN
from cgraph_web.socket import UserSocket

Json = dict[str, Any]
OF_THE_PROTOCOL = {"unmatched topic", "too many channels joined", "join crashed", "channel_crash"}
"""Reasons that are no errors of ours."""


@cache
def described() -> Json:
    return msgspec.json.decode(document(UserSocket.channels))  # type: ignore[no-any-return]


@cache
def strict_schemas() -> Json:
    """The schemas, but that nothing may be there which they do not name."""
    schemas = deepcopy(described()["components"]["schemas"])
    for schema in schemas.values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return schemas


@cache
def check_of(message: str) -> Any:
    """What checks the payload of a message."""
    schema = described()["components"]["messages"][message]["payload"]
    parts = [_plain(part) for part in schema.get("allOf", [schema])]
    components = {"schemas": strict_schemas()}
    whole = {"allOf": parts, "components": components}
    if all("properties" in part for part in parts):
        whole["unevaluatedProperties"] = False
    return jsonschema_rs.validator_for(whole, validate_formats=True)


def _plain(schema: Json) -> Json:
    if "$ref" not in schema:
        return schema
    return described()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]  # type: ignore[no-any-return]


class Witness:
    """Sees what one client says and hears. What the document does not describe fails the test that sees it."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, Any], str] = {}

    def says(self, topic: str, event: str, ref: Any) -> None:
        self._said[topic, ref] = event

    def hears(self, frame: Frame) -> None:
        name = frame.topic.partition(":")[0]
        if name not in described()["channels"] or name == "phoenix":
            return
        if frame.event == "phx_reply":
            self._reply(name, self._said.get((frame.topic, frame.ref), "phx_leave"), frame.payload)
        elif frame.event not in {"phx_error", "phx_close"}:
            self._push(name, frame.event, frame.payload)

    def _reply(self, name: str, event: str, payload: Json) -> None:
        if event == "phx_leave":
            return
        if payload["status"] == "ok":
            self._fits(f"{name}.ok.{event}", payload["response"])
            if event == PHX_JOIN:
                for missed in payload["response"].get("events", ()):
                    self._push(name, missed["event"], missed["payload"])
            return
        operation = f"{name}.join" if event == PHX_JOIN else f"{name}.say.{event}"
        known = described()["operations"].get(operation, {"x-errors": []})["x-errors"]
        reason = payload["response"]["reason"]
        assert reason in {*known, *OF_THE_PROTOCOL}, (
            f"{event} on {name}: is refused with {reason}, which its @on(errors=…) does not name"
        )

    def _push(self, name: str, event: str, payload: Any) -> None:
        self._fits(f"{name}.hear.{event}", payload)

    def _fits(self, message: str, payload: Any) -> None:
        assert message in described()["components"]["messages"], f"{message} is not described"
        try:
            check_of(message).validate(payload)
        except jsonschema_rs.ValidationError as error:
            raise AssertionError(f"{message} is described otherwise: {error}") from None
