"""A backup in the store: the dump, what is in it, and what became of trying it.

`backups/<id>/database.dump` comes first and `manifest.json` last, so a backup with a manifest is whole. `verified.json`
is written each time it is tried.
"""

import logging
import secrets
from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from cgraph_kit import clock
from cgraph_kit.dump import Facts
from cgraph_kit.storage import NotStored, Storage

from .errors import BackupError, NoBackup

log = logging.getLogger(__name__)

FOLDER = "backups"
FORMAT = 1


class Manifest(msgspec.Struct, frozen=True):
    """What is in a backup. Holds no secret."""

    id: str
    made_at: datetime
    """The moment of the database that it shows."""
    version: str
    """Of the program that made it."""
    server: str
    """PostgreSQL's version."""
    tool: str
    """pg_dump's version."""
    size: int
    """Of the dump, in bytes."""
    sha256: str
    """Of the dump, hexadecimal."""
    seconds: float
    """How long making it took."""
    facts: Facts
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(self.facts.rows.values())


class Verification(msgspec.Struct, frozen=True):
    """How restoring a backup went, to see whether it can be."""

    at: datetime
    passed: bool
    seconds: float
    """How long the restore took: what an emergency would take at least."""
    server: str
    """The PostgreSQL it was tried on."""
    problems: list[str]


class Backup(msgspec.Struct, frozen=True):
    """One that is in the store."""

    manifest: Manifest
    verification: Verification | None

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def is_verified(self) -> bool:
        return self.verification is not None and self.verification.passed

    @property
    def has_failed(self) -> bool:
        """It was restored to try it, and is no true copy."""
        return self.verification is not None and not self.verification.passed


def new_id() -> str:
    """Sorts by time; two of the same second differ."""
    return f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def dump_key(id: str) -> str:
    return f"{FOLDER}/{id}/database.dump"


def manifest_key(id: str) -> str:
    return f"{FOLDER}/{id}/manifest.json"


def verified_key(id: str) -> str:
    return f"{FOLDER}/{id}/verified.json"


async def write_manifest(storage: Storage, manifest: Manifest) -> None:
    """The last step: from here on the backup is there."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    await storage.create(manifest_key(manifest.id), text)


async def write_verification(storage: Storage, id: str, verification: Verification) -> None:
    """Beside the manifest, so it is known even where the database is lost."""
    text = msgspec.json.format(msgspec.json.encode(verification), indent=2)
    await storage.put(verified_key(id), text)


async def list_backups(storage: Storage) -> list[Backup]:
    """Every backup that is whole and can be read, newest first: one that is damaged must not hide the others.

    Raises `StorageError`.
    """
    found = []
    for id in sorted([id async for id in _ids(storage)], reverse=True):
        try:
            found.append(await _read(storage, id))
        except BackupError as error:
            log.error("%s", error)  # noqa: TRY400 (the reason is all there is to say)
        except NotStored:
            continue  # removed meanwhile
    return found


async def get_backup(storage: Storage, id: str | None) -> Backup:
    """The one of that id, or the newest, which no older one stands in for.

    Raises `NoBackup`, `StorageError`, and `BackupError` for one that is damaged.
    """
    if id is None:
        id = max([id async for id in _ids(storage)], default=None)
        if id is None:
            raise NoBackup(f"there is no backup in {storage.place}")
    try:
        return await _read(storage, id)
    except (NotStored, ValueError):
        raise NoBackup(
            f"there is no backup {id} in {storage.place}: see cgraph backup list"
        ) from None


async def _ids(storage: Storage) -> AsyncIterator[str]:
    async for stored in storage.list(FOLDER):
        folder, _, name = stored.key.rpartition("/")
        if name == "manifest.json":
            yield folder.rpartition("/")[2]


async def _read(storage: Storage, id: str) -> Backup:
    try:
        manifest = msgspec.json.decode(await storage.get(manifest_key(id)), type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupError(f"the manifest of {id} cannot be read: {error}") from error
    if manifest.id != id:
        raise BackupError(f"the manifest of {id} is that of {manifest.id}: somebody has moved it")
    if manifest.format > FORMAT:
        raise BackupError(f"{id} was made by a newer CGraph ({manifest.version}): use that")
    try:
        verified = msgspec.json.decode(await storage.get(verified_key(id)), type=Verification)
    except NotStored:
        return Backup(manifest, None)
    except msgspec.MsgspecError as error:
        raise BackupError(f"what became of trying {id} cannot be read: {error}") from error
    return Backup(manifest, verified)
