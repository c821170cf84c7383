"""`cgraph backup`: now, list, verify."""

import dataclasses
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.table import Table
from rich.text import Text

from cgraph import backups, configuration
from cgraph.backups import Backup, BackupError, Run, Vault
from cgraph.settings import Settings
from cgraph.store import open_store
from cgraph_kit import clock
from cgraph_kit.db import Database
from cgraph_kit.storage import StorageError

from .node import database, is_made, reaching, running
from .output import Failure, complain, console, progress, say

Flag = Annotated[bool, Parameter(negative="", show_default=False)]

command = App(
    name="backup",
    help="""
    Back the database up, and see that the backups are good.

    Backups go to the store (CGRAPH_STORAGE_URL: a directory or an S3 bucket). They hold everything but secrets and
    settings; docs/operations.md says what to keep beside them. `cgraph restore` puts one back.

    For example:

    - `cgraph backup now` makes one, and restores it elsewhere to see that it is good
    - `cgraph backup list` also says what a loss would cost now
    """,
    help_format="markdown",
)


@command.command
async def now(*, verify: Annotated[bool, Parameter(show_default=False)] = True) -> None:
    """Make a backup, try it by restoring it elsewhere, and remove those beyond CGRAPH_BACKUP_KEEP.

    May run beside `cgraph serve`, which does the same every night.

    For example:

    - `cgraph backup now`
    - `CGRAPH_STORAGE_URL=s3://bucket/cgraph cgraph backup now --no-verify`

    Parameters
    ----------
    verify
        Whether to try it, which takes about as long as making it.
    """
    async with _vault() as (vault, db):
        where = vault.where if verify else "off"
        with progress("backing up") as told:
            made = await backups.back_up(dataclasses.replace(vault, where=where), db, report=told)
        backup = await backups.get_backup(vault.storage, made.id)
    say(f"{made.id}: {made.rows:,} rows, {_size(made.size)}, in {_long(made.seconds)}")
    say(f"Kept in {vault.storage.place}. {_tried(backup)}")


@command.command
async def verify(backup: str | None = None, /) -> None:
    """Restore a backup elsewhere, and compare it with what was counted when it was made.

    For example:

    - `cgraph backup verify`
    - `cgraph backup verify 20260131T020000Z-3f2a`

    Parameters
    ----------
    backup
        Its name, as `cgraph backup list` shows it; without one, the newest.
    """
    async with _vault() as (vault, db):
        with progress("restoring") as told:
            result = await backups.verify_backup(vault, db, backup, report=told)
    say(f"It is a true copy. Restoring it took {_long(result.seconds)}.")


@command.command(name="list")
async def list_(*, json: Flag = False) -> None:
    """List the backups in the store, when each was tried, and what a loss would cost now.

    Needs no database: what is listed is what is there. Failed runs are added where the database can be asked.

    For example:

    - `cgraph backup list`
    - `CGRAPH_STORAGE_URL=/mnt/rescued/storage cgraph backup list`

    Parameters
    ----------
    json
        One JSON object a line: what is known of a backup, and how trying it went. No failed runs.
    """
    settings = configuration.read()
    with refusing():
        found = await backups.list_backups(open_store(settings))
    if json:
        for each in found:
            say(msgspec.json.encode(each).decode())
        return
    _show(found)
    for run in await _failures(settings, found):
        complain(f"{run.id} {run.result}: {run.error or run.verification_error or 'killed'}")


@asynccontextmanager
async def _vault() -> AsyncIterator[tuple[Vault, Database]]:
    settings = configuration.read()
    if settings.database_url is None and not is_made(settings):
        raise Failure(f"cgraph: there is no database in {settings.data_dir} to back up")
    with refusing():
        storage = open_store(settings)
        async with _connected(settings) as (dsn, db):
            yield backups.vault_of(settings, dsn, storage), db


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[tuple[str, Database]]:
    with reaching(settings):
        async with database(settings) as dsn:
            db = await Database.connect(dsn, pool_size=2)
            try:
                yield dsn, db
            finally:
                await db.close()


@contextmanager
def refusing() -> Iterator[None]:
    """What backups and the store complain about ends the command."""
    try:
        yield
    except (BackupError, StorageError) as error:
        raise Failure(f"cgraph: {error}") from error


async def _failures(settings: Settings, found: Sequence[Backup]) -> list[Run]:
    """Runs that failed since the newest backup; none where nobody can be asked without starting a database."""
    if settings.database_url is None and running(settings) is None:
        return []
    since = found[0].manifest.made_at if found else None
    try:
        async with _connected(settings) as (_, db):
            runs = await backups.recent_runs(db)
    except Failure as failure:
        complain(failure.message)
        return []
    return [run for run in runs if run.failed and (since is None or run.started_at >= since)]


def _show(found: Sequence[Backup]) -> None:
    if not found:
        say("There is no backup yet: cgraph backup now")
        return
    table = Table("backup", "made (UTC)", "size", "rows", "took", "tried", box=None, pad_edge=False)
    for name in ("size", "rows", "took"):
        next(column for column in table.columns if column.header == name).justify = "right"
    for each in found:
        one = each.manifest
        table.add_row(
            one.id,
            f"{one.made_at:%Y-%m-%d %H:%M}",
            _size(one.size),
            f"{one.rows:,}",
            _long(one.seconds),
            Text(_tried(each)),
        )
    console().print(table)
    say(_objectives(found))


def _objectives(found: Sequence[Backup]) -> str:
    newest = next((each for each in found if each.is_verified), None)
    if newest is None or newest.verification is None:
        return "\nNone was ever restored well: cgraph backup verify"
    age = _long((clock.now() - newest.manifest.made_at).total_seconds())
    return (
        f"\nA loss now would cost {age} (RPO: age of the newest backup that was restored well)"
        f"\nand restoring take {_long(newest.verification.seconds)} (RTO: as measured then)."
    )


def _tried(backup: Backup) -> str:
    tried = backup.verification
    if tried is None:
        return "not tried"
    when = _moment(tried.at)
    if tried.passed:
        return f"well on {when}, in {_long(tried.seconds)}"
    return f"FAILED on {when}: {'; '.join(tried.problems)}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _long(seconds: float) -> str:
    """`3.2 s`, `4 min 10 s`, `2 h 5 min`, `3 days 4 h`."""
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    whole = timedelta(seconds=round(seconds))
    hours, minutes = whole.seconds // 3600, whole.seconds // 60 % 60
    if whole.days:
        return f"{whole.days} days {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole.seconds % 60} s"


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
