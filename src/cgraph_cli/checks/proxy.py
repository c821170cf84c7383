"""The way in from outside: TLS, the proxy, and whether it lets WebSockets through."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

import msgspec

from .finding import Finding, fail, ok, warn

PATIENCE = 10.0
SOON = 14
"""Days before its end at which a certificate should long have been renewed."""
HEAD_MAX = 65_536
_KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 §1.3's example: any will do
_UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {_KEY}\r\n"
)
_PATH = "/socket/websocket?vsn=2.0.0"
_NO_HTTP = (ValueError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


class Address(msgspec.Struct, frozen=True):
    """A public base address."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def tls(self) -> bool:
        return self.scheme == "https"


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    body: str
    days: float | None
    """Until the certificate ends."""


async def examine(url: str, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Finding]:
    """Ask a node from outside as a browser would; `tls`: whom to trust instead of the system's authorities."""
    address = _address(url)
    if address is None:
        yield fail("public address", f"{url} is no http(s) address", "such as https://chat.example")
        return
    context = (tls or ssl.create_default_context()) if address.tls else None
    try:
        health = await _ask(address, "/health", "Connection: close\r\n", context)
        yield _health(url, health)
        if health.days is not None:
            yield _certificate(health.days)
        yield _websocket(await _ask(address, _PATH, _UPGRADE, context))
    except ssl.SSLCertVerificationError as error:
        yield fail("certificate", error.verify_message, "renew it, or send the whole chain")
    except _NO_HTTP:
        yield fail("public address", f"{url} does not speak HTTP", "is it the proxy's port?")
    except (OSError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        yield fail("public address", f"{url}: {reason}", "start the proxy, open the port, mend DNS")


def _address(url: str) -> Address | None:
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            return Address(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))
    return None


async def _ask(address: Address, path: str, headers: str, context: ssl.SSLContext | None) -> Answer:
    host = address.host if address.port in {80, 443} else f"{address.host}:{address.port}"
    request = (
        f"GET {address.path}{path} HTTP/1.1\r\nHost: {host}\r\n"
        f"Origin: {address.scheme}://{host}\r\nUser-Agent: cgraph-doctor\r\n{headers}\r\n"
    )
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(
            address.host, address.port, ssl=context, limit=HEAD_MAX
        )
        try:
            writer.write(request.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status = int(head.split(None, 2)[1])
            body = b"" if status == 101 else await _body(reader)  # noqa: PLR2004
            return Answer(status, body.decode(errors="replace"), _days(writer))
        finally:
            writer.close()


async def _body(reader: asyncio.StreamReader) -> bytes:
    """The first of it: whether a proxy closes the connection after it is its own affair."""
    with suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            return await reader.read(1000)
    return b""


def _days(writer: asyncio.StreamWriter) -> float | None:
    certificate = writer.get_extra_info("peercert")
    if not certificate:
        return None
    return (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / 86_400


def _health(url: str, answer: Answer) -> Finding:
    if '"status":' not in answer.body:
        state = f"{url}/health answers {answer.status}, and not as a node does"
        return fail("public address", state, "have the proxy pass every path on to the nodes")
    return ok("public address", f"a node answers at {url}")


def _certificate(days: float) -> Finding:
    state = f"good for {days:.0f} more days"
    if days < SOON:
        return warn("certificate", state, "see why it was not renewed")
    return ok("certificate", state)


def _websocket(answer: Answer) -> Finding:
    """A node that gets the upgrade takes it (101) or asks who we are (403); without it, it says what is missing."""
    if answer.status in {101, 403}:
        return ok("websocket", "the upgrade reaches a node")
    if "upgrade" in answer.body:
        advice = "pass the headers Upgrade and Connection on, with HTTP/1.1 towards the nodes"
        return fail("websocket", "the proxy drops the upgrade", advice)
    state = f"the upgrade is answered with {answer.status}"
    return fail("websocket", state, "have the proxy pass /socket on to the nodes")
