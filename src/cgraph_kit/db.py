"""SQL in, typed rows out; events leave after the commit.

A context function takes a `Repo` first: the `Database` itself, where each statement commits alone, or an open
`Transaction`, which it joins. Rows are frozen `msgspec.Struct`s built positionally: the statement selects
`columns(Row)` in the struct's own order.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from socket import gaierror
from time import perf_counter
from typing import Any, Protocol, Self, TypeVar

import asyncpg
import msgspec

from . import batching, telemetry, tracing
from .batching import Batched, Batcher
from .errors import Unavailable

log = logging.getLogger(__name__)

Row = TypeVar("Row", bound=msgspec.Struct)
Entry = TypeVar("Entry")
Happened = TypeVar("Happened")
Subscriber = Callable[[Sequence[Any]], None]

_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement met a connection to which the server had just said goodbye
    asyncpg.QueryCanceledError,
    ConnectionError,
    TimeoutError,
)
"""What the driver raises while the server is away, starting, stopping or overloaded."""

ACQUIRE_TIMEOUT = 10.0
"""Seconds to wait for a free connection before answering "temporarily unavailable"."""

SLOW = 0.5
"""Seconds from which a statement is told about, waiting for a connection and for locks included."""
_SLOW = telemetry.counter("db_slow_statements_total", "Statements that took too long.")

UniqueViolation = asyncpg.UniqueViolationError
LockTimeout = asyncpg.LockNotAvailableError
DatabaseError = asyncpg.PostgresError
UnfitValue = (asyncpg.DataError, asyncpg.ProgramLimitExceededError)
"""What is said of a value that cannot be kept as it is; it will not fit another time either."""


def columns(row: type[msgspec.Struct], alias: str | None = None) -> str:
    """The column list of a row struct, in the order in which rows are built."""
    prefix = f"{alias}." if alias else ""
    return ", ".join(prefix + name for name in row.__struct_fields__)


class TookTooLong(Unavailable):
    """The server ended a statement for the time it took. The same in smaller parts may do."""


class _Outages:
    """Inside it, what the driver raises because the server is away becomes `Unavailable`."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, asyncpg.PostgresError):
            _forget_values(error)
        if isinstance(error, _AWAY):
            log.warning("database unavailable: %s: %s", type(error).__name__, error)
            away = TookTooLong if isinstance(error, asyncpg.QueryCanceledError) else Unavailable
            raise away("the database is temporarily unavailable") from error


_outages = _Outages()


def _forget_values(error: asyncpg.PostgresError) -> None:
    """Cut off what it quotes of the rows and arguments: its words end up in logs, and those are people's own."""
    error.detail = None
    if isinstance(error, asyncpg.DataError):
        error.args = (str(error.args[0]).partition(": ")[0],)


class Repo(Protocol):
    """Where to read and write: the pool, or an open transaction."""

    async def all(self, row: type[Row], sql: str, *args: Any) -> list[Row]:
        """Every row, in the statement's order."""
        ...

    async def one(self, row: type[Row], sql: str, *args: Any) -> Row:
        """The row that must exist; its absence is a bug, not an answer."""
        ...

    async def first(self, row: type[Row], sql: str, *args: Any) -> Row | None:
        """The first row, or None."""
        ...

    async def value(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None. Also the word for writes that return nothing."""
        ...

    async def values(self, sql: str, *args: Any) -> list[Any]:
        """The first column of every row."""
        ...

    async def batched(self, write: Batched[Entry, Happened], entry: Entry) -> Happened | None:
        """Take part in a write that others may share. The event, which is published; None: it made no row.

        On a pool it commits by itself, together with whoever comes at the same time, and goes on if the caller is
        cancelled; `Unavailable` when too many wait.
        """
        ...

    def transaction(self) -> AbstractAsyncContextManager["Transaction"]:
        """All or nothing. On a transaction: joins it, so the outermost one commits."""
        ...

    def publish(self, *events: Any) -> None:
        """Tell that something has happened, once what was written before is committed."""
        ...


class _Statements:
    """The words that run one statement; where it runs is `_connection`."""

    __slots__ = ("_connection", "_slow")

    def __init__(self, connection: Any, slow: float) -> None:
        self._connection = connection
        self._slow = slow

    async def all(self, row: type[Row], sql: str, *args: Any) -> list[Row]:
        return [row(*record) for record in await self._run(self._connection.fetch, sql, args)]

    async def one(self, row: type[Row], sql: str, *args: Any) -> Row:
        found = await self.first(row, sql, *args)
        if found is None:
            raise LookupError(f"no {row.__name__} where one must be")
        return found

    async def first(self, row: type[Row], sql: str, *args: Any) -> Row | None:
        record = await self._run(self._connection.fetchrow, sql, args)
        return None if record is None else row(*record)

    async def value(self, sql: str, *args: Any) -> Any:
        return await self._run(self._connection.fetchval, sql, args)

    async def values(self, sql: str, *args: Any) -> list[Any]:
        return [record[0] for record in await self._run(self._connection.fetch, sql, args)]

    async def _run(
        self, fetch: Callable[..., Awaitable[Any]], sql: str, args: Sequence[Any]
    ) -> Any:
        started = perf_counter()
        with _outages, tracing.statement(sql):
            found = await fetch(sql, *args)
        if (seconds := perf_counter() - started) >= self._slow:
            _tell_slow(sql, seconds)
        return found


def _tell_slow(sql: str, seconds: float) -> None:
    """The statement, never its arguments: they are people's own words."""
    _SLOW.inc()
    log.warning("slow statement", extra={"ms": round(seconds * 1000), "sql": " ".join(sql.split())})


class Transaction(_Statements):
    """One transaction on one connection. Events published in it are kept until it has committed."""

    __slots__ = ("events",)

    def __init__(self, connection: Any, slow: float = SLOW) -> None:
        super().__init__(connection, slow)
        self.events: list[Any] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Self]:
        """Join this transaction: no savepoint, one commit."""
        yield self

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[Self]:
        """Undo what is done inside, its events too, when it raises; the transaction itself stays usable."""
        kept = len(self.events)
        try:
            async with self._connection.transaction():
                yield self
        except BaseException:
            del self.events[kept:]
            raise

    async def batched(self, write: Batched[Entry, Happened], entry: Entry) -> Happened | None:
        (event,) = await batching.run(self.all, write, [entry])
        if event is not None:
            self.publish(event)
        return event

    def publish(self, *events: Any) -> None:
        self.events.extend(events)

    async def copy_rows(
        self, table: str, names: Sequence[str], records: Iterable[Sequence[Any]]
    ) -> None:
        """Load many rows with COPY: the bulk path of imports."""
        await self._connection.copy_records_to_table(table, records=records, columns=list(names))


class Database(_Statements):
    """A pool of connections. Each statement commits alone; `transaction()` groups them."""

    __slots__ = ("_batchers", "_pool", "subscriber")

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", slow: float = SLOW) -> None:
        super().__init__(pool, slow)
        self._pool = pool
        self._batchers: dict[Batched[Any, Any], Batcher[Any, Any]] = {}
        self.subscriber: Subscriber = lambda _events: None
        """Gets the events of each commit, at once and in order; set by whoever delivers them."""

    @classmethod
    async def connect(
        cls,
        dsn: str,
        *,
        pool_size: int,
        statement_timeout: float = 30.0,
        connect_timeout: float = 10.0,
        slow: float = SLOW,
    ) -> "Database":
        """Open the pool; times in seconds. The caller closes it."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=min(2, pool_size),
            max_size=pool_size,
            connect=_connect,
            timeout=connect_timeout,
            init=prepare_connection,
            # A connection is handed back clean: no session state is ever set on one (SET LOCAL only),
            # so the reset round trip after every statement would buy nothing.
            reset=_no_reset,
            server_settings={
                "application_name": "cgraph",
                "statement_timeout": str(int(statement_timeout * 1000)),
                # Statements are few, short and prepared once; planning one anew costs more than running it.
                "plan_cache_mode": "force_generic_plan",
                "idle_in_transaction_session_timeout": "60000",
                "timezone": "UTC",
            },
        )
        return cls(pool, slow)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        with _outages:
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT) as connection:
                async with connection.transaction():
                    tx = Transaction(connection, self._slow)
                    yield tx
                self.publish(*tx.events)

    def publish(self, *events: Any) -> None:
        """Deliver now. A failing subscriber is logged, never raised: the data is committed."""
        if not events:
            return
        try:
            self.subscriber(events)
        except Exception:
            log.exception("events could not be delivered")

    async def batched(self, write: Batched[Entry, Happened], entry: Entry) -> Happened | None:
        batcher = self._batchers.get(write)
        if batcher is None:
            batcher = self._batchers[write] = Batcher(write, self.all, self.publish)
        with tracing.step("batched write"):  # the statement belongs to all that share it
            event: Happened | None = await batcher.submit(entry)
        return event

    def stats(self) -> dict[str, int]:
        """How many connections there are, how many of them wait for work, and how many there may be."""
        pool = self._pool
        return {
            "size": pool.get_size(),
            "idle": pool.get_idle_size(),
            "most": pool.get_max_size(),
        }

    async def close(self) -> None:
        """Close every connection, waiting at most 3 s for those at work and for batched writes on their way."""
        try:
            async with asyncio.timeout(3):
                await self._drained()
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()
            await self._drained()  # each is told that the database is away

    async def _drained(self) -> None:
        for batcher in self._batchers.values():
            await batcher.drained()


async def prepare_connection(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Teach a connection our types: json and jsonb columns travel as msgspec values."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=_encode_json, decoder=msgspec.json.decode, schema="pg_catalog"
        )


async def _connect(*args: Any, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
    """A server that is away may have taken its socket's file, or its name, with it: an outage like any other."""
    try:
        return await asyncpg.connect(*args, **options)
    except (FileNotFoundError, gaierror) as error:
        raise ConnectionError(f"the database is not there: {error}") from error


async def _no_reset(_connection: Any) -> None:
    return None


def _encode_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
