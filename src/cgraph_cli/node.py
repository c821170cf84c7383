"""What commands work on: the application or its database, started for them or already running."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, urlsplit

import asyncpg

from cgraph.application import DATABASE, App, start
from cgraph.settings import Settings
from cgraph_kit.engines import embedded_postgres
from cgraph_kit.tracing import PackageMissing

from .output import Failure

SUPERUSER = "postgres"
SOCKET = ".s.PGSQL.5432"
PATIENCE = 1.0
"""Seconds to wait for the embedded server's socket."""
_UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)


@asynccontextmanager
async def started(
    settings: Settings, *, report: Callable[[str], None] = lambda _step: None
) -> AsyncIterator[App]:
    """The whole application. Raises `Failure` where the database, or Valkey, cannot be reached, or something is missing."""
    async with AsyncExitStack() as stack:
        with reaching(settings), _equipped():
            app = await stack.enter_async_context(start(settings, report=report))
        yield app


@contextmanager
def _equipped() -> Iterator[None]:
    try:
        yield
    except PackageMissing as error:
        raise Failure(
            f"cgraph: {error}\nCGRAPH_OTEL_ENDPOINT needs it: pip install 'cgraph[otel]', or unset that."
        ) from error


@contextmanager
def reaching(settings: Settings) -> Iterator[None]:
    """What cannot be reached inside becomes a `Failure` that says so."""
    try:
        yield
    except _UNREACHABLE as error:
        raise Failure(_unreachable(settings, error)) from error


@asynccontextmanager
async def application(
    settings: Settings,
    *,
    queues: Mapping[str, int] = MappingProxyType({}),
    report: Callable[[str], None] = lambda _step: None,
) -> AsyncIterator[App]:
    """Everything but the network side. On the database of a server that runs on the same directory, if one does.

    `queues`: the jobs it does, and how many at a time.

    Beside a running server it has a bus of its own: what it changes reaches connected clients when they resume.
    """
    settings = settings.model_copy(update={"queues": dict(queues)})
    if settings.database_url is None and (dsn := running(settings)):
        settings = settings.model_copy(update={"database_url": dsn})
    async with started(settings, report=report) as app:
        yield app


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """A direct address of the database: the one that is set, else the embedded one, running or started for this."""
    given = settings.direct_database_url or settings.database_url
    if given or (given := running(settings)):
        yield given
        return
    async with embedded_postgres(_directory(settings)) as server:
        yield await server.ensure_database(DATABASE)


def where(url: str) -> str:
    """A database's address without user and password."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname or 'localhost'}{port}{parts.path}"


def is_made(settings: Settings) -> bool:
    """Whether the embedded database has ever been started."""
    return (_directory(settings) / "cluster").exists()


def running(settings: Settings) -> str | None:
    """The address of the embedded database if another process has it running, and lets us in.

    Its socket opens for its own user and for root; to anybody else the directory is merely in use.
    """
    try:
        directory = (_directory(settings) / "run").readlink()
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(PATIENCE)
            probe.connect(str(directory / SOCKET))
    except OSError:
        return None
    host = quote(str(directory), safe="/")
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={host}&port=5432&sslmode=disable"


def _directory(settings: Settings) -> Path:
    return settings.data_dir / "postgres"


def _unreachable(settings: Settings, error: Exception) -> str:
    reason = str(error) or type(error).__name__
    database = f"the database at {where(settings.database_url)}" if settings.database_url else ""
    valkey = "Valkey" if settings.valkey_url else ""
    what = " or ".join(filter(None, (database, valkey))) or "the embedded database"
    return f"cgraph: cannot use {what}: {reason}\n`cgraph doctor` looks closer."
