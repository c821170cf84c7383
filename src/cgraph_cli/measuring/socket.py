"""A client of the channels: joins one conversation, says things, hears the other."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Self

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from cgraph_cli.output import Failure

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
PATIENCE = 10.0
"""Seconds a reply may take before the measurement is given up."""

Heard = Callable[[float], None]
"""Called with the seconds since the other person said what has arrived."""


class Talker(WSListener):
    """One device of one person in one conversation."""

    def __init__(self, topic: str, heard: Heard) -> None:
        super().__init__()
        self._topic = topic
        self._heard = heard
        self._refs = 0
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._transport: WSTransport

    @classmethod
    async def connect(cls, url: str, topic: str, heard: Heard) -> Self:
        """Connect and join."""
        talker = cls(topic, heard)
        await ws_connect(lambda: talker, url)
        await talker.push("phx_join", {})
        return talker

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    async def push(self, event: str, payload: Any) -> Any:
        """Push, and return the reply's response. Raises `Failure` unless the reply is ok."""
        self._refs += 1
        ref = str(self._refs)
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[ref] = reply
        self._transport.send(WSMsgType.TEXT, _encode(["1", ref, self._topic, event, payload]))
        async with asyncio.timeout(PATIENCE):
            answer = await reply
        if answer["status"] != "ok":
            raise Failure(f"{event} was refused: {answer['response']}")
        return answer["response"]

    async def say(self, text: str) -> float:
        """Say something that carries the time; returns the seconds until it was acknowledged."""
        start = time.perf_counter()
        await self.push("new_message", {"content": f"{start:.7f} {text}"})
        return time.perf_counter() - start

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        _, ref, _, event, payload = _decode(frame.get_payload_as_memoryview())
        if event == "phx_reply" and (reply := self._waiting.pop(ref, None)):
            if not reply.done():
                reply.set_result(payload)
        elif event == "new_message":
            self._heard(time.perf_counter() - float(payload["content"].partition(" ")[0]))

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(Failure("the server closed the connection"))

    def close(self) -> None:
        self._transport.disconnect()
