"""How one joined channel speaks to its client: with the refs of its join, packed for its wire."""

from typing import Any

from cgraph_kit.presence import Payload
from cgraph_kit.presence.base import STATE_EVENT

from . import replies
from .channel import Reply
from .outlet import Outlet
from .protocol import EMPTY, NULL, Message, to_json
from .topic import Event


class Voice:
    """Made by a join. Refs are kept as the JSON text they came as."""

    __slots__ = ("_outlet", "_push_ref", "_topic", "join_ref")

    def __init__(self, outlet: Outlet, topic: bytes, join: Message) -> None:
        self.join_ref = to_json(join.join_ref)
        """As the join gave it: what its reply and the closing frames carry."""
        self._push_ref = to_json(join.ref) if join.join_ref is None else self.join_ref
        self._outlet = outlet
        self._topic = topic

    def stale(self, message: Message) -> bool:
        """The message was meant for another join of the topic."""
        if message.join_ref is None or self.join_ref == NULL:
            return False
        return to_json(message.join_ref) != self.join_ref

    def answer_join(self, join: Message, status: bytes, response: bytes) -> None:
        self._respond(self.join_ref, join.ref, status, response)

    def answer(self, ref: Any, status: bytes, response: bytes = EMPTY) -> None:
        """Status and response are JSON text already."""
        self._respond(self._push_ref, ref, status, response)

    def reply(self, ref: Any, outcome: Any) -> None:
        """What a handler returned; None says nothing. Raises if it cannot be said in JSON."""
        if outcome is None:
            return
        status = replies.OK
        if isinstance(outcome, Reply):
            status, outcome = to_json(outcome.status), outcome.response
        if isinstance(outcome, bytes):
            pack = self._outlet.wire.binary_reply
            self._outlet.send(pack(self._push_ref, to_json(ref), self._topic, status, outcome))
        else:
            say = self._outlet.wire.reply
            answer = say(self._push_ref, to_json(ref), self._topic, status, to_json(outcome))
            self._outlet.send(answer)

    def push(self, event: str, payload: Any, said: Event | None = None) -> None:
        """`said`: what it stands for, and may be dropped as."""
        wire, word = self._outlet.wire, to_json(event)
        if isinstance(payload, bytes):
            data = wire.binary_push(self._push_ref, self._topic, word, payload)
        else:
            data = wire.message(self._push_ref, NULL, self._topic, word, to_json(payload))
        self._outlet.send(data, said)

    def push_presence(self, event: str, payload: Payload) -> None:
        """A state is a push of this join, a diff a broadcast; clients share the bytes as far as they are equal."""
        wire = self._outlet.wire
        join_ref = self._push_ref if event == STATE_EVENT else NULL
        made_for, data = payload.frames.get((wire, event), (b"", b""))
        if made_for != join_ref:
            data = wire.enveloped(join_ref, self._topic, to_json(event), payload)
            payload.frames[wire, event] = join_ref, data
        self._outlet.send(data, Event(self._topic, EMPTY, EMPTY))

    def end(self, event: bytes, payload: bytes) -> None:
        """The last frame: `phx_close` or `phx_error`."""
        wire = self._outlet.wire
        self._outlet.send(wire.message(self.join_ref, self.join_ref, self._topic, event, payload))

    def _respond(self, join_ref: bytes, ref: Any, status: bytes, response: bytes) -> None:
        wire = self._outlet.wire
        self._outlet.send(wire.reply(join_ref, to_json(ref), self._topic, status, response))
