"""Trying a backup: it is restored into a database of its own, compared with what was counted, and thrown away."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cgraph_kit import clock, dump
from cgraph_kit.db import Repo
from cgraph_kit.storage import Storage

from . import history
from .errors import BackupError, Unverified
from .manifest import Manifest, Verification, dump_key, get_backup, write_verification
from .vault import Report, Vault, failing, silent


async def verify_backup(
    vault: Vault, db: Repo, id: str | None = None, *, report: Report = silent
) -> Verification:
    """Restore a backup (None: the newest) to see whether it can be, and write down how that went and how long it took.

    Compared are the migrations, the rows of every table, the foreign keys the server has validated and the complete
    indexes. Raises `Unverified` where anything differs or the dump was changed, `BackupError` where it could not be
    tried at all.
    """
    with failing():
        backup = await get_backup(vault.storage, id)
        async with asyncio.timeout(vault.timeout), dump.alone(vault.dsn), _scratch(vault) as dsn:
            verification = await _tried(vault, dsn, backup.manifest, report)
        await write_verification(vault.storage, backup.id, verification)
    await history.tried(db, backup.id, verification)
    if not verification.passed:
        raise Unverified(f"{backup.id} is no true copy: {'; '.join(verification.problems)}")
    return verification


async def restore_into(
    storage: Storage, tools: dump.Tools, dsn: str, manifest: Manifest, report: Report
) -> list[str]:
    """Write the dump into an empty database and return where it differs from what was backed up."""
    pieces = _reported(storage.stream(dump_key(manifest.id)), manifest.size, report)
    await dump.restore(tools, dsn, pieces, sha256=manifest.sha256)
    async with dump.connected(dsn) as connection:
        found = await dump.gather(
            connection, lambda *step: report(manifest.size, manifest.size, f"counting {step[2]}")
        )
    return dump.differences(manifest.facts, found)


async def restoring_tools(
    vault: Vault, dsn: str, manifest: Manifest
) -> tuple[dump.Server, dump.Tools]:
    """Programs that read this dump and speak with that server. Raises `ToolsUnusable`."""
    server = await dump.look(dsn)
    oldest = max(server.major, dump.major_of(manifest.tool))
    tools = await asyncio.to_thread(
        dump.find_tools, server=oldest, tls=server.tls, bindir=vault.bindir
    )
    dump.check_restorable(tools, server.major)
    return server, tools


async def _tried(vault: Vault, dsn: str, manifest: Manifest, report: Report) -> Verification:
    server, tools = await restoring_tools(vault, dsn, manifest)
    started = time.monotonic()
    try:
        problems = await restore_into(vault.storage, tools, dsn, manifest, report)
    except dump.DumpError as error:
        problems = [str(error)]
    return Verification(
        at=clock.now(),
        passed=not problems,
        seconds=round(time.monotonic() - started, 3),
        server=server.version,
        problems=problems,
    )


@asynccontextmanager
async def _scratch(vault: Vault) -> AsyncIterator[str]:
    where = vault.where
    if where == "auto":
        where = "server" if (await dump.look(vault.dsn)).creates else "embedded"
    if where == "off":
        raise BackupError("trying backups is switched off: CGRAPH_BACKUP_VERIFY")
    if where == "server":
        async with dump.scratch(vault.dsn) as dsn:
            yield dsn
    else:
        async with dump.throwaway(vault.work_dir) as dsn:
            yield dsn


async def _reported(
    pieces: AsyncIterator[bytes], size: int, report: Report
) -> AsyncIterator[bytes]:
    done = 0
    async for piece in pieces:
        yield piece
        done += len(piece)
        report(done, size, f"{done / 1e6:,.0f} MB restored")
