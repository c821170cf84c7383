"""What is answered to what never becomes a request."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from cgraph_kit import telemetry
from cgraph_kit.channels.http import HttpLimits
from cgraph_web.early import early_refusal
from support.websocket import Mount, Running, serving, within

QUICK = HttpLimits(head=0.2, head_bytes=4096, linger=0.2)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    async with serving(Mount(), http=QUICK, refuse=early_refusal) as running:
        yield running


async def refused(running: Running, sent: bytes) -> tuple[int, dict[str, str], Any]:
    """Status, headers and error of the answer to some bytes."""
    client = await running.dial()
    await client.send(sent)
    head, _, body = (await within(client.reader.read())).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines), "a header is sent twice"
    assert int(headers["content-length"]) == len(body)
    return int(first.split()[1]), headers, msgspec.json.decode(body)["error"]


class TestEarlyRefusal:
    @pytest.mark.parametrize(
        ("sent", "status", "code"),
        [
            (b"\x16\x03\x01 hello\r\n\r\n", 400, "bad_request"),
            (b"GET / HTTP/9.9\r\n\r\n", 400, "bad_request"),
            (b"GET http://[ HTTP/1.1\r\nhost: h\r\n\r\n", 400, "bad_request"),
            (b"GET / HTTP/1.1\r\nhost: h", 408, "request_timeout"),
            (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 1000, 431, "headers_too_large"),
            (b"GET /" + b"a" * 5000, 431, "headers_too_large"),
        ],
    )
    async def test_is_an_envelope_like_any_other(
        self, running: Running, sent: bytes, status: int, code: str
    ) -> None:
        found, headers, error = await refused(running, sent)
        assert (found, error["code"], error["fields"]) == (status, code, {})
        assert error["message"]
        assert headers["content-type"] == "application/json"
        assert headers["connection"] == "close"
        assert headers["x-request-id"] == error["request_id"]
        assert headers["cache-control"] == "no-store"
        assert "python" not in str(headers).lower()

    async def test_counts(self, running: Running) -> None:
        labels = {"method": "other", "route": "unmatched", "status": "400"}
        value = telemetry.registry.get_sample_value
        before = value("http_requests_total", labels) or 0
        await refused(running, b"nonsense\r\n\r\n")
        assert value("http_requests_total", labels) == before + 1
