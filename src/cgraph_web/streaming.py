"""Sending what is read meanwhile: no faster than it is taken, and no longer than somebody takes it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from cgraph_kit.storage import StorageError

from .errors import ClientGone

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds in which a reader must take one piece; then the line is cut."""


async def send_streamed(content: AsyncIterator[bytes], receive: Any, send: Any) -> None:
    """The body of an answer whose head is sent. What fails here can only cut the line. Raises `ClientGone`."""
    leaving = asyncio.ensure_future(_left(receive))
    try:
        async with aclosing(content) as pieces:  # type: ignore[type-var]  # a generator
            async for piece in pieces:
                if leaving.done():
                    raise ClientGone
                async with asyncio.timeout(PATIENCE):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
    except TimeoutError:
        raise ClientGone from None
    except StorageError as error:
        log.error("a file could not be read to its end: %s", error)  # noqa: TRY400 (no bug of ours)
        raise ClientGone from None
    finally:
        leaving.cancel()
    await send({"type": "http.response.body", "body": b""})


async def _left(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
