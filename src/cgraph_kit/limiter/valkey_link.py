"""One connection that many ask at once, and that comes back by itself."""

import asyncio
import logging
import math
from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple, Self

from redis.asyncio import Connection, ConnectionPool
from redis.exceptions import ConnectionError as Away
from redis.exceptions import RedisError, ResponseError

from cgraph_kit.valkey import backoff, connections

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
PATIENCE = 1.0


class _Question(NamedTuple):
    command: tuple[str | int, ...]
    answer: asyncio.Future[Any]


class Link:
    """What is asked in one tick leaves as one write; answers come in order.

    While the server is away every question fails at once: whoever asks has something better to do than to wait.
    """

    def __init__(self, pool: ConnectionPool, patience: float) -> None:
        self._pool = pool
        self._patience = patience
        self._up = False
        self._closed = False
        self._asked: list[_Question] = []
        self._waiting = asyncio.Event()
        self._unanswered: deque[_Question] = deque()
        self._answers = 0
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, url: str, *, patience: float = PATIENCE) -> Self:
        """Raises `ConnectionError` when no server answers now; later outages are bridged."""
        link = cls(connections(url), patience)
        try:
            connection = await link._connect()
        except (RedisError, OSError) as error:
            raise ConnectionError(
                f"no Valkey server answers at the configured address: {error}"
            ) from error
        link._task = asyncio.create_task(link._run(connection), name="limiter")
        # Once it has begun, whatever ends it, however soon, is cleaned up after.
        await asyncio.sleep(0)
        return link

    async def ask(self, *command: str | int) -> Any:
        """The server's answer. Raises `ResponseError` where it is one, and redis-py's `ConnectionError`."""
        if not self._up:
            raise Away("the server is away")
        question = _Question(command, asyncio.get_running_loop().create_future())
        self._asked.append(question)
        self._waiting.set()
        return await question.answer

    async def close(self) -> None:
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _connect(self) -> Connection:
        """A connection whose server has answered."""
        connection: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py's annotations end here
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await connection.connect()  # type: ignore[no-untyped-call]
                await connection.send_packed_command(connection.pack_commands([("PING",)]))
                await connection.read_response(disable_decoding=True, timeout=math.inf)
        except BaseException:
            await _drop(connection)
            raise
        return connection

    async def _run(self, connection: Connection | None) -> None:
        """Serves the first connection, then a new one after each failure, until the link is closed."""
        failures = 0
        while not self._closed:
            try:
                if connection is None:
                    connection = await self._connect()
                    log.info("the rate limiter's server is back")
                failures = 0
                await self._serve(connection)
            except* (RedisError, OSError) as group:
                if failures == 0:
                    log.warning("the rate limiter's server is away: %s", group.exceptions[0])
            except* Exception:
                log.exception("the rate limiter's connection failed")
            connection = None
            failures += 1
            if not self._closed:
                await asyncio.sleep(backoff(failures))

    async def _serve(self, connection: Connection) -> None:
        self._up = True
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(connection))
                group.create_task(self._read(connection))
                group.create_task(self._watch())
        finally:
            self._up = False
            self._give_up()
            await _drop(connection)

    async def _write(self, connection: Connection) -> None:
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            asked, self._asked = self._asked, []
            self._unanswered.extend(asked)
            commands = [question.command for question in asked]
            await connection.send_packed_command(connection.pack_commands(commands))

    async def _read(self, connection: Connection) -> None:
        while True:
            try:
                answer = await connection.read_response(disable_decoding=True, timeout=math.inf)
            except ResponseError as error:
                self._settle(error)
            else:
                self._settle(answer)

    def _settle(self, answer: Any) -> None:
        self._answers += 1
        future = self._unanswered.popleft().answer
        if future.done():  # whoever asked has gone
            return
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    async def _watch(self) -> None:
        """Raises `ConnectionError` once the server owes answers and gives none for two looks in a row."""
        # Counted, not timed: a stalled event loop must not look like a silent server.
        silent = 0
        while silent < 2:  # noqa: PLR2004
            before, owing = self._answers, bool(self._unanswered)
            await asyncio.sleep(self._patience / 2)
            silent = silent + 1 if owing and self._answers == before else 0
        raise Away("the server is silent")

    def _give_up(self) -> None:
        for question in (*self._unanswered, *self._asked):
            if not question.answer.done():
                question.answer.set_exception(Away("the server is away"))
        self._unanswered.clear()
        self._asked.clear()


async def _drop(connection: Connection) -> None:
    with suppress(RedisError, OSError):
        await connection.disconnect(nowait=True)
