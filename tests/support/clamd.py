"""A few lines that speak as ClamAV's daemon does."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

EICAR = b"X5O!P%@AP"
VERSION = "ClamAV 1.4.3/27800/Mon Nov 23 08:30:00 2026"
_TOO_LARGE = b"INSTREAM size limit exceeded. ERROR\0"


@asynccontextmanager
async def clamd(
    path: Path, *, says: bytes | None = None, most: int = 100_000_000
) -> AsyncIterator[str]:
    """A scanner on a socket that finds EICAR, unless it says something else whatever comes.

    `most`: bytes it looks at; it hangs up on who sends more.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = await _answer(reader, most)
        writer.write(answer if says is None else says)
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield f"unix://{path}"
    finally:
        server.close()


async def _answer(reader: asyncio.StreamReader, most: int) -> bytes:
    command = await reader.readuntil(b"\0")
    if command == b"zVERSION\0":
        return f"{VERSION}\0".encode()
    assert command == b"zINSTREAM\0"
    content = bytearray()
    while size := struct.unpack(">I", await reader.readexactly(4))[0]:
        content += await reader.readexactly(size)
        if len(content) > most:
            return _TOO_LARGE
    return b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
