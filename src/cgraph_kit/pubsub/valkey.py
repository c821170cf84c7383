"""The bus over Valkey's (or Redis's) pub/sub, with a connection that comes back."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from redis.asyncio import Connection, ConnectionPool
from redis.exceptions import RedisError

from cgraph_kit.errors import Unavailable
from cgraph_kit.valkey import backoff, connections

from .base import ignore_message, ignore_reconnect, new_node_name
from .valkey_inbox import Inbox
from .valkey_outbox import Outbox

log = logging.getLogger(__name__)

MAX_QUEUED_BYTES = 16 * 1024 * 1024
CONNECT_SECONDS = 5.0
PING_SECONDS = 10.0
FLUSH_SECONDS = 2.0


class _Link(NamedTuple):
    """Two connections that live and die together, so that an outage is one event for both directions."""

    listening: Connection
    sending: Connection


class ValkeyPubSub:
    """A `PubSub` over one server; made by `connect`. `prefix` keeps installations apart that share the server.

    Each message carries its node's name in front, by which a node skips its own.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        prefix: str,
        node: str,
        ping_seconds: float,
        max_queued_bytes: int,
    ) -> None:
        self.node = node
        self.on_message: Callable[[str, bytes], None] = ignore_message
        self.on_reconnect: Callable[[], None] = ignore_reconnect
        self._pool = pool
        self._prefix = prefix
        self._stamp = bytes([len(node.encode())]) + node.encode()
        self._inbox = Inbox(self._receive, ping_seconds)
        self._outbox = Outbox(max_queued_bytes)
        self._up = False
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        prefix: str = "bus:",
        node: str | None = None,
        ping_seconds: float = PING_SECONDS,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
    ) -> "ValkeyPubSub":
        """`url` as redis-py reads it (`redis://`, `rediss://`, `unix://`). A silent server is given up after two
        pings. Raises `ConnectionError` when no server answers now; later outages are bridged.
        """
        bus = cls(connections(url), prefix, node or new_node_name(), ping_seconds, max_queued_bytes)
        try:
            link = await bus._open()
        except (RedisError, OSError) as error:
            raise ConnectionError(
                f"no Valkey server answers at the configured address: {error}"
            ) from error
        bus._start(link)
        return bus

    @property
    def dropped(self) -> int:
        return self._outbox.dropped

    @property
    def connected(self) -> bool:
        """Whether messages flow right now; for readiness checks and metrics."""
        return self._up

    async def publish(self, topic: str, payload: bytes) -> None:
        sent = asyncio.get_running_loop().create_future()
        self._outbox.add(self._prefix + topic, self._stamp + payload, sent)
        if not self._up:
            self._outbox.give_up_awaited()
        if not await sent:
            raise Unavailable("the message bus is away")

    def publish_soon(self, topic: str, payload: bytes) -> None:
        self._outbox.add(self._prefix + topic, self._stamp + payload)

    async def subscribe(self, topic: str) -> None:
        await self._inbox.subscribe(self._prefix + topic)

    async def unsubscribe(self, topic: str) -> None:
        self._inbox.unsubscribe(self._prefix + topic)

    async def close(self) -> None:
        if self._up:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._outbox.flushed()
        self.on_message, self.on_reconnect = ignore_message, ignore_reconnect
        # Said in words too: a task group that fails while it is cancelled raises the failure alone, and the
        # cancellation is lost.
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._outbox.give_up()

    def _receive(self, channel: str, data: bytes) -> None:
        if data.startswith(self._stamp):
            return
        try:
            self.on_message(channel[len(self._prefix) :], data[1 + data[0] :])
        except Exception:
            log.exception("a bus message was not handled")

    # -- the connection

    async def _open(self) -> _Link:
        link = _Link(self._connection(), self._connection())
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                for connection in link:
                    await connection.connect()  # type: ignore[no-untyped-call]  # redis-py's annotations end here
        except BaseException:
            await _drop(link)
            raise
        return link

    def _connection(self) -> Connection:
        connection: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        return connection

    def _start(self, link: _Link) -> None:
        self._linked()
        self._task = asyncio.create_task(self._run(link), name="pubsub")

    async def _run(self, link: _Link | None) -> None:
        """Serves the first link, then a new one after each failure, until the bus is closed."""
        failures = 0
        while not self._closed:
            try:
                if link is None:
                    link = await self._open()
                    self._linked().add_done_callback(self._reconnected)
                failures = 0
                await self._serve(link)
            except* (RedisError, OSError) as group:
                log.warning("the message bus is away: %s", group.exceptions[0])
            except* Exception:
                log.exception("the message bus failed")
            link = None
            failures += 1
            if not self._closed:
                await asyncio.sleep(backoff(failures))

    def _linked(self) -> asyncio.Future[bool]:
        self._up = True
        return self._inbox.connected()

    async def _serve(self, link: _Link) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._inbox.read(link.listening))
                group.create_task(self._inbox.write(link.listening))
                group.create_task(self._outbox.run(link.sending))
        finally:
            self._up = False
            self._inbox.disconnected()
            self._outbox.give_up_awaited()
            await _drop(link)

    def _reconnected(self, everything: asyncio.Future[bool]) -> None:
        if everything.cancelled() or not everything.result():
            return
        try:
            self.on_reconnect()
        except Exception:
            log.exception("the owner of the message bus failed after a reconnect")


async def _drop(link: _Link) -> None:
    for connection in link:
        with suppress(RedisError, OSError):
            await connection.disconnect(nowait=True)
