"""The way in from outside, with proxies of several kinds in front of a real node."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from cgraph_cli.checks import proxy
from cgraph_cli.checks.finding import Finding
from support.served import serving

Edit = Callable[[bytes], bytes]


def unchanged(request: bytes) -> bytes:
    return request


def without_upgrade(request: bytes) -> bytes:
    """What a proxy passes on that speaks HTTP/1.0 to its backends."""
    lines = request.split(b"\r\n")
    return b"\r\n".join(
        line for line in lines if not line.lower().startswith((b"upgrade:", b"connection: upgrade"))
    )


@pytest.fixture(scope="module")
async def node(clones: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """The port of a running node."""
    path: Path = tmp_path_factory.mktemp("node")
    async with serving(path, env={"DATABASE_URL": await clones.make()}) as served:
        yield served.port


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@asynccontextmanager
async def proxying(
    node: int, edit: Edit, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A proxy that passes each connection's request on as `edit` has it."""

    handling: set[Any] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handling.add(asyncio.current_task())
        there, back = await asyncio.open_connection("127.0.0.1", node)
        try:
            back.write(edit(await reader.readuntil(b"\r\n\r\n")))
            while piece := await there.read(65_536):
                writer.write(piece)
        finally:
            for each in (writer, back):
                each.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for task in handling:
            task.cancel()
        await asyncio.gather(*handling, return_exceptions=True)


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    """Somebody who says the same to everything."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def look(url: str, tls: ssl.SSLContext | None = None) -> dict[str, Finding]:
    return {finding.what: finding async for finding in proxy.examine(url, tls=tls)}


def levels(found: dict[str, Finding]) -> dict[str, str]:
    return {what: finding.level for what, finding in found.items()}


class TestExamine:
    async def test_a_proxy_that_passes_everything_on(self, node: int) -> None:
        async with proxying(node, unchanged) as port:
            found = await look(f"http://127.0.0.1:{port}/")
        assert levels(found) == {"public address": "ok", "websocket": "ok"}

    async def test_one_that_drops_the_upgrade(self, node: int) -> None:
        async with proxying(node, without_upgrade) as port:
            found = await look(f"http://127.0.0.1:{port}")
        assert levels(found) == {"public address": "ok", "websocket": "fail"}
        assert "Upgrade and Connection" in found["websocket"].advice

    async def test_tls_with_a_certificate(self, node: int, authority: trustme.CA) -> None:
        server, client = contexts(authority)
        async with proxying(node, unchanged, tls=server) as port:
            found = await look(f"https://localhost:{port}", client)
        assert levels(found) == {"public address": "ok", "certificate": "ok", "websocket": "ok"}

    async def test_one_that_nobody_trusts(self, node: int, authority: trustme.CA) -> None:
        server, _ = contexts(authority)
        async with proxying(node, unchanged, tls=server) as port:
            found = await look(f"https://localhost:{port}")
        assert levels(found) == {"certificate": "fail"}

    async def test_somebody_else(self) -> None:
        async with answering(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 3\r\n\r\nno!") as port:
            found = await look(f"http://127.0.0.1:{port}")
        assert levels(found) == {"public address": "fail", "websocket": "fail"}
        assert "502" in found["websocket"].state

    @pytest.mark.parametrize("answer", [b"", b"220 mail.example.org\r\n\r\n", b"x" * 70_000])
    async def test_no_http_at_all(self, answer: bytes) -> None:
        async with answering(answer) as port:
            assert levels(await look(f"http://127.0.0.1:{port}"))["public address"] == "fail"

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:1", "chat.example.org", "ftp://x", "http://x:port"]
    )
    async def test_nobody(self, url: str) -> None:
        assert levels(await look(url)) == {"public address": "fail"}


def contexts(authority: trustme.CA) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's, with a certificate for localhost, and that of a client who trusts it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client
