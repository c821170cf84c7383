"""Files over real connections: readers who are slow, or leave, and writers who are told before they are done."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cgraph.application import App
from cgraph_web.server import Listening, running
from support.people import Person

SIZE = 7 * 1024 * 1024
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def listening(app: App) -> AsyncIterator[Listening]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with running(app, listener) as listening:
            yield listening


@pytest.fixture
async def address(upload: Any) -> str:
    made = await upload(b"\0" * SIZE, "zeros.bin")
    return f"/api/v1/files/{made.json['data']['id']}"


async def say(listening: Listening, head: str, person: Person) -> Line:
    """The beginning of a request on a connection of its own, whose reader takes little at a time."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (listening.host, listening.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=64 * 1024)
    writer.write(f"{head}Host: x\r\nAuthorization: Bearer {person.token}\r\n\r\n".encode())
    return reader, writer


async def answered(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")


class TestShow:
    async def test_a_slow_reader_holds_no_connection_to_the_database(
        self, app: App, listening: Listening, address: str, ann: Person, ada: Any
    ) -> None:
        lines = [await say(listening, f"GET {address} HTTP/1.1\r\n", ann) for _ in range(12)]
        try:
            heads = [await answered(reader) for reader, _ in lines]
            assert all(f"content-length: {SIZE}" in head for head in heads)
            async with asyncio.timeout(20):  # others use some for a moment
                while app.db.stats()["idle"] < app.db.stats()["size"]:  # noqa: ASYNC110 (nobody tells)
                    await asyncio.sleep(0.01)
            assert (await ada.get(address, headers={"range": "bytes=0-0"})).status == 206
            assert len(await lines[0][0].readexactly(SIZE)) == SIZE
        finally:
            for _, writer in lines:
                writer.transport.abort()


class TestCreate:
    async def test_who_sends_too_much_is_told_before(
        self, listening: Listening, ann: Person, ada: Any
    ) -> None:
        head = f"POST /api/v1/files HTTP/1.1\r\nContent-Length: {2 * 10**9}\r\n"
        reader, writer = await say(listening, head, ann)
        assert (await answered(reader)).startswith("HTTP/1.1 413")
        writer.close()
        assert (await ada.get("/api/v1/me/storage")).json["data"]["used"] == 0

    async def test_a_file_in_chunks_without_a_length(
        self, listening: Listening, ann: Person
    ) -> None:
        head = "POST /api/v1/files HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-File-Name: a.txt\r\n"
        reader, writer = await say(listening, head, ann)
        writer.write(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        assert (await answered(reader)).startswith("HTTP/1.1 201")
        writer.close()
