"""An ASGI application over TLS and HTTP/2 on a port of its own, and servers that misbehave."""

import asyncio
import ssl
import tempfile
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config, Sockets

NAMES = ("127.0.0.1", "localhost", "push.example.org")
"""Whom the certificate is for."""

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def client_tls() -> ssl.SSLContext:
    """Trusts the servers of this module and nobody else."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


def ca_file(directory: Path) -> Path:
    """The same as a file, for settings."""
    path = directory / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return path


@dataclass
class Request:
    """One request a server got."""

    method: str
    path: str
    headers: httpx2.Headers
    body: bytes
    http_version: str
    client: tuple[str, int]
    query: str = ""

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass
class Answered:
    """What a server answers."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def json_answer(status: int, body: Any, **headers: str) -> Answered:
    return Answered(
        status, {"content-type": "application/json", **headers}, msgspec.json.encode(body)
    )


Answerer = Callable[[Request], Awaitable[Answered]]


@asynccontextmanager
async def serving(answer: Answerer) -> AsyncIterator[str]:
    """Serve over TLS, by HTTP/1.1 and HTTP/2; the address, as `https://127.0.0.1:port`."""
    with tempfile.TemporaryDirectory() as directory:
        config = _config(Path(directory))
        sockets = config.create_sockets()
        sockets.secure_sockets[0].listen(100)  # who comes before the server is up waits
        stop = asyncio.Event()
        config.create_sockets = lambda: sockets  # type: ignore[method-assign]
        task = asyncio.create_task(serve(_asgi(answer), config, shutdown_trigger=stop.wait))
        try:
            yield f"https://127.0.0.1:{_port(sockets)}"
        finally:
            stop.set()
            await task


def _config(directory: Path) -> Config:
    certificate = authority().issue_cert(*NAMES)
    path = directory / "server.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(path))
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.certfile = config.keyfile = str(path)
    config.graceful_timeout = 0.2
    config.errorlog = config.accesslog = None
    return config


def _port(sockets: Sockets) -> int:
    port: int = sockets.secure_sockets[0].getsockname()[1]
    return port


def _asgi(answer: Answerer) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message.get("more_body"):
                break
        headers = httpx2.Headers(list(scope["headers"]))
        answered = await _said(
            answer,
            Request(
                scope["method"],
                scope["path"],
                headers,
                body,
                scope["http_version"],
                scope["client"],
                scope["query_string"].decode(),
            ),
        )
        sent = [(name.encode(), value.encode()) for name, value in answered.headers.items()]
        await send({"type": "http.response.start", "status": answered.status, "headers": sent})
        await send({"type": "http.response.body", "body": answered.body})

    return app


async def _said(answer: Answerer, request: Request) -> Answered:
    """What it cannot read it says so, loudly: the traceback is the answer."""
    try:
        return await answer(request)
    except Exception:
        return Answered(500, body=traceback.format_exc().encode())


async def _lifespan(receive: Any, send: Any) -> None:
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


@asynccontextmanager
async def misbehaving(handle: Handler) -> AsyncIterator[str]:
    """A TLS server that does what `handle` does once it has read a request's head; its address."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority().issue_cert(*NAMES).configure_cert(context)
    tasks = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await reader.readuntil(b"\r\n\r\n")
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Say nothing and go."""


async def say_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Keep the connection open, for as long as the other side will have it."""
    await asyncio.Event().wait()


async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An answer that goes on, byte by byte, and never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    while True:
        writer.write(b"*")
        await writer.drain()
        await asyncio.sleep(0.005)


async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An answer without a length that goes on as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(bytes(65_536))
        await writer.drain()
