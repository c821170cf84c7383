"""Reading a request's body within its bounds."""

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar

from .errors import BodyTooLarge, ClientGone, RequestTimeout, UnsupportedMediaType
from .response import JSON

B = TypeVar("B", bytes, bytearray)

FORM = b"application/x-www-form-urlencoded"


async def read_body(
    receive: Any,
    headers: Mapping[bytes, bytes],
    *,
    limit: int,
    seconds: float,
    media_type: bytes = JSON,
) -> bytes:
    """The whole body, JSON or whatever else it must be: at most `limit` bytes, within so many `seconds` of its first ones.

    (For those the server's own guard waits.)

    Raises `UnsupportedMediaType`, `BodyTooLarge` (before reading, if the length is stated), `RequestTimeout`, and
    `ClientGone` when there is nobody left to answer.
    """
    _check_head(headers, limit, media_type)
    first, more = await _chunk(receive)
    if not more:  # nearly always; so only those who send in pieces pay for a timer
        return _within(first, limit)
    try:
        async with asyncio.timeout(seconds):
            return await _collect(receive, first, limit)
    except TimeoutError:
        raise RequestTimeout from None


def _check_head(headers: Mapping[bytes, bytes], limit: int, media_type: bytes) -> None:
    if headers.get(b"content-type", media_type) != media_type:
        _check_type(headers[b"content-type"], media_type)
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaType("the body must not be compressed")
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limit:
        raise BodyTooLarge.over(limit)


def _check_type(content_type: bytes, expected: bytes) -> None:
    """In UTF-8, whoever takes the trouble to say so."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(b";"))
    if media_type not in {b"", expected}:
        raise UnsupportedMediaType(f"the body must be {expected.decode()}")
    for name, _, value in (parameter.partition(b"=") for parameter in parameters):
        if name.strip() == b"charset" and value.strip(b' "') not in {b"utf-8", b"utf8"}:
            raise UnsupportedMediaType("the body must be UTF-8")


async def _collect(receive: Any, first: bytes, limit: int) -> bytes:
    body = bytearray(_within(first, limit))
    more = True
    while more:
        chunk, more = await _chunk(receive)
        body += chunk
        _within(body, limit)
    return bytes(body)


async def _chunk(receive: Any) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message.get("body", b""), message.get("more_body", False)


def _within(body: B, limit: int) -> B:
    if len(body) > limit:
        raise BodyTooLarge.over(limit)
    return body
