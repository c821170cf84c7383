import os
import tempfile
from pathlib import Path

import pytest

from cgraph_kit.engines import DirectoryUnusable
from cgraph_kit.engines.directory import socket_directory


@pytest.fixture
def temporary(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


class TestSocketDirectory:
    def test_is_short_whatever_the_temporary_directory(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        long = place / ("t" * 90)
        long.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(long))
        with socket_directory(place / "run", None, "some.sock") as path:
            assert len(str(path / "some.sock")) <= 103
            assert not path.is_relative_to(place)
        with pytest.raises(DirectoryUnusable, match="no directory for the server's socket"):
            socket_directory(place / "run", None, "s" * 100).__enter__()

    def test_removes_what_a_killed_process_left(self, temporary: Path, place: Path) -> None:
        left = temporary / "engine-abcdefgh"
        left.mkdir()
        (left / "some.sock").touch()
        (place / "run").symlink_to(left)
        with socket_directory(place / "run", None, "some.sock") as path:
            assert (place / "run").readlink() == path
            assert not left.exists()

    def test_removes_nothing_else_a_link_may_name(self, temporary: Path, place: Path) -> None:
        other = temporary / "precious"
        other.mkdir()
        (place / "run").symlink_to(other)
        with socket_directory(place / "run", None, "some.sock"):
            assert other.exists()

    def test_sweeps_empty_ones_of_directories_that_are_gone(
        self, temporary: Path, place: Path
    ) -> None:
        old, new, used = (temporary / f"engine-{name}" for name in ("old", "new", "used"))
        for path in (old, new, used):
            path.mkdir()
        (used / "some.sock").touch()
        for path in (old, used):
            os.utime(path, (0, 0))
        with socket_directory(place / "run", None, "some.sock"):
            assert [path.exists() for path in (old, new, used)] == [False, True, True]
