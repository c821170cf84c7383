"""Reading a request's body within its bounds."""

import asyncio
from collections.abc import Mapping
from typing import Any

from .errors import BodyTooLarge, ClientGone, RequestTimeout, UnsupportedMediaType


async def read_body(
    receive: Any, headers: Mapping[bytes, bytes], *, limit: int, seconds: float
) -> bytes:
    """The whole JSON body. At most `limit` bytes, within so many `seconds`.

    Raises `UnsupportedMediaType`, `BodyTooLarge` (before reading, if the length is stated), `RequestTimeout`, and
    `ClientGone` when there is nobody left to answer.
    """
    _check_head(headers, limit)
    try:
        async with asyncio.timeout(seconds):
            return await _collect(receive, limit)
    except TimeoutError:
        raise RequestTimeout from None


def _check_head(headers: Mapping[bytes, bytes], limit: int) -> None:
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type not in {b"", b"application/json"}:
        raise UnsupportedMediaType
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limit:
        raise BodyTooLarge.over(limit)


async def _collect(receive: Any, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge.over(limit)
        if not message.get("more_body", False):
            return b"".join((*chunks, chunk)) if chunks else chunk
        chunks.append(chunk)
