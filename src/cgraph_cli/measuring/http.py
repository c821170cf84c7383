"""A client of the API over one kept connection: cheap enough to measure with."""

import asyncio
from typing import Any, Self

import msgspec

from cgraph_cli.output import Failure

_decode = msgspec.json.Decoder().decode


class Api:
    """One connection, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.token = ""
        """Sent as bearer token, once set."""

    @classmethod
    async def connect(cls, host: str, port: int) -> Self:
        return cls(*await asyncio.open_connection(host, port))

    async def get(self, path: str) -> Any:
        return await self._ask("GET", path, b"")

    async def post(self, path: str, body: Any) -> Any:
        return await self._ask("POST", path, msgspec.json.encode(body))

    def close(self) -> None:
        self._writer.close()

    async def _ask(self, method: str, path: str, body: bytes) -> Any:
        """The answer's `data`. Raises `Failure` for an answer that is none."""
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        )
        if self.token:
            head += f"authorization: Bearer {self.token}\r\n"
        self._writer.write(f"{head}\r\n".encode() + body)
        status, answer = await self._answer()
        if status >= 300:  # noqa: PLR2004
            raise Failure(f"{method} {path} was answered {status}: {answer.decode()[:500]}")
        return _decode(answer)["data"]

    async def _answer(self) -> tuple[int, bytes]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        return int(head.split(maxsplit=2)[1]), await self._reader.readexactly(length)
