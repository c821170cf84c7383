"""A client without a network, for tests of channels: everything above the transport is the real thing.

socket = await connect(endpoint, {"token": token})
channel = await socket.join("room:1")
ref = channel.push("new_message", {"content": "hi"})
await channel.assert_reply(ref, "ok")
await channel.assert_push("new_message", {"content": "hi"})
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from .endpoint import Endpoint
from .protocol import binary_push, to_json
from .transport import Handshake, Receiver, Refused

_TIMEOUT = 15.0
_TEXT, _BINARY = 0x81, 0x82
T = TypeVar("T")


class Frame(NamedTuple):
    """What the server said. A broadcast has no `join_ref`; binary payloads are bytes."""

    join_ref: Any
    ref: Any
    topic: str
    event: str
    payload: Any


class ConnectRefused(Exception):
    """The handshake was answered with this HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class JoinRefused(Exception):
    """The join was answered with an error; `response` says why."""

    def __init__(self, response: Any) -> None:
        super().__init__(f"join refused: {response}")
        self.response = response


async def connect(
    endpoint: Endpoint,
    params: Mapping[str, str] | None = None,
    *,
    vsn: str = "2.0.0",
    headers: Mapping[str, str] | None = None,
) -> "ClientSocket":
    """Raises ConnectRefused."""
    handshake = Handshake(
        "/websocket", params={"vsn": vsn, **(params or {})}, headers=headers or {}
    )
    answer = await endpoint.accept(handshake)
    if isinstance(answer, Refused):
        raise ConnectRefused(answer.status)
    transport = MemoryTransport()
    transport.receiver = answer.open(transport)
    return ClientSocket(endpoint, transport)


class MemoryTransport:
    """Keeps what was written. A test that plays a client that does not read calls `pause`."""

    receiver: Receiver

    def __init__(self) -> None:
        self.paused = False
        self.code: int | None = None
        """What it was closed with."""
        self.written: list[bytes] = []
        self.wrote = asyncio.Event()

    def write(self, data: bytes) -> None:
        if self.code is None:
            self.written.append(data)
            self.wrote.set()

    def close(self, code: int, reason: str = "") -> None:  # noqa: ARG002
        if self.code is None:
            self.code = int(code)
            self.wrote.set()
            self.receiver.closed(self.code)

    def pause(self) -> None:
        self.paused = True
        self.receiver.pause()

    def resume(self) -> None:
        self.paused = False
        self.receiver.resume()

    def texts(self) -> list[str | bytes]:
        """What has come since the last call, frame by frame, binary ones as bytes."""
        data, self.written = b"".join(self.written), []
        frames: list[str | bytes] = []
        while data:
            kind, payload, data = _frame(data)
            frames.append(payload.decode() if kind == _TEXT else payload)
        return frames


class Witness(Protocol):
    """Somebody who is shown all that a client says and hears; what is raised reaches the test."""

    def says(self, topic: str, event: str, ref: Any) -> None: ...

    def hears(self, frame: Frame) -> None: ...


class ClientSocket:
    """One connected client, of protocol version 2 unless it only sends and reads raw texts."""

    def __init__(self, endpoint: Endpoint, transport: MemoryTransport) -> None:
        self.endpoint = endpoint
        self.transport = transport
        self.witness: Witness | None = None
        self.frames: list[Frame] = []
        """What has come and was not asserted yet."""
        self._last_ref = 0

    @property
    def closed(self) -> int | None:
        """The close code, once the connection is closed."""
        return self.transport.code

    async def join(self, topic: str, params: Any = None) -> "ClientChannel":
        """Raises JoinRefused."""
        ref = self.next_ref()
        self.send(ref, ref, topic, "phx_join", {} if params is None else params)
        channel = ClientChannel(self, topic, ref)
        reply = await self.expect(lambda f: f.event == "phx_reply" and f.ref == ref, "a join reply")
        channel.response = reply.payload["response"]
        if reply.payload["status"] != "ok":
            raise JoinRefused(channel.response)
        return channel

    async def heartbeat(self) -> None:
        """A round trip: what was said before has arrived when this returns."""
        ref = self.next_ref()
        self.send(None, ref, "phoenix", "heartbeat", {})
        await self.expect(lambda f: f.topic == "phoenix" and f.ref == ref, "a heartbeat reply")

    async def settled(self) -> None:
        """Every handler that runs has finished, its bus messages have arrived, and so has what came of it."""
        async with asyncio.timeout(_TIMEOUT):
            while self.endpoint.tasks:
                await asyncio.wait(self.endpoint.tasks)
        for _ in range(5):  # ticks of the bus and of the hub
            await asyncio.sleep(0)
        if self.closed is None and not self.transport.paused:
            await self.heartbeat()

    async def wait_closed(self) -> int:
        """The close code."""
        return await self._until(lambda: self.closed, "the connection to close")

    def disconnect(self, code: int = 1000) -> None:
        """The client goes away."""
        if self.transport.code is None:
            self.transport.code = code
            self.transport.receiver.closed(code)

    def send(self, join_ref: Any, ref: Any, topic: str, event: str, payload: Any) -> None:
        if self.witness is not None:
            self.witness.says(topic, event, ref)
        if isinstance(payload, bytes):
            head = binary_push(to_json(join_ref), to_json(topic), to_json(event), b"")
            jr, tl, el = head[1:4]
            name = ref.encode()
            data = bytes((0, jr, len(name), tl, el)) + head[4 : 4 + jr] + name + head[4 + jr :]
            self.transport.receiver.receive_binary(data + payload)
        else:
            self.transport.receiver.receive_text(to_json([join_ref, ref, topic, event, payload]))

    def next_ref(self) -> str:
        self._last_ref += 1
        return str(self._last_ref)

    async def expect(self, matches: Callable[[Frame], bool], what: str) -> Frame:
        """The first frame that matches, taken out; raises AssertionError if it does not come."""
        return await self._until(lambda: self.take(matches), what)

    def take(self, matches: Callable[[Frame], bool]) -> Frame | None:
        """The first frame that matches among those that have come, taken out."""
        for text in self.transport.texts():
            frame = _decode(text)
            if self.witness is not None:
                self.witness.hears(frame)
            self.frames.append(frame)
        for at, frame in enumerate(self.frames):
            if matches(frame):
                return self.frames.pop(at)
        return None

    async def _until(self, look: Callable[[], T | None], what: str) -> T:
        try:
            async with asyncio.timeout(_TIMEOUT):
                while (found := look()) is None:
                    self.transport.wrote.clear()
                    await self.transport.wrote.wait()
        except TimeoutError:
            raise AssertionError(
                f"waited for {what}; closed: {self.closed}; there are {self.frames}"
            ) from None
        return found


class ClientChannel:
    """One topic as its client sees it. Payloads match if they hold the given part; `...` matches anything."""

    def __init__(self, socket: ClientSocket, topic: str, join_ref: str) -> None:
        self.socket = socket
        self.topic = topic
        self.join_ref = join_ref
        self.response: Any = None
        """The response to the join."""

    def push(self, event: str, payload: Any = None) -> str:
        """Returns the ref that the reply will have. `bytes` go as a binary frame."""
        ref = self.socket.next_ref()
        self.socket.send(self.join_ref, ref, self.topic, event, {} if payload is None else payload)
        return ref

    async def leave(self) -> None:
        await self.assert_reply(self.push("phx_leave"), "ok")

    async def assert_reply(self, ref: str, status: str, response: Any = ...) -> Any:
        """Returns the whole response."""
        frame = await self.socket.expect(
            lambda f: f.ref == ref and f.topic == self.topic, f"a reply to {ref}"
        )
        if isinstance(frame.payload, bytes):
            got = {"status": frame.event, "response": frame.payload}
        else:
            got = frame.payload
        if got["status"] != status or not includes(got["response"], response):
            raise AssertionError(f"the reply to {ref} is {got}")
        return got["response"]

    async def assert_push(self, event: str, payload: Any = ...) -> Any:
        """The server says this to the client, alone or with everyone. Returns the whole payload."""
        frame = await self.socket.expect(self._says(event, payload), f"{event} {payload}")
        return frame.payload

    async def assert_broadcast(self, event: str, payload: Any = ...) -> Any:
        """The server says this to everyone on the topic. Returns the whole payload."""
        says = self._says(event, payload)
        frame = await self.socket.expect(
            lambda f: f.join_ref is None and says(f), f"broadcast {event} {payload}"
        )
        return frame.payload

    async def refute_push(self, event: str, payload: Any = ...) -> None:
        """Nothing of the kind has come once all that runs now has finished."""
        await self.socket.settled()
        frame = self.socket.take(self._says(event, payload))
        if frame is not None:
            raise AssertionError(f"{frame} was said")

    def _says(self, event: str, payload: Any) -> Callable[[Frame], bool]:
        def says(frame: Frame) -> bool:
            mine = frame.join_ref in (None, self.join_ref)
            same = frame.topic == self.topic and frame.event == event
            return mine and same and includes(frame.payload, payload)

        return says


def includes(whole: Any, part: Any) -> bool:
    """Objects may have more keys than asked for, lists not more elements."""
    if part is ...:
        return True
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and includes(whole[key], value) for key, value in part.items()
        )
    if isinstance(part, list):
        return (
            isinstance(whole, list) and len(whole) == len(part) and all(map(includes, whole, part))
        )
    return bool(whole == part)


def _frame(data: bytes) -> tuple[int, bytes, bytes]:
    """The first server frame (RFC 6455 §5.2, unmasked) and the rest."""
    length, at = data[1], 2
    if length >= 126:  # noqa: PLR2004
        size = 2 if length == 126 else 8  # noqa: PLR2004
        length, at = int.from_bytes(data[2 : 2 + size], "big"), 2 + size
    return data[0], data[at : at + length], data[at + length :]


def _decode(text: str | bytes) -> Frame:
    if isinstance(text, str):
        return Frame(*msgspec.json.decode(text))
    kind, rest = text[0], text[1:]
    count = {0: 3, 1: 4, 2: 2}[kind]
    fields, at = [], count
    for length in rest[:count]:
        fields.append(rest[at : at + length].decode())
        at += length
    if kind == 0:
        return Frame(fields[0], None, fields[1], fields[2], rest[at:])
    if kind == 1:
        return Frame(fields[0], fields[1], fields[2], fields[3], rest[at:])
    return Frame(None, None, fields[0], fields[1], rest[at:])
