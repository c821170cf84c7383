"""`cgraph shell`."""

import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Run = Callable[..., Awaitable[Any]]


class TestShell:
    async def test_a_command_sees_the_application(self, cgraph: Run) -> None:
        ran = await cgraph(
            "shell", "-c", "print(await db.value('select 41 + 1'), app.settings.env)"
        )
        assert (ran.code, ran.out) == (0, "42 dev\n")

    async def test_what_is_piped_runs_as_a_script(
        self, cgraph: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        script = "for one in (accounts, messaging):\n    print(one.__name__)\n"
        monkeypatch.setattr("sys.stdin", io.StringIO(script))
        assert (await cgraph("shell")).out == "cgraph.accounts\ncgraph.messaging\n"

    async def test_a_failing_script_makes_the_status(self, cgraph: Run) -> None:
        ran = await cgraph("shell", "-c", "await db.value('select 1/0')")
        assert ran.code == 1
        assert "division by zero" in ran.err
