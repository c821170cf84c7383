"""`cgraph restore`."""

import sys
from typing import Annotated

from cyclopts import Parameter

from cgraph import backups, configuration
from cgraph.backups import Manifest
from cgraph.store import open_store
from cgraph_kit.storage import LocalStorage

from .backup import refusing
from .node import database, reaching, where
from .output import Failure, progress, say

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
USAGE = 2


async def command(
    backup: str | None = None,
    /,
    *,
    source: Annotated[str | None, Parameter(name="--from")] = None,
    replace: Flag = False,
    yes: Flag = False,
) -> None:
    """Make the database what it was when a backup was made.

    Writes into an empty database only: a new data directory, or one that DATABASE_URL names. What is restored is
    compared with what was counted when the backup was made. Stop every node first; start them afterwards.

    For example:

    - `cgraph restore --from /mnt/rescued/storage` into a new data directory, the newest backup
    - `DATABASE_URL=postgresql://… cgraph restore 20260131T020000Z-3f2a`
    - `cgraph restore --replace` gives up what is in the database now

    Parameters
    ----------
    backup
        Its name, as `cgraph backup list` shows it; without one, the newest.
    source
        The store it is in, a directory or s3://bucket/prefix, if not CGRAPH_STORAGE_URL.
    replace
        Put it in the place of a database that is not empty, which is lost.
    yes
        Do not ask before that.
    """
    settings = configuration.read()
    with refusing(), reaching(settings):
        there = {"storage_url": source} if source else {}
        storage = open_store(settings.model_copy(update=there))
        if isinstance(storage, LocalStorage) and not storage.root.is_dir():
            raise Failure(f"cgraph: there is no directory {storage.root} to restore from", USAGE)
        found = (await backups.get_backup(storage, backup)).manifest
        if replace and not yes:
            _ask(where(settings.database_url) if settings.database_url else "cgraph", found)
        async with database(settings) as dsn:
            vault = backups.vault_of(settings, dsn, storage)
            with progress("restoring") as told:
                done = await backups.restore_backup(vault, found.id, replace=replace, report=told)
    say(
        f"Restored {found.id}: {found.rows:,} rows in {done.seconds:.1f} s, the same as were backed up."
    )
    say(
        "Start the nodes now: cgraph serve. Secrets are not part of backups; see docs/operations.md."
    )


def _ask(name: str, manifest: Manifest) -> None:
    if not sys.stdin.isatty():
        raise Failure("cgraph: say --yes to replace a database without being asked", USAGE)
    say(
        f"Everything in {name} will be lost. {manifest.id} of {manifest.made_at:%Y-%m-%d %H:%M} UTC takes its place."
    )
    if input(f"Type {name} to go on: ").strip() != name:
        raise Failure("cgraph: nothing was changed")
