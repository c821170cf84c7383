"""One request to a provider, whose address the operator set."""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path

import httpcore2
import httpx2

SECONDS = 20.0
"""For a whole exchange."""
IDLE = 300.0
"""Seconds a connection is kept: providers ask for few that last."""


class NoAnswer(Exception):
    """Nobody answered, or not in time."""


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """The system's certificate authorities, and those of a PEM file. Raises `OSError` (`ssl.SSLError`) for one that is none."""
    context = httpcore2.default_ssl_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def client(tls: ssl.SSLContext | None, *, http1: bool = True) -> httpx2.AsyncClient:
    """Speaks HTTP/2 where the provider does, and reads no proxy from the environment."""
    return httpx2.AsyncClient(
        http1=http1,
        http2=True,
        # A context of its own: each client sets the protocols it offers on it.
        verify=tls or trusting(None),
        trust_env=False,
        timeout=httpx2.Timeout(SECONDS),
        limits=httpx2.Limits(max_connections=10, keepalive_expiry=IDLE),
    )


async def post(
    client: httpx2.AsyncClient, url: str, body: bytes, headers: Mapping[str, str]
) -> httpx2.Response:
    """The provider's answer, whatever its status. Raises `NoAnswer`."""
    try:
        async with asyncio.timeout(SECONDS):
            return await client.post(url, content=body, headers=headers)
    except (httpx2.HTTPError, TimeoutError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error
