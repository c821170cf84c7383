"""Asking ClamAV's daemon whether a file is infected: its INSTREAM command, over TCP or a Unix socket."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

PIECE = 64 * 1024
ANSWER_MAX = 1024
TCP_PORT = 3310
_TOO_LARGE = b"size limit exceeded"


class ScannerAway(Exception):
    """It does not answer, or not that it has looked: nothing is known of the file."""


class Scanner:
    """A clamd at `tcp://host[:port]` or `unix:///path`. Its `StreamMaxLength` must be no smaller than files may be."""

    def __init__(self, address: str, *, seconds: float = 60.0) -> None:
        """`seconds`: in which a file must have been looked at. Raises `ValueError` for what is no such address."""
        parts = urlsplit(address)
        if parts.scheme not in {"tcp", "unix"} or not (parts.hostname or parts.path):
            raise ValueError("must be tcp://host[:port] or unix:///path")
        self._path = parts.path if parts.scheme == "unix" else None
        self._host, self._port = parts.hostname or "", parts.port or TCP_PORT
        self._seconds = seconds

    async def scan(self, path: Path) -> str | None:
        """What was found in the file, in the scanner's words; None: nothing. Raises `ScannerAway`."""
        with _away():
            return _verdict(await self._ask(b"zINSTREAM\0", _pieces(path)))

    async def ask_version(self) -> str:
        """Of the scanner and of what it knows, in its words. Raises `ScannerAway`."""
        with _away():
            said = _text(await self._ask(b"zVERSION\0"))
        if not said.startswith("ClamAV"):
            raise ScannerAway(f"clamd answered: {said}")
        return said

    async def takes(self, size: int) -> bool:
        """Whether it looks at files of so many bytes: it is sent as many zeros. Raises `ScannerAway`."""
        with _away():
            try:
                answer = await self._ask(b"zINSTREAM\0", _zeros(size))
            except (BrokenPipeError, ConnectionResetError):
                return (
                    False  # it hangs up on who sends too much, whether or not its answer was read
                )
        return _TOO_LARGE not in answer and _verdict(answer) is None

    async def _ask(self, command: bytes, content: Iterable[bytes] | None = None) -> bytes:
        async with asyncio.timeout(self._seconds), self._connection() as (reader, writer):
            writer.write(command)
            if content is not None:
                for piece in content:
                    writer.write(struct.pack(">I", len(piece)) + piece)
                    await writer.drain()
                writer.write(struct.pack(">I", 0))
            await writer.drain()
            return await reader.read(ANSWER_MAX)

    @asynccontextmanager
    async def _connection(
        self,
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        if self._path is not None:
            reader, writer = await asyncio.open_unix_connection(self._path)
        else:
            reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            yield reader, writer
        finally:
            writer.close()


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (OSError, TimeoutError) as error:
        raise ScannerAway(f"clamd: {error or 'no answer in time'}") from None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _zeros(size: int) -> Iterator[bytes]:
    while size > 0:
        yield bytes(min(size, PIECE))
        size -= PIECE


def _text(answer: bytes) -> str:
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")[:200]


def _verdict(answer: bytes) -> str | None:
    """`stream: OK`, `stream: <name> FOUND`; anything else is no verdict."""
    text = answer.rstrip(b"\0\n").decode("utf-8", "replace")
    if text == "stream: OK":
        return None
    if text.startswith("stream: ") and text.endswith(" FOUND"):
        return text[len("stream: ") : -len(" FOUND")]
    raise ScannerAway(f"clamd answered: {_text(answer)}")
