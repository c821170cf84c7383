"""Python that awaits at the top level."""

import asyncio
import signal
import sys

import pytest

from cgraph_cli.console import Console, Names, run_prompt, run_script


async def answer() -> int:
    await asyncio.sleep(0)
    return 42


class TestRunScript:
    async def test_awaits_at_the_top_level(self, capsys: pytest.CaptureFixture[str]) -> None:
        code = await run_script("x = await answer()\nprint(x)", {"answer": answer})
        assert (code, capsys.readouterr().out) == (0, "42\n")

    async def test_defines_names_for_later_lines(self, capsys: pytest.CaptureFixture[str]) -> None:
        await run_script("def f():\n    return y\ny = 3\nprint(f())", {})
        assert capsys.readouterr().out == "3\n"

    @pytest.mark.parametrize("source", ["1/0", "this is no python"])
    async def test_a_failure_is_shown_and_makes_the_status(
        self, capsys: pytest.CaptureFixture[str], source: str
    ) -> None:
        assert await run_script(source, {}) == 1
        assert "Error" in capsys.readouterr().err

    @pytest.mark.parametrize(("source", "code"), [("exit(3)", 3), ("exit()", 0), ("exit('x')", 1)])
    async def test_exit_gives_the_status(self, source: str, code: int) -> None:
        assert await run_script(source, {"exit": sys.exit}) == code


class TestRunPrompt:
    @pytest.fixture
    def typed(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        lines: list[str] = []
        monkeypatch.setattr(Console, "raw_input", lambda _self, _prompt="": _next(lines))
        return lines

    async def run(self, names: Names | None = None) -> None:
        async with asyncio.timeout(5):
            await run_prompt("hello", names or {})

    async def test_statements_share_names_and_may_await(
        self, typed: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        typed += ["x = await answer()", "x + 1", "for n in range(2):", "    print(n)", ""]
        await self.run({"answer": answer})
        assert capsys.readouterr().out == "43\n0\n1\n"

    async def test_a_failing_statement_does_not_end_it(
        self, typed: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        typed += ["1/0", "print('on')"]
        await self.run()
        told = capsys.readouterr()
        assert "ZeroDivisionError" in told.err
        assert told.out == "on\n"

    async def test_exit_leaves(self, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        typed += ["import sys; sys.exit(0)", "print('on')"]
        await self.run()
        assert capsys.readouterr().out == ""

    async def test_an_interrupt_cancels_the_statement_only(
        self, typed: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        typed += ["await forever()", "print('on')"]

        async def forever() -> None:
            asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)
            await asyncio.Event().wait()

        await self.run({"forever": forever})
        told = capsys.readouterr()
        assert "KeyboardInterrupt" in told.err
        assert told.out == "on\n"


def _next(lines: list[str]) -> str:
    if not lines:
        raise EOFError
    return lines.pop(0)
