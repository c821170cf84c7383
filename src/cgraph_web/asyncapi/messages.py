"""What goes over a channel, as AsyncAPI messages: the payload is the fifth part of a frame."""

from collections.abc import Sequence
from typing import Any, get_type_hints

import msgspec

from cgraph_kit.channels import Channel, Joined, Reply
from cgraph_kit.channels.handler import params_kind, payload_kind
from cgraph_web.openapi.examples import example_of
from cgraph_web.openapi.schemas import Schema, Schemas
from cgraph_web.payloads import events_of, is_durable, payload_of

from .words import doc_of

ANYTHING: Schema = {"type": "object"}
NOTHING: Schema = {"type": "object", "maxProperties": 0}
NUMBERED: Schema = {
    "type": "object",
    "properties": {"seq": {"type": "integer", "description": "Its number in this topic."}},
    "required": ["seq"],
}
NO_REPLY = type(None)


class Replayed(msgspec.Struct, frozen=True):
    """One missed event, as its push would have carried it."""

    event: str
    payload: dict[str, Any]


class JoinAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """With `since`: all that was missed, or the reason to reload; never a part."""

    seq: int | None = None
    """The last number of the topic; what comes from here on has a higher one."""
    resumed: bool | None = None
    events: Sequence[Replayed] = ()
    reason: str | None = None
    """`ahead`, `expired` or `too_many`."""


class Refused(msgspec.Struct, frozen=True):
    """Why something was not done, as over REST."""

    reason: str
    """The code of an error: stable."""
    message: str | msgspec.UnsetType = msgspec.UNSET
    """The same for people: not stable."""
    fields: dict[str, Sequence[str]] | msgspec.UnsetType = msgspec.UNSET
    """With `invalid`: what is wrong, by field."""
    scope: str | msgspec.UnsetType = msgspec.UNSET
    """With `rate_limited`: the limit."""
    retry_after: float | msgspec.UnsetType = msgspec.UNSET
    """With `rate_limited` and `unavailable`: seconds until it makes sense to try again."""


def reply_kind(channel: type[Channel], name: str) -> Any:
    """What a handler's `ok` reply carries; `NO_REPLY` if it never answers, `Reply` if it says nothing."""
    hints = get_type_hints(getattr(channel, name))
    return hints.get("return", NO_REPLY)


def kinds(channels: Sequence[type[Channel]]) -> list[Any]:
    """Every type of ours that goes over these channels."""
    found = [Refused, JoinAnswer]
    for channel in channels:
        found.append(params_kind(channel.join))
        for handler in channel.handlers.values():
            found += [
                payload_kind(getattr(channel, handler.name)),
                reply_kind(channel, handler.name),
            ]
        found += [payload_of(channel, event) for event in events_of(channel)]
    return [kind for kind in found if _is_described(kind)]


def _is_described(kind: Any) -> bool:
    if kind in {None, Any, bytes, NO_REPLY, Reply, Joined}:
        return False
    return bool(kind != dict[str, Any])


class Messages:
    """The messages of the document, by the names under which they stand in `components`."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self.components: dict[str, Any] = {}

    def said(self, channel: type[Channel], event: str, kind: Any, doc: str) -> str:
        """A client's push."""
        return self._add(f"{_name(channel)}.say.{event}", event, self._schema(kind), doc)

    def answer(self, channel: type[Channel], event: str, kind: Any) -> str:
        """The `ok` reply to it."""
        doc = f"`phx_reply` to `{event}` with the status `ok`; this is its `response`."
        return self._add(f"{_name(channel)}.ok.{event}", "phx_reply", self._schema(kind), doc)

    def refusal(self) -> str:
        """The `error` reply to anything."""
        doc = "`phx_reply` with the status `error`; this is its `response`."
        return self._add("error", "phx_reply", self._schema(Refused), doc, {"reason": "invalid"})

    def heard(self, channel: type[Channel], event: str, doc: str) -> str:
        """A push of the server."""
        schema = self._schema(payload_of(channel, event))
        durable = is_durable(channel, event)
        if durable:
            schema = {"allOf": [schema, NUMBERED]}
        name = self._add(f"{_name(channel)}.hear.{event}", event, schema, doc)
        self.components[name]["x-durable"] = durable
        if durable:
            (example,) = self.components[name]["examples"]
            inner = example_of(self._schemas, schema["allOf"][0])
            example["payload"] = {**inner, "seq": 1}
        return name

    def _schema(self, kind: Any) -> Schema:
        if kind in {None, NO_REPLY, Reply}:
            return NOTHING
        return self._schemas.of(kind) if _is_described(kind) else ANYTHING

    def _add(self, key: str, event: str, schema: Schema, doc: str, example: Any = None) -> str:
        if key not in self.components:
            shown = example_of(self._schemas, schema) if example is None else example
            summary, description = doc_of(doc)
            self.components[key] = {
                "name": event,
                "title": event,
                "summary": summary,
                **({"description": description} if description else {}),
                "payload": schema,
                "examples": [{"payload": msgspec.to_builtins(shown) or {}}],
            }
        return key


def _name(channel: type[Channel]) -> str:
    return channel.topic.partition(":")[0]
