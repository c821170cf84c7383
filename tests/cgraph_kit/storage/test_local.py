"""What only a directory has."""

import os
import time
from pathlib import Path

import pytest

from cgraph_kit.storage import LocalStorage, NotStored, StorageError, open_storage


class TestLocalStorage:
    async def test_its_directory_is_closed_to_others(self, tmp_path: Path) -> None:
        await LocalStorage(tmp_path / "a" / "b").put("c", b"")
        assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700

    async def test_so_is_each_folder_in_one_that_others_made(self, tmp_path: Path) -> None:
        storage = LocalStorage(tmp_path)
        await storage.put("backups/a/b", b"")
        await storage.create("backups/a/c", b"")
        assert (tmp_path / "backups").stat().st_mode & 0o777 == 0o700

    async def test_looking_makes_nothing(self, tmp_path: Path) -> None:
        storage = LocalStorage(tmp_path / "a")
        assert await storage.head("b") is None
        assert [stored async for stored in storage.list("b")] == []
        await storage.delete("b")
        assert await storage.sweep(older_than=0) == 0
        with pytest.raises(NotStored):
            await storage.get("b")
        assert not (tmp_path / "a").exists()

    async def test_a_file_in_its_place_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a").touch()
        with pytest.raises(StorageError, match="/a"):
            await LocalStorage(tmp_path / "a").put("b", b"")

    async def test_says_why_it_cannot_write(self, tmp_path: Path) -> None:
        storage = LocalStorage(tmp_path)
        (tmp_path / "a").touch()
        with pytest.raises(StorageError, match="a/b"):
            await storage.put("a/b", b"")


class TestSweep:
    async def test_removes_what_killed_writers_left_long_ago(self, tmp_path: Path) -> None:
        storage = LocalStorage(tmp_path)
        await storage.put("a/whole", b"")
        for name, age in (("a/old#1", 7200), ("a/new#2", 60)):
            (tmp_path / name).touch()
            os.utime(tmp_path / name, (time.time() - age,) * 2)
        assert await storage.sweep(older_than=3600) == 1
        assert {path.name for path in (tmp_path / "a").iterdir()} == {"whole", "new#2"}


class TestOpenStorage:
    @pytest.mark.parametrize("scheme", ["", "file://"])
    def test_a_path_is_a_directory(self, tmp_path: Path, scheme: str) -> None:
        assert open_storage(f"{scheme}{tmp_path}/x").place == f"{tmp_path}/x"
