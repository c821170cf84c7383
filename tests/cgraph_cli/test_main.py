"""The command line as a whole: help, wrong arguments, unusable settings."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cgraph_cli.main import COMMANDS, INTERRUPTED, UNREAD, main

Run = Callable[..., Awaitable[Any]]


class TestRun:
    async def test_help_names_every_command_with_examples(self, cgraph: Run) -> None:
        ran = await cgraph("--help")
        assert ran.code == 0
        assert all(name in ran.out for name in COMMANDS)
        assert "For example" in ran.out

    @pytest.mark.parametrize("name", list(COMMANDS))
    async def test_each_command_has_help(self, cgraph: Run, name: str) -> None:
        ran = await cgraph(name, "--help")
        assert ran.code == 0
        assert f"cgraph {name}" in ran.out
        if name != "import":
            assert "For example" in ran.out

    @pytest.mark.parametrize("name", ["jsonl", "slack", "irc"])
    async def test_each_import_has_help(self, cgraph: Run, name: str) -> None:
        ran = await cgraph("import", name, "--help")
        assert "--dry-run" in ran.out
        assert "For example" in ran.out

    async def test_a_command_that_is_none_is_refused(self, cgraph: Run) -> None:
        ran = await cgraph("serv")
        assert ran.code == 2
        assert "serve" in ran.err

    async def test_a_wrong_option_is_refused(self, cgraph: Run) -> None:
        assert (await cgraph("serve", "--port", "x")).code == 2

    async def test_unusable_settings_are_all_listed(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CGRAPH_NONSENSE", "1")
        monkeypatch.setenv("POOL_SIZE", "0")
        ran = await cgraph("migrate")
        assert ran.code == 2
        assert "CGRAPH_NONSENSE is not a setting" in ran.err
        assert "POOL_SIZE" in ran.err
        assert "Traceback" not in ran.err

    @pytest.mark.parametrize("name", ["serve", "migrate", "shell"])
    async def test_a_database_that_is_away_is_one_message_without_the_password(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/cgraph")
        ran = await cgraph(name)
        assert ran.code == 1
        assert "127.0.0.1:1/cgraph" in ran.err
        assert "cgraph doctor" in ran.err
        assert "secret" not in ran.err
        assert "Traceback" not in ran.err


class TestMain:
    def test_leaves_with_the_status(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as left:
            main(["--version"])
        assert left.value.code == 0
        assert capsys.readouterr().out.startswith("cgraph ")

    @pytest.mark.parametrize(
        ("raised", "code"), [(KeyboardInterrupt, INTERRUPTED), (BrokenPipeError, UNREAD)]
    )
    def test_says_nothing_where_nobody_listens(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
        raised: type[BaseException],
        code: int,
    ) -> None:
        async def fail(_arguments: Any) -> int:
            raise raised

        monkeypatch.setattr("cgraph_cli.main.run", fail)
        monkeypatch.setattr("os.dup2", lambda _from, _to: None)
        with pytest.raises(SystemExit) as left:
            main(["routes"])
        assert left.value.code == code
        assert capfd.readouterr().err == ""
