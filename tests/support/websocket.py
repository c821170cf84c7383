"""A real uvicorn with our protocols on a free port, and a client that can break every rule."""

import asyncio
import base64
import contextlib
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from uvicorn import Config, Server

from cgraph_kit.channels.http import HttpLimits, Refuse, bare, guarded_http, upgrade_required
from cgraph_kit.channels.transport import (
    Accept,
    Accepted,
    Handshake,
    Receiver,
    Refused,
    Transport,
)
from cgraph_kit.channels.upgrade import websocket_protocol
from cgraph_kit.channels.websocket import WebSocketLimits
from cgraph_kit.channels.wire import WEBSOCKET, Packing

MOUNT = "/socket/websocket"
KEY = base64.b64encode(b"0123456789abcdef").decode()
MASK = b"\x37\xfa\x21\x3d"

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Echo:
    """A receiver that sends every message back, and remembers what it was told."""

    def __init__(self, transport: Transport, packing: Packing = WEBSOCKET) -> None:
        self.transport = transport
        self.packing = packing
        self.heard: list[str | bytes] = []
        self.told: list[str] = []
        self.code: int | None = None

    def receive_text(self, data: bytes) -> None:
        self.heard.append(data.decode())
        self.transport.write(self.packing.text(data))

    def receive_binary(self, data: bytes) -> None:
        self.heard.append(data)
        self.transport.write(self.packing.binary(data))

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")

    def closed(self, code: int) -> None:
        assert self.code is None, "told of the close twice"
        self.code = code


@dataclass
class Mount:
    """An acceptor that lets everybody in, and keeps the receivers it made."""

    make: Callable[[Transport], Receiver] = Echo
    subprotocol: str | None = None
    handshakes: list[Handshake] = field(default_factory=list)
    receivers: list[Any] = field(default_factory=list)

    async def __call__(self, handshake: Handshake) -> Refused | Accepted:
        self.handshakes.append(handshake)
        return Accepted(self._open, self.subprotocol)

    def _open(self, transport: Transport) -> Receiver:
        receiver = self.make(transport)
        self.receivers.append(receiver)
        return receiver


class _Server(Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The test run keeps its own."""
        yield


@dataclass
class Running:
    server: Server
    port: int
    tls: ssl.SSLContext | None = None
    """For clients of a server with a certificate."""
    clients: list["Client"] = field(default_factory=list)

    @property
    def connections(self) -> set[Any]:
        return self.server.server_state.connections

    async def connect(self, path: str = MOUNT, **headers: str) -> "Client":
        """An open WebSocket."""
        client = await self.dial()
        await client.send(upgrade_request(path, headers))
        response = await client.response()
        assert response.startswith("HTTP/1.1 101 "), response
        client.inflates = "\r\nsec-websocket-extensions: permessage-deflate;" in response
        return client

    async def dial(self) -> "Client":
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls))
        self.clients.append(client)
        return client

    async def hang_up(self) -> None:
        """Ends all clients, and waits until the server has noticed."""
        while self.clients:
            await self.clients.pop().hang_up()
        await until(lambda: not self.connections)

    async def request(self, data: bytes) -> str:
        """The whole response to raw bytes, head and body; the server is asked to close, or does."""
        client = await self.dial()
        await client.send(data)
        async with asyncio.timeout(5):
            response = await client.reader.read()
        await client.hang_up()
        return response.decode()


@contextlib.asynccontextmanager
async def serving(
    mount: Accept | Mapping[str, Accept],
    *,
    app: Any = upgrade_required,
    limits: WebSocketLimits | None = None,
    http: HttpLimits | None = None,
    refuse: Refuse = bare,
    compression: bool = True,
    **config: Any,
) -> AsyncIterator[Running]:
    """uvicorn on a free port of this loop, until the block is left."""
    mounts = mount if isinstance(mount, Mapping) else {MOUNT: mount}
    server = _Server(
        Config(
            app,
            port=0,
            http=guarded_http(http, refuse),
            ws=websocket_protocol(mounts, limits, compression=compression),
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
            **config,
        )
    )
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done())
    running = Running(server, server.servers[0].sockets[0].getsockname()[1])
    try:
        yield running
    finally:
        await running.hang_up()
        server.should_exit = True
        await asyncio.wait_for(task, 10)


async def until(condition: Callable[[], Any], seconds: float = 5) -> None:
    """Waits for something that has no event of its own; fails when it takes too long."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.002)


async def within(awaitable: Awaitable[Any], seconds: float = 5) -> Any:
    async with asyncio.timeout(seconds):
        return await awaitable


def upgrade_request(
    path: str = MOUNT, headers: Mapping[str, str] | None = None, method: str = "GET"
) -> bytes:
    """A handshake; an underscore in a name stands for a dash, an empty value leaves the header out."""
    fields = {
        "host": "chat.test:4000",
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": KEY,
    } | {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    lines = [f"{name}: {value}\r\n" for name, value in fields.items() if value]
    return f"{method} {path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode()


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = MASK,
    length: int | None = None,
    wide: int | None = None,
) -> bytes:
    """A client's frame. `length` lies about the payload, `wide` (16 or 64) forces an extended length field."""
    size = len(payload) if length is None else length
    first = (fin << 7) | (rsv << 4) | opcode
    bits = wide or (0 if size < 126 else 16 if size < 1 << 16 else 64)
    short = {0: size, 16: 126, 64: 127}[bits]
    extended = size.to_bytes(bits // 8, "big") if bits else b""
    head = bytes((first, (0x80 if mask is not None else 0) | short)) + extended
    return head + masked(payload, mask) if mask is not None else head + payload


def masked(payload: bytes, mask: bytes) -> bytes:
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    xored = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return mask + xored.to_bytes(len(payload), "big")


def packed(data: bytes, window: int = 15, level: int = 6) -> bytes:
    """A client's message as permessage-deflate wants it (RFC 7692 §7.2.1)."""
    squeeze = zlib.compressobj(level, zlib.DEFLATED, -window)
    return (squeeze.compress(data) + squeeze.flush(zlib.Z_SYNC_FLUSH))[:-4]


def unpacked(payload: bytes, window: int = 15) -> bytes:
    """What such a message says; it must be whole."""
    inflate = zlib.decompressobj(-window)
    data = inflate.decompress(payload + b"\x00\x00\xff\xff\x03\x00")
    assert (inflate.eof, inflate.unused_data) == (True, b""), "not a whole message"
    return data


def closing(code: int | None = None, reason: bytes = b"") -> bytes:
    return frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason)


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    inflates: bool = False
    """Compression was agreed to."""
    inflated: int = 0
    """Compressed messages so far."""

    async def send(self, data: bytes) -> None:
        if self.writer.transport.is_closing():
            raise ConnectionResetError  # uvloop would call it a RuntimeError
        self.writer.write(data)
        await self.writer.drain()

    async def response(self) -> str:
        return (await within(self.reader.readuntil(b"\r\n\r\n"))).decode()

    async def frame(self) -> tuple[int, bytes]:
        """The next frame's opcode and payload; the server's are whole and unmasked, and this checks it."""
        first, second = await within(self.reader.readexactly(2))
        assert first & 0xB0 == 0x80, "fragmented, or reserved bits"
        assert second < 0x80, "masked"
        size = second
        if second > 125:
            size = int.from_bytes(await self.reader.readexactly(2 if second == 126 else 8), "big")
        payload = await within(self.reader.readexactly(size))
        return first & 15, self._inflated(payload) if first & 0x40 else payload

    def _inflated(self, payload: bytes) -> bytes:
        assert self.inflates, "compressed without being asked"
        self.inflated += 1
        return unpacked(payload)

    async def frames(self) -> list[tuple[int, bytes]]:
        """All frames until the server hangs up."""
        got = []
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                got.append(await self.frame())
        return got

    async def close_code(self) -> tuple[int | None, str]:
        """Reads to the end; the code and reason of the last frame, which must be a close."""
        opcode, payload = (await self.frames())[-1]
        assert opcode == CLOSE
        return int.from_bytes(payload[:2], "big") if payload else None, payload[2:].decode()

    async def hang_up(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()
