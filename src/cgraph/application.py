"""The running application: what starts, in order, and stops in reverse."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version

from cgraph_kit import migrate, tracing
from cgraph_kit.db import Database
from cgraph_kit.engines import embedded_postgres
from cgraph_kit.jobs import Cron, Jobs, Tuning
from cgraph_kit.limiter import Limiter
from cgraph_kit.media import Scanner
from cgraph_kit.pubsub import LocalBus, LocalPubSub, PubSub, split
from cgraph_kit.push import Pushers
from cgraph_kit.storage import Storage

from . import (
    accounts,
    backups,
    conversions,
    files,
    forums,
    groups,
    mail,
    messaging,
    migrations,
    moderation,
    notifications,
    previews,
    search,
    secrets,
    upkeep,
)
from .happenings import Happenings
from .limiting import limiting
from .search import SearchBackend
from .settings import Settings, SettingsError, variable
from .store import open_store

DATABASE = "cgraph"
LANES = ("accounts", "channels", "crowds", "jobs", "presence", "readers", "rights", "statuses")
JOB_CONNECTIONS = 3
"""Connections with which a node takes and finishes jobs, whatever the jobs do with the others."""

WORKERS = (
    upkeep.cleanup_expired,
    upkeep.update_presence,
    backups.database_backup,
    messaging.send_scheduled,
    messaging.erase_expired_messages,
    messaging.check_unread_counters,
    accounts.mail_password_reset,
    accounts.mail_password_changed,
    mail.mail_notifications,
    messaging.notify_participants,
    messaging.sweep_places,
    messaging.withdraw_calls,
    groups.tidy_groups,
    groups.remove_temporary_members,
    groups.prune_members,
    groups.purge_messages,
    groups.archive_threads,
    groups.tell_called,
    groups.check_channel_unread,
    notifications.decide_notifications,
    notifications.send_push,
    notifications.send_test_push,
    notifications.retract_pushes,
    notifications.tell_held,
    forums.notify_of_post,
    forums.notify_of_comment,
    forums.rank_recent_posts,
    forums.sweep_banned,
    forums.restore_banned,
    forums.sweep_forum,
    files.look_at_file,
    files.collect_files,
    previews.read_link,
    previews.collect_previews,
    search.index_changes,
    search.rebuild_index,
    search.tidy_words,
    search.let_go_of_places,
)
"""Every job there is."""
QUEUES = frozenset(worker.queue for worker in WORKERS)
"""Every queue a job may be in."""


def sources_of(members: groups.Members) -> notifications.Sources:
    """Whom notifications ask about what lies above them."""
    return notifications.Sources(
        by_scope={
            "conversation": messaging.look,
            "channel": members.look,
            "thread": members.look,
            "post": forums.look_at_posts,
            "forum": forums.look_at_forums,
        },
        count_badges=messaging.count_badges,
    )


SOURCES = sources_of(groups.AUDIENCE)
"""The same where nothing is set."""
READERS: files.Readers = {
    "message": groups.list_shown,
    "post": forums.list_shown_posts,
    "comment": forums.list_shown_comments,
}
"""Whom files ask who may read what they hang on."""
SHOWS: previews.Shows = {
    "message": messaging.show_previews,
    "post": forums.show_post_previews,
    "comment": forums.show_comment_previews,
}
"""Who shows previews of the links in what."""
CRONTAB = (
    Cron("17 * * * *", upkeep.cleanup_expired),
    Cron("*/5 * * * *", upkeep.update_presence),
    Cron("*/10 * * * * *", messaging.erase_expired_messages),
    Cron("41 * * * *", messaging.check_unread_counters),
    Cron("47 * * * *", groups.check_channel_unread),
    Cron("*/5 * * * *", groups.archive_threads),
    Cron("23 * * * *", groups.tidy_groups),
    Cron("* * * * *", groups.remove_temporary_members),
    Cron("*/10 * * * *", forums.rank_recent_posts),
    Cron("*/10 * * * *", files.collect_files),
    Cron("53 * * * *", previews.collect_previews),
    Cron("*/10 * * * * *", search.index_changes),
    Cron("* * * * *", search.rebuild_index),
    Cron("13 3 * * *", search.tidy_words),
    Cron("29 * * * *", search.let_go_of_places),
)
"""Those that come by the clock, but for the backup, whose time is the operator's."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What each context allows, as the operator set it."""

    accounts: accounts.Limits
    messaging: messaging.Limits
    groups: groups.Limits
    forums: forums.Limits
    moderation: moderation.Limits
    conversions: conversions.Limits
    files: files.Limits
    search: search.Limits


@dataclass(frozen=True, slots=True)
class App:
    """Everything a running node is made of. Jobs and the web get it whole; contexts get what they need of it."""

    settings: Settings
    db: Database
    events: Happenings
    auth: accounts.Auth
    limits: Limits
    limiter: Limiter
    post: mail.Post
    lanes: dict[str, PubSub]
    jobs: Jobs
    pushers: Pushers
    engine: str
    """Which database this is, in words for the operator."""
    direct: str = field(repr=False)
    """An address of the database that is no transaction pooler's."""
    storage: Storage
    """Where files and backups are kept."""
    workshop: files.Workshop
    """Looks at what is uploaded."""
    previewer: previews.Previewer
    """Asks the pages behind links."""
    search: SearchBackend
    """Finds what people may read."""
    sources: notifications.Sources = SOURCES
    audience: messaging.Audience = groups.AUDIENCE
    gate: messaging.Gate = groups.CHANNELS
    readers: files.Readers = field(default_factory=lambda: READERS)
    shows: previews.Shows = field(default_factory=lambda: SHOWS)

    def lane(self, name: str) -> PubSub:
        """The bus for one owner, who sets its callbacks."""
        return self.lanes[name]


@asynccontextmanager
async def start(
    settings: Settings, *, report: Callable[[str], None] = lambda _step: None
) -> AsyncIterator[App]:
    """Open everything, in order; leaving closes it in reverse. `report` hears each step that takes time.

    Raises `SettingsError` for queues that are none, and `migrate.MigrationError`, `engines.EngineError`,
    `ConnectionError` with what to do in the message.
    """
    check(settings)
    async with AsyncExitStack() as stack:
        if settings.otel_endpoint:
            await stack.enter_async_context(
                tracing.exporting(_traces(settings.otel_endpoint, settings))
            )
        dsn, direct, engine = await _database(stack, settings, report)
        await migrate.migrate(
            direct, migrations.load(), report=lambda one: report(f"migrating: {one.name}")
        )
        db = await _connect(settings, dsn)
        stack.push_async_callback(db.close)
        events = Happenings()
        db.subscriber = events.tell
        await upkeep.begin(db, settings)
        await stack.enter_async_context(backups.observing(db))
        bus = await _bus(settings)
        stack.push_async_callback(bus.close)
        lanes = dict(zip(LANES, split(bus, *LANES), strict=True))
        limiter = await stack.enter_async_context(limiting(settings))
        own = secrets.read(settings)
        auth = accounts.Auth.from_settings(settings, jwt_secret=own.jwt, limiter=limiter)
        stack.callback(auth.close)
        post = mail.Post.from_settings(settings, secret=own.key_base, collect=notifications.collect)
        stack.push_async_callback(post.close)
        await accounts.follow(lanes["accounts"], auth)
        stack.enter_context(events.listener(accounts.listener(lanes["accounts"], auth)))
        pushers = notifications.open_pushers(settings, own.vapid)
        stack.push_async_callback(pushers.close)
        jobs = await _jobs(stack, settings, dsn, db, lanes["jobs"])
        stack.enter_context(events.listener(jobs.hear))
        stack.enter_context(events.listener(messaging.waking(jobs.hear)))
        waker = await stack.enter_async_context(search.waking(db))
        stack.enter_context(events.listener(waker.listen))
        await stack.enter_async_context(search.observing(db))
        limits = Limits(
            auth.limits,
            messaging.limits_of(settings),
            groups.limits_of(settings),
            forums.limits_of(settings),
            moderation.limits_of(settings),
            conversions.limits_of(settings),
            files.limits_of(settings),
            search.limits_of(settings),
        )
        storage = open_store(settings)
        workshop = files.Workshop(
            db,
            storage,
            limits=limits.files,
            scanner=Scanner(settings.clamav_url) if settings.clamav_url else None,
        )
        stack.push_async_callback(workshop.close)
        previewer = previews.Previewer.from_settings(db, storage, settings)
        stack.push_async_callback(previewer.close)
        app = App(
            settings,
            db,
            events,
            auth,
            limits,
            limiter,
            post,
            lanes,
            jobs,
            pushers,
            engine,
            direct,
            storage,
            workshop,
            previewer,
            await stack.enter_async_context(search.opening(db, settings)),
            sources_of(members := groups.Members(limits.groups)),
            members,
        )
        await stack.enter_async_context(jobs.running(app))
        yield app


def check_queues(names: Iterable[str]) -> None:
    """Raises `ValueError` for a queue in which there is never a job: whose name is misspelt, would not be served."""
    if unknown := sorted(set(names) - QUEUES):
        there = ", ".join(sorted(QUEUES))
        raise ValueError(f"there is no queue {', '.join(unknown)}, only {there}")


def check(settings: Settings) -> None:
    """What the settings alone cannot know. Raises `SettingsError`."""
    try:
        check_queues(settings.queues)
    except ValueError as error:
        raise SettingsError(f"{variable('queues')}: {error}") from None


def _traces(endpoint: str, settings: Settings) -> tracing.Target:
    headers = {name: secret.get_secret_value() for name, secret in settings.otel_headers.items()}
    return tracing.Target(
        endpoint, settings.otel_service, version("cgraph"), settings.otel_ratio, headers
    )


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
        # Loaded here, because redis-py is a tenth of what a command loads, and most nodes have no Valkey.
        valkey = import_module("cgraph_kit.pubsub.valkey")
        bus: PubSub = await valkey.ValkeyPubSub.connect(settings.valkey_url, prefix="cgraph:")
        return bus
    return LocalPubSub(LocalBus())


async def _jobs(
    stack: AsyncExitStack, settings: Settings, dsn: str, db: Database, lane: PubSub
) -> Jobs:
    """The node's jobs, not yet at work."""
    own = db
    if settings.queues:
        own = await Database.connect(dsn, pool_size=JOB_CONNECTIONS)
        stack.push_async_callback(own.close)
    return Jobs(
        db,
        workers=WORKERS,
        queues=settings.queues,
        crontab=(*CRONTAB, *backups.crontab(settings)),
        pubsub=lane,
        own=own,
        tuning=Tuning(grace=settings.job_grace_seconds),
    )
