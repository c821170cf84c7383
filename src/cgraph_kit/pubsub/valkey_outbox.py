"""What a node publishes, on its way to the Valkey server: ordered, batched, bounded."""

import asyncio
import logging
from collections import deque
from typing import NamedTuple

from redis.asyncio import Connection
from redis.exceptions import ResponseError

log = logging.getLogger(__name__)

PUBLISH = "PUBLISH"  # SPUBLISH for sharded pub/sub
BATCH_MESSAGES = 1_000


class _Message(NamedTuple):
    channel: str
    data: bytes
    sent: asyncio.Future[bool] | None


class Outbox:
    """Keeps what is published while the server is away, up to `max_bytes`; `dropped` counts what was not kept."""

    def __init__(self, max_bytes: int) -> None:
        self.dropped = 0
        self._max_bytes = max_bytes
        self._bytes = 0
        self._queue: deque[_Message] = deque()
        self._waiting = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def add(self, channel: str, data: bytes, sent: asyncio.Future[bool] | None = None) -> None:
        """`sent` gets True when the server has taken the message, False when it is given up."""
        message = _Message(channel, data, sent)
        if self._bytes + len(data) > self._max_bytes:
            self._settle(message, sent=False)
            return
        self._bytes += len(data)
        self._queue.append(message)
        self._empty.clear()
        self._waiting.set()

    async def run(self, connection: Connection) -> None:
        """Sends for ever. Waking up takes a tick, so what one tick publishes leaves as one pipeline."""
        while True:
            await self._waiting.wait()
            while self._queue:
                await self._send(connection, self._take())
            self._waiting.clear()
            self._empty.set()

    async def flushed(self) -> None:
        await self._empty.wait()

    def give_up_awaited(self) -> None:
        """Whoever awaits a message is told that it failed; the others stay queued for the next connection."""
        kept = [message for message in self._queue if message.sent is None]
        given_up = [message for message in self._queue if message.sent is not None]
        self._queue = deque(kept)
        self._bytes = sum(len(message.data) for message in kept)
        for message in given_up:
            self._settle(message, sent=False)

    def give_up(self) -> None:
        while self._queue:
            self._settle(self._queue.popleft(), sent=False)
        self._bytes = 0

    def _take(self) -> list[_Message]:
        batch = [self._queue.popleft() for _ in range(min(BATCH_MESSAGES, len(self._queue)))]
        self._bytes -= sum(len(message.data) for message in batch)
        return batch

    async def _send(self, connection: Connection, batch: list[_Message]) -> None:
        """A batch that an outage cuts off is not sent again: at most once. What was not acknowledged is counted."""
        settled = 0
        try:
            commands = [(PUBLISH, message.channel, message.data) for message in batch]
            await connection.send_packed_command(connection.pack_commands(commands))
            for message in batch:
                self._settle(message, sent=await _accepted(connection))
                settled += 1
        finally:
            for message in batch[settled:]:
                self._settle(message, sent=False)

    def _settle(self, message: _Message, *, sent: bool) -> None:
        self.dropped += not sent
        if message.sent is not None and not message.sent.done():
            message.sent.set_result(sent)


async def _accepted(connection: Connection) -> bool:
    try:
        await connection.read_response(disable_decoding=True)
    except ResponseError as error:
        log.warning("the message bus refused a message: %s", error)
        return False
    return True
