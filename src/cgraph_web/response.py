"""Answers as encoded bytes: what a handler may return besides plain values, and what is sent."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

Header = tuple[bytes, bytes]

JSON = b"application/json"
NO_CONTENT = 204
NOT_MODIFIED = 304
encode = msgspec.json.Encoder().encode


class Response:
    """Ready bytes with a status."""

    __slots__ = ("body", "headers", "kept", "page", "status")

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        *,
        content_type: bytes = JSON,
        headers: Iterable[Header] = (),
        page: bool = False,
    ) -> None:
        self.body = body
        self.status = status
        self.page = page
        """Says by itself what browsers may do with it and how long it keeps; anything else is JSON of the moment."""
        self.kept = False
        """Says by itself how long it keeps, though it is no page."""
        self.headers: list[Header] = [*headers]
        if status not in {NO_CONTENT, NOT_MODIFIED}:
            self.headers += (
                (b"content-type", content_type),
                (b"content-length", b"%d" % len(body)),
            )


class Streamed(Response):
    """Bytes that are read while they are sent; it says by itself what browsers may do with them."""

    __slots__ = ("content",)

    def __init__(
        self,
        content: AsyncIterator[bytes],
        size: int,
        status: int = 200,
        *,
        content_type: bytes,
        headers: Iterable[Header] = (),
    ) -> None:
        super().__init__(b"", status, content_type=content_type, headers=headers, page=True)
        self.headers[-1] = (b"content-length", b"%d" % size)
        self.content = content


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """A handler's value with a status or headers of its own, where the action's do not fit."""

    body: T
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def render(value: Any, status: int) -> Response:
    """A handler's value as bytes; None is an empty 204."""
    if isinstance(value, Response):
        return value
    if isinstance(value, Reply):
        headers = [(k.lower().encode(), v.encode("latin-1")) for k, v in value.headers.items()]
        answer = render(value.body, value.status or status)
        answer.headers += headers
        return answer
    if value is None:
        return Response(b"", NO_CONTENT)
    return Response(encode(value), status)
