"""Asking a scanner, which here is a few lines that speak its protocol."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cgraph_kit.media import Scanner, ScannerAway

EICAR = b"X5O!P%@AP"


@asynccontextmanager
async def clamd(path: Path, *, says: bytes | None = None) -> AsyncIterator[str]:
    """A scanner on a socket that finds EICAR, unless it says something else whatever comes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack(">I", await reader.readexactly(4))[0]:
            content += await reader.readexactly(size)
        found = b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
        writer.write(found if says is None else says)
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield f"unix://{path}"
    finally:
        server.close()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


class TestScan:
    async def test_tells_the_infected_from_others(self, tmp_path: Path, file: Path) -> None:
        async with clamd(tmp_path / "clamd") as address:
            write(file, bytes(200_000))
            assert await Scanner(address).scan(file) is None
            write(file, bytes(100_000) + EICAR + bytes(100_000))
            assert await Scanner(address).scan(file) == "Eicar-Signature"

    @pytest.mark.parametrize(
        "says", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: what?\0"]
    )
    async def test_anything_else_is_no_verdict(
        self, tmp_path: Path, file: Path, says: bytes
    ) -> None:
        write(file, b"x")
        async with clamd(tmp_path / "clamd", says=says) as address:
            with pytest.raises(ScannerAway, match="clamd"):
                await Scanner(address).scan(file)

    async def test_one_that_is_away(self, tmp_path: Path, file: Path) -> None:
        write(file, b"x")
        for address in (f"unix://{tmp_path}/none", "tcp://127.0.0.1:1"):
            with pytest.raises(ScannerAway):
                await Scanner(address).scan(file)


class TestScanner:
    @pytest.mark.parametrize("address", ["", "clamd", "http://localhost", "unix://", "tcp://"])
    def test_addresses_that_are_none(self, address: str) -> None:
        with pytest.raises(ValueError, match="must be tcp"):
            Scanner(address)
