"""The running application: what starts, in order, and stops in reverse."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cgraph_kit import idempotency, migrate, streams
from cgraph_kit.db import Database
from cgraph_kit.engines import embedded_postgres
from cgraph_kit.errors import Unavailable
from cgraph_kit.limiter import Limiter, MemoryLimiter
from cgraph_kit.mailer import FileMailer, Mailer, Outbox, SmtpMailer
from cgraph_kit.pubsub import LocalBus, LocalPubSub, PubSub, ValkeyPubSub, split

from . import accounts, messaging, migrations, secrets
from .happenings import Happenings
from .settings import Settings

log = logging.getLogger(__name__)

DATABASE = "cgraph"
LANES = ("accounts", "channels", "presence", "statuses")
UPKEEP_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What each context allows, as the operator set it."""

    accounts: accounts.Limits
    messaging: messaging.Limits


@dataclass(frozen=True, slots=True)
class App:
    """Everything a running node is made of. Jobs and the web get it whole; contexts get what they need of it."""

    settings: Settings
    db: Database
    events: Happenings
    auth: accounts.Auth
    limits: Limits
    limiter: Limiter
    outbox: Outbox
    lanes: dict[str, PubSub]
    engine: str
    """Which database this is, in words for the operator."""

    def lane(self, name: str) -> PubSub:
        """The bus for one owner, who sets its callbacks."""
        return self.lanes[name]


@asynccontextmanager
async def start(
    settings: Settings, *, report: Callable[[str], None] = lambda _step: None
) -> AsyncIterator[App]:
    """Open everything, in order; leaving closes it in reverse. `report` hears each step that takes time.

    Raises `migrate.MigrationError`, `engines.EngineError`, `ConnectionError` with what to do in the message.
    """
    async with AsyncExitStack() as stack:
        dsn, direct, engine = await _database(stack, settings, report)
        await migrate.migrate(
            direct, migrations.load(), report=lambda one: report(f"migrating: {one.name}")
        )
        db = await _connect(settings, dsn)
        stack.push_async_callback(db.close)
        events = Happenings()
        db.subscriber = events.tell
        await _upkeep(db, settings)
        bus = await _bus(settings)
        stack.push_async_callback(bus.close)
        lanes = dict(zip(LANES, split(bus, *LANES), strict=True))
        limiter = MemoryLimiter()
        own = secrets.read(settings)
        auth = accounts.Auth.from_settings(settings, jwt_secret=own.jwt, limiter=limiter)
        stack.callback(auth.close)
        outbox = Outbox(_mailer(settings))
        stack.push_async_callback(outbox.close)
        await accounts.follow(lanes["accounts"], auth)
        stack.enter_context(events.listener(accounts.listener(lanes["accounts"], auth)))
        stack.enter_context(events.listener(accounts.mail_listener(db, outbox, settings)))
        await stack.enter_async_context(_periodic(db, settings))
        limits = Limits(auth.limits, messaging.limits_of(settings))
        yield App(settings, db, events, auth, limits, limiter, outbox, lanes, engine)


async def _database(
    stack: AsyncExitStack, settings: Settings, report: Callable[[str], None]
) -> tuple[str, str, str]:
    """The pool's address, the direct one, and what to call the database."""
    if settings.database_url:
        return (
            settings.database_url,
            settings.direct_database_url or settings.database_url,
            "external",
        )
    report("starting the embedded PostgreSQL")
    server = await stack.enter_async_context(embedded_postgres(settings.data_dir / "postgres"))
    dsn = await server.ensure_database(DATABASE)
    return dsn, dsn, f"embedded PostgreSQL {server.version}"


async def _connect(settings: Settings, dsn: str) -> Database:
    return await Database.connect(
        dsn,
        pool_size=settings.pool_size,
        statement_timeout=settings.statement_timeout,
        slow=settings.slow_statement,
    )


async def _bus(settings: Settings) -> PubSub:
    if settings.valkey_url:
        return await ValkeyPubSub.connect(settings.valkey_url, prefix="cgraph:")
    return LocalPubSub(LocalBus())


def _mailer(settings: Settings) -> Mailer:
    if settings.smtp_url:
        return SmtpMailer(settings.smtp_url.get_secret_value(), sender=settings.mail_from)
    return FileMailer(Path(settings.data_dir) / "mail", sender=settings.mail_from)


@asynccontextmanager
async def _periodic(db: Database, settings: Settings) -> AsyncIterator[None]:
    async def work() -> None:
        while True:
            await asyncio.sleep(UPKEEP_SECONDS)
            try:
                await _upkeep(db, settings)
            except Unavailable:
                log.warning("upkeep is put off: the database is away")
            except Exception:
                log.exception("upkeep failed")

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()


async def _upkeep(db: Database, settings: Settings) -> None:
    """What must happen now and then whatever else does; any number of nodes may do it at once."""
    await streams.keep_partitions(db, retention_days=settings.event_retention_days)
    await idempotency.forget(db, hours=settings.idempotency_hours)
    await accounts.forget_expired(db)
