"""What commands print where there is no terminal."""

import pytest

from cgraph_cli import output
from cgraph_cli.output import lines, progress


class TestLines:
    def test_columns_align_and_nothing_is_cut(self) -> None:
        assert lines([("a", "long" * 50), ("bbb", "x")]) == "a    " + "long" * 50 + "\nbbb  x"


class TestProgress:
    def test_a_line_now_and_then(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(output, "EVERY", 0.0)
        with progress("importing") as report:
            report(50, 200, "1,000 messages")
            report(7, None, "more")
        assert capsys.readouterr().err == "importing 25% 1,000 messages\nimporting more\n"

    def test_none_for_what_is_done_soon(self, capsys: pytest.CaptureFixture[str]) -> None:
        with progress("importing") as report:
            report(1, 2, "")
        assert capsys.readouterr().err == ""

    def test_a_bar_on_a_terminal(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
        monkeypatch.setenv("TERM", "xterm")
        with progress("importing") as report:
            report(1, 2, "half")
        assert "importing" in capsys.readouterr().err
