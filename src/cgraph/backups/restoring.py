"""Restoring a backup where it counts: into an empty database, or in the place of one that is given up."""

import asyncio
import time

import msgspec

from cgraph import migrations
from cgraph_kit import dump, migrate

from .errors import BackupError
from .manifest import Manifest, get_backup
from .vault import Report, Vault, failing, silent
from .verifying import restore_into, restoring_tools


class Restored(msgspec.Struct, frozen=True):
    """What came of it."""

    manifest: Manifest
    seconds: float


async def restore_backup(
    vault: Vault, id: str | None = None, *, replace: bool = False, report: Report = silent
) -> Restored:
    """Make the database what it was when the backup (None: the newest) was made, and check that it is.

    Only an empty database is written to; `replace` puts a new one in the place of one that is not, which is dropped
    only when the new one is checked. Nobody may be connected. Raises `BackupError`; then the database is as before,
    unless the message says that it differs from what was backed up.
    """
    with failing():
        manifest = (await get_backup(vault.storage, id)).manifest
        _check_known(manifest)
        started = time.monotonic()
        async with asyncio.timeout(vault.timeout):
            await _check_free(vault)
            if await dump.is_empty(vault.dsn):
                async with dump.alone(vault.dsn):
                    await _restored(vault, vault.dsn, manifest, report)
            elif replace:
                async with dump.successor(vault.dsn) as dsn:
                    await _restored(vault, dsn, manifest, report)
            else:
                raise BackupError(
                    "the database is not empty: make an empty one, or say --replace to give this one up"
                )
    return Restored(manifest, round(time.monotonic() - started, 3))


def _check_known(manifest: Manifest) -> None:
    applied = [
        migrate.Applied(each.version, each.name, each.hash) for each in manifest.facts.migrations
    ]
    try:
        migrate.pending(migrations.load(), applied)
    except migrate.MigrationError as error:
        raise BackupError(f"{manifest.id}, made by CGraph {manifest.version}: {error}") from error


async def _check_free(vault: Vault) -> None:
    if names := await dump.others(vault.dsn):
        raise BackupError(
            f"{len(names)} connections to the database are open ({names[0]}): stop every node first"
        )


async def _restored(vault: Vault, dsn: str, manifest: Manifest, report: Report) -> None:
    _, tools = await restoring_tools(vault, dsn, manifest)
    problems = await restore_into(vault.storage, tools, dsn, manifest, report)
    if problems:
        raise BackupError(f"what was restored is not what was backed up: {'; '.join(problems)}")
