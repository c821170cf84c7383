"""SMTP connections, kept open a while for the next mail: opening one costs more than sending."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import aiosmtplib

REFUSALS = (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused)
"""An answer to one mail; the connection is as good as before."""
FAILURES = (aiosmtplib.SMTPException, OSError, TimeoutError)

Open = Callable[[], Awaitable[aiosmtplib.SMTP]]


class Connections:
    """At most `most` at once, each for `uses` mails, and closed after so many `idle` seconds without one."""

    def __init__(
        self,
        open: Open,
        *,
        most: int = 4,
        uses: int = 100,
        idle: float = 30.0,
        goodbye: float = 2.0,
    ) -> None:
        self._open = open
        self._turn = asyncio.Semaphore(most)
        self._uses = uses
        self._idle = idle
        self._goodbye = goodbye
        self._waiting: list[_Connection] = []
        self._leaving: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection that answers, for one mail. Raises what opening one raises."""
        async with self._turn:
            connection = await self._take()
            try:
                yield connection.client
            except REFUSALS:
                self._keep(connection)
                raise
            except BaseException:
                connection.client.close()  # nobody knows what the server waits for
                raise
            self._keep(connection)

    async def close(self) -> None:
        """Say goodbye to all of them, waiting a moment."""
        while self._waiting:
            self._leave(self._waiting.pop())
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _take(self) -> "_Connection":
        while self._waiting:
            connection = self._waiting.pop()
            connection.expiry.cancel()
            try:
                # The server may have left without a word, or be about to.
                await connection.client.noop()
            except FAILURES:
                connection.client.close()
            except BaseException:
                connection.client.close()
                raise
            else:
                return connection
        return _Connection(await self._open())

    def _keep(self, connection: "_Connection") -> None:
        connection.used += 1
        if connection.used >= self._uses or not connection.client.is_connected:
            self._leave(connection)
            return
        connection.expiry = asyncio.get_running_loop().call_later(
            self._idle, self._expire, connection
        )
        self._waiting.append(connection)

    def _expire(self, connection: "_Connection") -> None:
        self._waiting.remove(connection)
        self._leave(connection)

    def _leave(self, connection: "_Connection") -> None:
        connection.expiry.cancel()
        task = asyncio.get_running_loop().create_task(self._quit(connection.client))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _quit(self, client: aiosmtplib.SMTP) -> None:
        try:
            with suppress(*FAILURES):
                await client.quit(timeout=self._goodbye)
        finally:
            client.close()


class _Connection:
    """A client, how many mails it has carried, and the moment it is no longer kept."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self.client = client
        self.used = 0
        self.expiry = asyncio.get_running_loop().call_later(0, lambda: None)
