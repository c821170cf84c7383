"""Making a backup: one moment of the database, counted and dumped into the store."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from cgraph_kit import clock, dump
from cgraph_kit.db import Repo
from cgraph_kit.storage import StorageError

from . import history
from .errors import BackupError
from .manifest import Manifest, dump_key, new_id, write_manifest
from .vault import Report, Vault, failing, silent


async def make_backup(vault: Vault, db: Repo, *, report: Report = silent) -> Manifest:
    """Back the database up. What is written meanwhile is not in it, nor counted.

    One at a time for each database. Raises `BackupError`; then nothing of it is left in the store. Killed half-way it
    leaves a dump without a manifest, which is no backup and goes with the next.
    """
    with failing():
        async with asyncio.timeout(vault.timeout), dump.alone(vault.dsn):
            server = await dump.look(vault.dsn)
            tools = await asyncio.to_thread(
                dump.find_tools, server=server.major, tls=server.tls, bindir=vault.bindir
            )
            return await _Maker(vault, server, tools, report).make(db)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Who makes one, and with what."""

    vault: Vault
    server: dump.Server
    tools: dump.Tools
    report: Report

    async def make(self, db: Repo) -> Manifest:
        """Made, and the diary says so, or why not."""
        id = new_id()
        async with dump.snapshot(self.vault.dsn) as (connection, snapshot):
            # After the snapshot: a restored database has no diary of a backup that runs for ever.
            await history.begin(db, id, self.vault.storage.place)
            try:
                manifest = await self._made(id, connection, snapshot)
            except BaseException as error:
                await asyncio.shield(_give_up(self.vault, db, id, error))
                raise
        await history.made(db, manifest)
        return manifest

    async def _made(self, id: str, connection: Any, snapshot: str) -> Manifest:
        started, at = time.monotonic(), clock.now()
        facts = await dump.gather(connection, self._counting)
        async with dump.dumping(self.tools, self.vault.dsn, snapshot) as pieces:
            content = _Metered(pieces, self.report)
            await self.vault.storage.put(dump_key(id), content)
        manifest = Manifest(
            id=id,
            made_at=at,
            version=version("cgraph"),
            server=self.server.version,
            tool=self.tools.version,
            size=content.size,
            sha256=content.digest.hexdigest(),
            seconds=round(time.monotonic() - started, 3),
            facts=facts,
        )
        await write_manifest(self.vault.storage, manifest)
        return manifest

    def _counting(self, done: int, total: int, table: str) -> None:
        self.report(done, total, f"counting {table}")


async def _give_up(vault: Vault, db: Repo, id: str, error: BaseException) -> None:
    """Remove what was stored, and write down why; what fails here too must not hide the first failure."""
    with suppress(StorageError):
        await vault.storage.delete(dump_key(id))
    stopped = isinstance(error, asyncio.CancelledError)
    reason = "stopped, or it took too long" if stopped else str(error) or type(error).__name__
    try:
        await history.failed(db, id, reason)
    except Exception as second:
        raise BackupError(f"{reason}; and the database cannot be told: {second}") from error


class _Metered:
    """The same bytes, counted and hashed on their way."""

    def __init__(self, pieces: AsyncIterator[bytes], report: Report) -> None:
        self.size = 0
        self.digest = hashlib.sha256()
        self._pieces = pieces
        self._report = report

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            self.size += len(piece)
            self.digest.update(piece)
            self._report(self.size, None, f"{self.size / 1e6:,.0f} MB dumped")
            yield piece
