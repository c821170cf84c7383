"""How long backups are kept."""

import dataclasses
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cgraph.backups import (
    Backup,
    Manifest,
    Vault,
    Verification,
    back_up,
    list_backups,
    prune_backups,
)
from cgraph.backups.manifest import write_manifest, write_verification
from cgraph.backups.retention import superfluous
from cgraph_kit.db import Database
from cgraph_kit.dump import Facts
from cgraph_kit.storage import S3Storage
from support.buckets import buckets

AT = datetime(2026, 1, 1, tzinfo=UTC)


def manifest(id: str) -> Manifest:
    return Manifest(id, AT, "0", "18", "18", 1, "", 1.0, Facts([], {}, 0, 0))


def tried(*, passed: bool) -> Verification:
    return Verification(AT, passed, 1.0, "18", [])


def backup(id: str, outcome: str) -> Backup:
    known = {"+": tried(passed=True), "-": tried(passed=False), " ": None}
    return Backup(manifest(id), known[outcome])


class TestSuperfluous:
    @pytest.mark.parametrize(
        ("outcomes", "keep", "gone"),
        [
            ("", 2, ""),
            ("++", 2, ""),
            ("++++", 2, "cd"),
            ("    ", 2, "cd"),
            ("  + ", 2, "d"),
            ("--++", 2, "b"),
            ("-+-+", 1, "cd"),
            ("+-++", 2, "bd"),
            ("--", 2, "b"),
            ("- + ", 1, "d"),
        ],
    )
    def test_the_newest_that_was_restored_well_stays(
        self, outcomes: str, keep: int, gone: str
    ) -> None:
        found = [backup(id, each) for id, each in zip("abcd", outcomes, strict=False)]
        assert "".join(each.id for each in superfluous(found, keep)) == gone


class TestPruneBackups:
    async def test_removes_all_of_what_is_too_much(self, vault: Vault, own: Database) -> None:
        for id in "abcd":
            await write_manifest(vault.storage, manifest(id))
        await write_verification(vault.storage, "b", tried(passed=True))
        assert await prune_backups(vault, own) == ["a"]
        keys = {each.key async for each in vault.storage.list("backups")}
        assert {key.split("/")[1] for key in keys} == {"b", "c", "d"}

    async def test_what_killed_makers_left_goes_after_a_day(
        self, vault: Vault, own: Database, tmp_path: Path
    ) -> None:
        for name, hours in (("old", 25), ("new", 1)):
            await vault.storage.put(f"backups/{name}/database.dump", b"")
            path = tmp_path / "storage" / "backups" / name / "database.dump"
            os.utime(path, (time.time() - hours * 3600,) * 2)
        await prune_backups(vault, own)
        keys = {each.key async for each in vault.storage.list("backups")}
        assert keys == {"backups/new/database.dump"}


class TestBackUp:
    async def test_into_a_bucket(self, vault: Vault, own: Database) -> None:
        with buckets() as server:
            url = f"s3://{server.make()}/nightly"
            there = dataclasses.replace(vault, storage=S3Storage(url, server.options))
            made = await back_up(there, own)
            [backup] = await list_backups(there.storage)
        assert (backup.id, backup.is_verified) == (made.id, True)

    async def test_makes_tries_and_prunes(self, vault: Vault, own: Database) -> None:
        for _ in range(3):
            await back_up(vault, own)
        found = await list_backups(vault.storage)
        assert [each.is_verified for each in found] == [True, True]
        deleted = await own.value("SELECT count(*) FROM backups WHERE deleted_at IS NOT NULL")
        assert deleted == 1
