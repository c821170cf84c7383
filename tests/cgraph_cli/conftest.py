"""Commands in this process, on this worker's database."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cgraph_cli.main import run
from support.lines import kept


class Ran(msgspec.Struct, frozen=True):
    """What came of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., Awaitable[Ran]]


@pytest.fixture
def cgraph(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Runs `cgraph` with these arguments."""
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("CGRAPH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PORT", "0")

    async def cgraph(*arguments: str | Path) -> Ran:
        code = await run([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    with kept():  # some commands configure the log of their process
        yield cgraph
