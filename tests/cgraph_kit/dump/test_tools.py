"""Which pg_dump will do."""

import re
from pathlib import Path

import pytest

from cgraph_kit.dump import Tools, ToolsUnusable, check_restorable, find_tools
from cgraph_kit.dump import tools as module

PROGRAM = """#!/bin/sh
case "$1" in --version) echo "pg_dump (PostgreSQL) {version}";; *) echo "{answer}" >&2; exit 1;; esac
"""
NO_TLS = 'sslmode value \\"require\\" invalid when SSL support is not compiled in'


def install(directory: Path, version: str, *, tls: bool = True) -> Path:
    """Programs that only tell who they are."""
    directory.mkdir(parents=True)
    for name in ("pg_dump", "pg_restore"):
        text = PROGRAM.format(version=version, answer="no such host" if tls else NO_TLS)
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Several installations, and no others."""
    install(tmp_path / "wheel", "18.6", tls=False)
    install(tmp_path / "16", "16.9")
    install(tmp_path / "17", "17.2")
    install(tmp_path / "19", "19beta1")
    found = [tmp_path / name for name in ("wheel", "16", "17", "19")]
    monkeypatch.setattr(module, "_places", lambda: iter(found))
    return tmp_path


class TestFindTools:
    @pytest.mark.parametrize(("server", "name"), [(15, "16"), (16, "16"), (18, "wheel")])
    def test_the_nearest_that_is_not_older(self, places: Path, server: int, name: str) -> None:
        assert find_tools(server=server, tls=False).bindir == places / name

    def test_for_tls_only_those_that_speak_it(self, places: Path) -> None:
        assert find_tools(server=17, tls=True).bindir == places / "17"
        with pytest.raises(ToolsUnusable, match=r"which pg_dump 18.6 in .* cannot"):
            find_tools(server=18, tls=True, bindir=places / "wheel")

    def test_too_old_says_what_to_install(self, places: Path) -> None:
        with pytest.raises(
            ToolsUnusable, match=r"18, but pg_dump is 16.9 .* install postgresql-client-18"
        ):
            find_tools(server=18, tls=False, bindir=places / "16")

    def test_none_at_all(self, tmp_path: Path) -> None:
        with pytest.raises(ToolsUnusable, match=f"no pg_dump in {re.escape(str(tmp_path))}"):
            find_tools(server=18, tls=False, bindir=tmp_path)

    def test_the_wheel_has_what_its_server_needs(self, tools: Tools) -> None:
        assert tools.major >= 18
        assert tools.pg_restore.exists()


class TestCheckRestorable:
    def test_an_older_server_does_not_know_what_newer_programs_say(self) -> None:
        check_restorable(Tools(Path(), "18.6"), 17)
        check_restorable(Tools(Path(), "16.9"), 16)
        with pytest.raises(ToolsUnusable, match="postgresql-client-16"):
            check_restorable(Tools(Path(), "18.6"), 16)
