"""Reading bodies."""

import asyncio
from typing import Any

import pytest

from cgraph_web.body import read_body
from cgraph_web.errors import BodyTooLarge, ClientGone, RequestTimeout, UnsupportedMediaType


def pieces(*chunks: bytes | None) -> Any:
    """A client that sends these; None hangs up; after the last it goes silent."""
    waiting = list(chunks)

    async def receive() -> Any:
        if not waiting:
            await asyncio.Event().wait()
        chunk = waiting.pop(0)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": chunk != b"end"}

    return receive


async def read(receive: Any, headers: dict[bytes, bytes] | None = None, limit: int = 10) -> bytes:
    return await read_body(receive, headers or {}, limit=limit, seconds=0.01)


class TestReadBody:
    async def test_joins_the_pieces(self) -> None:
        assert await read(pieces(b"one", b"", b"two", b"end")) == b"onetwoend"

    async def test_refuses_a_stated_length_without_reading(self) -> None:
        with pytest.raises(BodyTooLarge, match="10 bytes"):
            await read(pieces(), {b"content-length": b"11"})

    async def test_stops_reading_when_it_is_too_much(self) -> None:
        with pytest.raises(BodyTooLarge) as refused:
            await read(pieces(b"123456", b"123456"))
        assert refused.value.extra == {"limit": 10}

    async def test_takes_exactly_the_limit(self) -> None:
        assert await read(pieces(b"1234567", b"end")) == b"1234567end"

    async def test_does_not_wait_for_the_rest_for_ever(self) -> None:
        with pytest.raises(RequestTimeout):
            await read(pieces(b"a"))

    @pytest.mark.parametrize("sent", [(None,), (b"a", None)])
    async def test_gives_up_when_the_client_has(self, sent: tuple[bytes | None, ...]) -> None:
        with pytest.raises(ClientGone):
            await read(pieces(*sent))

    @pytest.mark.parametrize(
        "media_type",
        [
            b"application/json",
            b"Application/JSON; charset=utf-8",
            b'application/json;charset="utf8"',
            b"",
        ],
    )
    async def test_takes_json(self, media_type: bytes) -> None:
        assert await read(pieces(b"end"), {b"content-type": media_type}) == b"end"

    @pytest.mark.parametrize(
        "media_type", [b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data"]
    )
    async def test_takes_no_other_type(self, media_type: bytes) -> None:
        with pytest.raises(UnsupportedMediaType):
            await read(pieces(b"end"), {b"content-type": media_type})

    @pytest.mark.parametrize(
        ("header", "value", "reason"),
        [
            (b"content-type", b"application/json; charset=latin-1", "must be UTF-8"),
            (b"content-type", b'application/json; x=y; Charset="UTF-16"', "must be UTF-8"),
            (b"content-encoding", b"gzip", "must not be compressed"),
        ],
    )
    async def test_takes_nothing_but_plain_utf_8(
        self, header: bytes, value: bytes, reason: str
    ) -> None:
        with pytest.raises(UnsupportedMediaType, match=reason):
            await read(pieces(b"end"), {header: value})

    async def test_what_is_said_to_be_uncompressed_is(self) -> None:
        assert await read(pieces(b"end"), {b"content-encoding": b"identity"}) == b"end"
