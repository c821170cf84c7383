"""The store, and whether a loss could be made good."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

from cgraph import backups
from cgraph.backups import Backup, BackupError
from cgraph.settings import Settings
from cgraph.store import open_store
from cgraph_kit import clock, dump
from cgraph_kit.storage import LocalStorage, Storage, StorageError

from .finding import Finding, fail, ok, warn

PATIENCE = 15.0
"""Seconds the store gets for a round."""
STALE = timedelta(hours=36)
"""A daily backup that is older was missed."""
_PROBE = b"cgraph doctor"


async def storage(settings: Settings) -> AsyncIterator[Finding]:
    """Can be written, read and cleared; what is written for that is removed."""
    try:
        store = open_store(settings)
        if isinstance(store, LocalStorage) and not store.root.exists():
            yield ok("storage", f"{store.place}, will be made")
        else:
            async with asyncio.timeout(PATIENCE):
                await _round(store)
            yield ok("storage", store.place)
    except TimeoutError:
        yield fail("storage", f"no answer within {PATIENCE:.0f} s", _STORAGE)
        return
    except StorageError as error:
        yield fail("storage", str(error), _STORAGE)
        return
    if settings.valkey_url and isinstance(store, LocalStorage):
        advice = "set CGRAPH_STORAGE_URL to a bucket, or to a directory that all nodes share"
        yield warn("storage", "a directory of this node alone, and there are several", advice)


_STORAGE = "correct CGRAPH_STORAGE_URL and CGRAPH_S3_…, or give this user access"


async def _round(store: Storage) -> None:
    key = f"probe-{secrets.token_hex(8)}"
    await store.put(key, _PROBE)
    try:
        if await store.get(key) != _PROBE:
            raise StorageError(f"{store.place} does not give back what was put there")
    finally:
        await store.delete(key)


async def tools(settings: Settings, dsn: str) -> Finding:
    """Whether pg_dump can speak with this server, and pg_restore write into it."""
    try:
        server = await dump.look(dsn)
        found = await asyncio.to_thread(
            dump.find_tools, server=server.major, tls=server.tls, bindir=settings.pg_bindir
        )
        dump.check_restorable(found, server.major)
    except dump.ToolsUnusable as error:
        return fail("pg_dump", str(error), "or set CGRAPH_PG_BINDIR: no backup can be made")
    except dump.DumpError as error:
        return fail("pg_dump", str(error), "backups need a direct connection")
    return ok("pg_dump", f"{found.version} for PostgreSQL {server.version}")


async def age(settings: Settings) -> Finding:
    """How old the newest backup is that was restored well."""
    if settings.backup_at == "off":
        return _lacking(settings, "none are made: CGRAPH_BACKUP_AT is off", "set it to a time")
    try:
        async with asyncio.timeout(PATIENCE):
            found = await backups.list_backups(open_store(settings))
    except (StorageError, BackupError, TimeoutError) as error:
        return fail("backups", str(error) or "the store does not answer", _STORAGE)
    if not found:
        return _lacking(settings, f"none yet, the first at {settings.backup_at} UTC", _NOW)
    if (tried := found[0].verification) is not None and not tried.passed:
        return warn("backups", f"{found[0].id} is no true copy: {tried.problems[0]}", _NOW)
    return _age(found)


_NOW = "cgraph backup now"


def _lacking(settings: Settings, state: str, advice: str) -> Finding:
    return warn("backups", state, advice) if settings.env == "prod" else ok("backups", state)


def _age(found: list[Backup]) -> Finding:
    verified = next((each for each in found if each.is_verified), None)
    if verified is None:
        return warn("backups", f"{len(found)}, none of them tried", "cgraph backup verify")
    old = clock.now() - verified.manifest.made_at
    state = f"the newest that was restored well is {old / timedelta(hours=1):.0f} h old"
    if old > STALE:
        return warn("backups", state, f"see why in cgraph backup list, then {_NOW}")
    return ok("backups", state)
