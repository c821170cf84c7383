"""One PostgreSQL per run, one database per worker, and what tests say about it."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import uvloop

from cgraph import application, migrations
from cgraph.application import App
from cgraph.settings import Settings
from cgraph_kit import migrate
from cgraph_kit.db import Database, Transaction, prepare_connection
from cgraph_kit.engines import PostgresServer
from support.limits import RAISED
from support.memory import clear, in_memory

TEMPLATE = "cgraph_template"
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "300",
}
"""Nothing here outlives the run, so nothing is paid for durability."""

_server = pytest.StashKey[PostgresServer]()


def pytest_configure(config: pytest.Config) -> None:
    """The controller (or the only process) starts the server and migrates the template."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    clear()
    stack = ExitStack()
    config.add_cleanup(stack.close)
    server = PostgresServer(stack.enter_context(in_memory()), settings=FAST).start()
    stack.callback(server.stop)
    config.stash[_server] = server
    try:
        asyncio.run(_make_template(server))
    except migrate.MigrationError as error:
        # Tests without a database still run; the others find no template and say so.
        print(f"no template database: {error}")  # noqa: T201


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker where the server is."""
    node.workerinput["postgres"] = node.config.stash[_server].dsn("{database}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that wait for servers come first: others compute meanwhile, and what is left for the end is short."""
    waiting = Path(__file__).parent / "e2e"
    items.sort(key=lambda item: not item.path.is_relative_to(waiting))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from walking thousands of tests at every turn: they stay, as modules do. It comes seldom
    afterwards, for it was a tenth of the run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        gc.enable()


async def _make_template(server: PostgresServer) -> None:
    dsn = await server.ensure_database(TEMPLATE)
    await migrate.migrate(dsn, migrations.load())


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop the server runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def server_dsn(request: pytest.FixtureRequest) -> str:
    """The server's address with `{database}` to be filled in."""
    worker = getattr(request.config, "workerinput", None)
    if worker is not None:
        return str(worker["postgres"]).replace("%7Bdatabase%7D", "{database}")
    return request.config.stash[_server].dsn("{database}").replace("%7Bdatabase%7D", "{database}")


class Clones:
    """Copies of the migrated template."""

    def __init__(self, dsn: str, worker: str) -> None:
        self._dsn = dsn
        self._worker = worker
        self._made = 0

    async def make(self) -> str:
        """The address of a new database with every table and no row."""
        self._made += 1
        name = f"test_{self._worker}_{self._made}"
        connection = await asyncpg.connect(self._dsn.format(database="postgres"))
        try:
            await connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy"
            )
        finally:
            await connection.close()
        return self._dsn.format(database=name)


@pytest.fixture(scope="session")
def clones(server_dsn: str, request: pytest.FixtureRequest) -> Clones:
    """Makes fresh databases, for tests that need one of their own."""
    worker = getattr(request.config, "workerinput", {"workerid": "main"})["workerid"]
    return Clones(server_dsn, worker)


@pytest.fixture(scope="session")
async def dsn(clones: Clones) -> str:
    """This worker's database. Tests that commit into it make their own people, so none meets another's."""
    return await clones.make()


@pytest.fixture(scope="session")
async def database(dsn: str) -> AsyncIterator[Database]:
    """Real commits on this worker's database."""
    database = await Database.connect(dsn, pool_size=10)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def used(dsn: str) -> AsyncIterator["asyncpg.Pool[asyncpg.Record]"]:
    """Connections that tests use one after the other, reset in between: a new one costs more than most tests."""
    async with asyncpg.create_pool(
        dsn, min_size=0, init=prepare_connection, max_inactive_connection_lifetime=0
    ) as pool:
        yield pool


@pytest.fixture
async def db(used: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[Transaction]:
    """A transaction that is rolled back; what was published in it stands in `db.events`."""
    async with used.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        # What other tests have committed, to be done later, is none of this one's business.
        await connection.execute("DELETE FROM jobs")
        yield Transaction(connection)
        await transaction.rollback()


@pytest.fixture(scope="session")
async def app(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    """The whole application, on this worker's database."""
    settings = Settings(
        env="test",
        database_url=dsn,
        data_dir=tmp_path_factory.mktemp("data"),
        queues={},  # tests do jobs when they want them done
        argon2_time_cost=1,
        argon2_memory_kib=8,
        **RAISED,
    )
    async with application.start(settings) as app:
        yield app
