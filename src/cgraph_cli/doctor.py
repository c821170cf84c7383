"""`cgraph doctor`."""

from collections.abc import AsyncIterator

from rich.markup import escape

from cgraph import configuration
from cgraph.application import check
from cgraph.settings import Settings, SettingsError
from cgraph_kit.engines import EngineError
from cgraph_web.plugs.rate_limit import check_overrides

from .checks import backups, delivery, files, machine, network, postgres, proxy, searching
from .checks.finding import Finding, fail, ok
from .node import database, is_made
from .output import console

_STYLE = {"ok": "green", "warn": "yellow", "fail": "red bold"}


async def command(*, url: str | None = None) -> int:
    """Look at everything a node needs: settings, disk, database, backups, port, clock, Valkey, search, files, mail, push, TLS.

    Changes nothing, and sends nothing to anybody. Each line says how a thing is and, where it is not well, what to do. Exit status 1 if anything
    fails; warnings alone do not.

    For example:

    - `cgraph doctor`
    - `CGRAPH_ENV=prod DATABASE_URL=postgresql://… cgraph doctor` before a deployment
    - `cgraph doctor --url https://chat.example.org` also comes in from outside, through the proxy

    Parameters
    ----------
    url
        Public address at which to look whether the proxy passes everything on, WebSockets too.
    """
    failed = False
    async for finding in examine(url):
        show(finding)
        failed |= finding.level == "fail"
    return int(failed)


def show(finding: Finding) -> None:
    """One line, and what to do in a second."""
    style = _STYLE[finding.level]
    screen = console()
    screen.print(
        f"[{style}]{finding.level:<4}[/]  {finding.what:<16}  {escape(finding.state)}",
    )
    if finding.advice:
        screen.print(f"{'':24}→ {escape(finding.advice)}")


async def examine(url: str | None = None) -> AsyncIterator[Finding]:
    """Every finding, in the order in which things depend on each other."""
    try:
        settings = configuration.read()
        check(settings)
        check_overrides(settings)
    except SettingsError as error:
        for line in str(error).splitlines():
            yield fail("settings", line, "docs/reference/settings.md says what may stand there")
        return
    yield ok("settings", f"{settings.env}, as read from the environment")
    parts = [
        _machine(settings),
        _database(settings),
        backups.storage(settings),
        _services(settings),
    ]
    for part in parts + ([proxy.examine(url)] if url else []):
        async for finding in part:
            yield finding


async def _machine(settings: Settings) -> AsyncIterator[Finding]:
    for finding in (*machine.data_directory(settings), *machine.open_files()):
        yield finding
    yield await machine.port(settings)


async def _services(settings: Settings) -> AsyncIterator[Finding]:
    yield await backups.age(settings)
    yield await network.valkey(settings)
    yield await searching.index(settings)
    yield await files.images(settings)
    async for finding in files.scanner(settings):
        yield finding
    yield await delivery.mail(settings)
    yield await delivery.push(settings)
    for finding in network.production(settings):
        yield finding


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    if settings.database_url:
        async for finding in _parts(settings, settings.database_url):
            yield finding
        yield await backups.tools(settings, settings.direct_database_url or settings.database_url)
        return
    if not is_made(settings):
        yield ok("database", "embedded, will be made by the first start")
        return
    try:
        async with database(settings) as dsn:
            async for finding in _parts(settings, dsn):
                yield finding
            yield await backups.tools(settings, dsn)
    except EngineError as error:
        yield fail("database", f"embedded: {error}", "see the server.log beside the data")


async def _parts(settings: Settings, dsn: str) -> AsyncIterator[Finding]:
    async for finding in postgres.examine(dsn, pool_size=settings.pool_size):
        yield finding
    async for finding in searching.freshness(dsn):
        yield finding
