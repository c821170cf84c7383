"""What a node subscribes to on the Valkey server, and what comes of it."""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from typing import NamedTuple

from redis.asyncio import Connection

SUBSCRIBE, UNSUBSCRIBE, MESSAGE = (
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    b"message",
)  # for sharded pub/sub: with an S in front
PING = "PING"
CHANNELS_PER_COMMAND = 1_000
UNANSWERED_PINGS = 2


class _Order(NamedTuple):
    command: str
    channel: str
    confirmed: asyncio.Future[bool] | None


class Inbox:
    """The channels wanted, kept across connections.

    One task writes the orders and one reads, so the server's confirmations come in the order of `_unconfirmed`.
    Reads are never cancelled on a connection that lives on: a cancelled read loses what it had already taken.
    """

    def __init__(self, receive: Callable[[str, bytes], None], ping_seconds: float) -> None:
        self._receive = receive
        self._ping_seconds = ping_seconds
        self._connected = False
        self._unanswered_pings = 0
        self._wanted: dict[str, asyncio.Future[bool]] = {}
        self._names: dict[bytes, str] = {}
        self._orders: list[_Order] = []
        self._ordered = asyncio.Event()
        self._unconfirmed: deque[asyncio.Future[bool] | None] = deque()

    async def subscribe(self, channel: str) -> None:
        confirmed = self._wanted.get(channel)
        if confirmed is None:
            confirmed = self._wanted[channel] = asyncio.get_running_loop().create_future()
            self._names[channel.encode()] = channel
            if self._connected:
                self._order(SUBSCRIBE, channel, confirmed)
            else:
                confirmed.set_result(False)
        await asyncio.shield(confirmed)

    def unsubscribe(self, channel: str) -> None:
        confirmed = self._wanted.pop(channel, None)
        if confirmed is None:
            return
        del self._names[channel.encode()]
        _resolve(confirmed, value=False)
        if self._connected:
            self._order(UNSUBSCRIBE, channel)

    def connected(self) -> asyncio.Future[bool]:
        """Orders everything wanted again; True once all of it stands, False if the connection ends before."""
        loop = asyncio.get_running_loop()
        self._connected = True
        self._unanswered_pings = 0
        for channel, earlier in self._wanted.items():
            confirmed = loop.create_future() if earlier.done() else earlier
            self._wanted[channel] = confirmed
            self._order(SUBSCRIBE, channel, confirmed)
        everything = loop.create_future()
        self._order(PING, "", everything)
        return everything

    def disconnected(self) -> None:
        """Nobody goes on waiting for a confirmation that can no longer come."""
        self._connected = False
        for confirmed in [*self._unconfirmed, *(order.confirmed for order in self._orders)]:
            _resolve(confirmed, value=False)
        self._unconfirmed.clear()
        self._orders.clear()

    async def write(self, connection: Connection) -> None:
        """Sends orders as they come and a PING now and then; raises `ConnectionError` when two are not answered."""
        clock = asyncio.get_running_loop().time
        next_ping = clock() + self._ping_seconds
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_ping):
                    await self._ordered.wait()
            if clock() >= next_ping:
                next_ping = clock() + self._ping_seconds
                self._ping()
            self._ordered.clear()
            orders, self._orders = self._orders, []
            self._unconfirmed.extend(order.confirmed for order in orders)
            await connection.send_packed_command(connection.pack_commands(list(_commands(orders))))

    async def read(self, connection: Connection) -> None:
        while True:
            response = await connection.read_response(disable_decoding=True, timeout=math.inf)
            self._unanswered_pings = 0
            if isinstance(response, list) and response[0] == MESSAGE:
                if (channel := self._names.get(response[1])) is not None:
                    self._receive(channel, response[2])
            else:
                _resolve(self._unconfirmed.popleft(), value=True)

    def _ping(self) -> None:
        # Counted, not timed: a stalled event loop must not look like a silent server.
        if self._unanswered_pings == UNANSWERED_PINGS:
            raise ConnectionError("the server is silent")
        self._unanswered_pings += 1
        self._order(PING, "")

    def _order(
        self, command: str, channel: str, confirmed: asyncio.Future[bool] | None = None
    ) -> None:
        self._orders.append(_Order(command, channel, confirmed))
        self._ordered.set()


def _resolve(confirmed: asyncio.Future[bool] | None, *, value: bool) -> None:
    if confirmed is not None and not confirmed.done():
        confirmed.set_result(value)


def _commands(orders: Iterable[_Order]) -> Iterator[tuple[str, ...]]:
    """Neighbouring orders of one kind become one command, within a bound; each PING stays on its own."""
    for command, run in groupby(orders, key=lambda order: order.command):
        channels = [order.channel for order in run]
        size = 1 if command == PING else CHANNELS_PER_COMMAND
        for start in range(0, len(channels), size):
            yield command, *channels[start : start + size]
