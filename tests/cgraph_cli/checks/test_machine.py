"""Disk, rights, files and the port."""

import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from cgraph.settings import Settings
from cgraph_cli.checks import machine


def settings(path: Path, **given: object) -> Settings:
    return Settings(data_dir=path, **given)  # type: ignore[arg-type]


class TestDataDirectory:
    def test_a_private_one_with_room_is_well(self, tmp_path: Path) -> None:
        (tmp_path / "secrets.toml").touch(0o600)
        levels = [finding.level for finding in machine.data_directory(settings(tmp_path))]
        assert levels == ["ok", "ok", "ok"]

    def test_secrets_others_may_read_fail(self, tmp_path: Path) -> None:
        (tmp_path / "secrets.toml").touch()
        (tmp_path / "secrets.toml").chmod(0o644)
        [found] = [f for f in machine.data_directory(settings(tmp_path)) if f.what == "secrets"]
        assert found.level == "fail"
        assert "chmod 600" in found.advice

    def test_one_that_is_not_there_yet_will_be_made(self, tmp_path: Path) -> None:
        first, *_ = machine.data_directory(settings(tmp_path / "a" / "b"))
        assert first.level == "ok"
        assert "will be made" in first.state

    def test_a_file_in_its_place_fails(self, tmp_path: Path) -> None:
        (tmp_path / "data").touch()
        [found] = machine.data_directory(settings(tmp_path / "data"))
        assert found.level == "fail"

    @pytest.mark.parametrize(("free", "level"), [(10**6, "fail"), (5 * 10**8, "warn")])
    def test_little_room_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str
    ) -> None:
        usage = namedtuple("usage", "total used free")
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 0, free))
        [found] = [f for f in machine.data_directory(settings(tmp_path)) if f.what == "disk"]
        assert found.level == level


class TestPort:
    async def test_free(self, tmp_path: Path) -> None:
        found = await machine.port(settings(tmp_path, port=0))
        assert found.level == "ok"

    async def test_taken_by_a_stranger(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(machine, "PATIENCE", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            found = await machine.port(settings(tmp_path, port=stranger.getsockname()[1]))
        assert found.level == "fail"
        assert "another program" in found.state

    async def test_an_address_that_is_not_ours(self, tmp_path: Path) -> None:
        found = await machine.port(settings(tmp_path, host="192.0.2.1"))
        assert found.level == "fail"


class TestOpenFiles:
    def test_says_how_many(self) -> None:
        [found] = machine.open_files()
        assert found.what == "open files"
