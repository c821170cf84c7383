"""What clients and server may say on one channel, as AsyncAPI operations of the server."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cgraph.accounts import SessionEnded
from cgraph_kit.channels import Channel
from cgraph_kit.channels.handler import Handler, params_kind, payload_kind
from cgraph_kit.errors import Error, Invalid, RateLimited, Unavailable
from cgraph_web.channels.base import JoinRefused
from cgraph_web.limits import PHX_JOIN, scope_of_event
from cgraph_web.payloads import PRESENCE, events_of, payload_of

from .messages import NO_REPLY, JoinAnswer, Messages, reply_kind
from .words import doc_of, own_doc

JOIN_ERRORS: Sequence[type[Error]] = (Invalid, JoinRefused, SessionEnded, Unavailable)
PRESENCE_DOC = "Who is here"


class Topic:
    """One channel: its address, its messages, its operations."""

    def __init__(self, channel: type[Channel], messages: Messages) -> None:
        self._channel = channel
        self._messages = messages
        self.name = channel.topic.partition(":")[0]
        self._used: list[str] = []
        self.operations = dict(self._operations())
        self.described = self._described()

    def _described(self) -> dict[str, Any]:
        summary, description = doc_of(own_doc(self._channel))
        return {
            "address": self._channel.topic.replace("*", "{id}"),
            "title": self._channel.topic,
            "summary": summary,
            **({"description": description} if description else {}),
            "parameters": {"id": {"description": f"Which {self.name}: its id."}},
            "messages": {name: _component("messages", name) for name in dict.fromkeys(self._used)},
        }

    def _operations(self) -> Iterator[tuple[str, dict[str, Any]]]:
        yield f"{self.name}.join", self._join()
        for event, handler in self._channel.handlers.items():
            yield f"{self.name}.say.{event}", self._say(event, handler)
        for event in events_of(self._channel):
            yield f"{self.name}.hear.{event}", self._hear(event)

    def _join(self) -> dict[str, Any]:
        channel, doc = self._channel, own_doc(self._channel.join)
        message = self._messages.said(channel, PHX_JOIN, params_kind(channel.join), doc)
        answer = self._messages.answer(channel, PHX_JOIN, JoinAnswer)
        return self._received(PHX_JOIN, message, doc, JOIN_ERRORS, answer)

    def _say(self, event: str, handler: Handler) -> dict[str, Any]:
        method = getattr(self._channel, handler.name)
        payload, doc = payload_kind(method), own_doc(method)
        reply = reply_kind(self._channel, handler.name)
        message = self._messages.said(self._channel, event, payload, doc)
        answer = (
            self._messages.answer(self._channel, event, reply) if reply is not NO_REPLY else None
        )
        errors = (*handler.errors, Unavailable, *([Invalid] if payload is not None else []))
        return self._received(event, message, doc, errors, answer)

    def _received(
        self,
        event: str,
        message: str,
        doc: str,
        errors: Sequence[type[Error]],
        answer: str | None,
    ) -> dict[str, Any]:
        scope = scope_of_event(self._channel.topic, event)
        refusals = codes_of([*errors, RateLimited] if scope else errors)
        answers = [*([answer] if answer else []), self._messages.refusal()]
        summary, description = doc_of(doc)
        refused = "Refused with " + ", ".join(f"`{code}`" for code in refusals) + "."
        return {
            "action": "receive",
            **self._about(message, summary, "\n\n".join(filter(None, (description, refused)))),
            "reply": {
                "channel": _component("channels", self.name, within="#"),
                "messages": [self._message(name) for name in answers],
            },
            "x-errors": refusals,
            **({"x-rate-limit-scope": str(scope)} if scope else {}),
        }

    def _hear(self, event: str) -> dict[str, Any]:
        doc = self._doc_of_push(event)
        summary, description = doc_of(doc)
        message = self._messages.heard(self._channel, event, doc)
        return {"action": "send", **self._about(message, summary, description)}

    def _doc_of_push(self, event: str) -> str:
        for push in self._channel.pushes:
            if push.event == event and (doc := own_doc(push.function) or own_doc(push.when)):
                return doc
        if event in PRESENCE:
            return PRESENCE_DOC
        return own_doc(payload_of(self._channel, event))

    def _about(self, message: str, summary: str, description: str) -> dict[str, Any]:
        return {
            "channel": _component("channels", self.name, within="#"),
            "summary": summary,
            **({"description": description} if description else {}),
            "messages": [self._message(message)],
        }

    def _message(self, name: str) -> dict[str, str]:
        self._used.append(name)
        return {"$ref": f"#/channels/{self.name}/messages/{name}"}


def codes_of(errors: Iterable[type[Error]]) -> list[str]:
    """The codes of these errors, each once, in order."""
    return sorted({error.code for error in errors})


def _component(kind: str, name: str, *, within: str = "#/components") -> dict[str, str]:
    return {"$ref": f"{within}/{kind}/{name}"}
