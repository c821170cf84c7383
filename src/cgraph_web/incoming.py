"""Bodies that are files: read piece by piece by whoever stores them, never whole.

A handler asks for one by a parameter called `incoming`.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import multipart  # type: ignore[import-untyped]

from cgraph_kit.errors import Invalid

from .errors import BadRequest, BodyTooLarge, ClientGone, RequestTimeout, UnsupportedMediaType

FORM_DATA = b"multipart/form-data"
OVERHEAD = 64 * 1024
"""Bytes that boundaries and headers of a form may add to its file."""
PARTS_MAX = 4
TEXT_MAX = 8 * 1024
"""Bytes of a field of a form that is no file."""


class Incoming:
    """The body of a request, on its way."""

    def __init__(self, receive: Any, headers: Mapping[bytes, bytes], *, seconds: float) -> None:
        """`seconds`: in which each piece must come."""
        self.headers = headers
        self._receive = receive
        self._seconds = seconds

    @property
    def length(self) -> int | None:
        """Bytes as stated in the head; None: they come in chunks. Raises `UnsupportedMediaType` for a compressed body."""
        if self.headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise UnsupportedMediaType("the body must not be compressed")
        stated = self.headers.get(b"content-length", b"")
        return int(stated) if stated.isdigit() else None

    @property
    def is_form(self) -> bool:
        media_type = self.headers.get(b"content-type", b"").partition(b";")[0]
        return media_type.strip().lower() == FORM_DATA

    async def pieces(self) -> AsyncIterator[bytes]:
        """Everything, in pieces as they come. Raises `RequestTimeout`, `ClientGone`, and `BadRequest` for less than stated."""
        length, read, more = self.length, 0, True
        while more:
            try:
                async with asyncio.timeout(self._seconds):
                    message = await self._receive()
            except TimeoutError:
                raise RequestTimeout from None
            if message["type"] == "http.disconnect":
                raise ClientGone
            piece, more = message.get("body", b""), message.get("more_body", False)
            read += len(piece)
            if piece:
                yield piece
        if length is not None and read < length:
            raise BadRequest("the body is shorter than stated")

    def header(self, name: bytes) -> str | None:
        """A header's percent-encoded UTF-8. Raises `Invalid`."""
        value = self.headers.get(name)
        if value is None:
            return None
        try:
            return unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            raise Invalid.field(name.decode(), "is not percent-encoded UTF-8") from None


class FormFile:
    """The file of a `multipart/form-data` body (RFC 7578), and the texts before it."""

    def __init__(self, incoming: Incoming, *, most: int) -> None:
        """Raises `BadRequest` for what is no form, `BodyTooLarge` for a stated length that no file of `most` bytes needs."""
        if (incoming.length or 0) > most + OVERHEAD:
            raise BodyTooLarge.over(most)
        self.name = ""
        self.texts: dict[str, str] = {}
        self._pieces = incoming.pieces()
        self._most = most
        self._left = most + OVERHEAD
        self._events: list[Any] = []
        self._parser = _parser(incoming.headers[b"content-type"])

    async def open(self) -> AsyncIterator[bytes]:
        """Read as far as the file's head; then its bytes are to be read. Raises `BadRequest`, `Invalid` for a form without a file."""
        field, text = None, bytearray()
        async for event in self._parsed():
            if isinstance(event, multipart.MultipartSegment):
                if event.filename is not None:
                    self.name = event.filename
                    return self._content()
                field, text = event.name or "", bytearray()
            elif event is not None:
                text += event
                if len(text) > TEXT_MAX:
                    raise Invalid.field(field or "", "is too long")
            elif field is not None:
                self.texts[field] = _text(field, text)
        raise Invalid.field("file", "is required")

    async def _content(self) -> AsyncIterator[bytes]:
        """The file, and nothing after it."""
        ended = False
        async for event in self._parsed():
            if event is None:
                ended = True
                self._left = min(self._left, OVERHEAD)
            elif ended:
                raise Invalid.field("file", "must be the last part of the form, and the only file")
            else:
                yield bytes(event)

    async def _parsed(self) -> AsyncIterator[Any]:
        """Segments, their bytes, and None at the end of each; from where the last reader stopped."""
        while True:
            while self._events:
                yield self._events.pop(0)
            try:
                if self._left < 0:  # what comes before and after the parts counts, too
                    raise BodyTooLarge.over(self._most)
                piece = await anext(self._pieces)
                self._left -= len(piece)
                self._events = list(self._parser.parse(piece))
            except StopAsyncIteration:
                break
            except multipart.MultipartError as error:
                raise BadRequest(f"this is no form: {error}") from None
        try:
            self._parser.close()
        except multipart.MultipartError:
            raise BadRequest("the form ends too early") from None


def _parser(content_type: bytes) -> Any:
    """Bounded in parts and their heads; how long the parts may be is their readers' business."""
    _, options = multipart.parse_options_header(content_type.decode("latin-1"))
    try:
        return multipart.PushMultipartParser(
            options.get("boundary", ""), max_segment_count=PARTS_MAX
        )
    except multipart.MultipartError as error:
        raise BadRequest(f"this is no form: {error}") from None


def _text(field: str, text: bytearray) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise Invalid.field(field, "is not UTF-8") from None
