"""`cgraph docs`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from cgraph_cli.docs import PAGES

Run = Callable[..., Awaitable[Any]]


class TestDocs:
    async def test_writes_every_page_and_finds_the_stale_one(
        self, cgraph: Run, tmp_path: Path
    ) -> None:
        where = ("--directory", tmp_path / "reference")
        written = await cgraph("docs", *where)
        assert len(written.out.splitlines()) == len(PAGES)
        assert (await cgraph("docs", "--check", *where)).code == 0
        (tmp_path / "reference" / "settings.md").write_text("old")
        stale = await cgraph("docs", "--check", *where)
        assert stale.code == 1
        assert "settings.md" in stale.err
        assert "errors.md" not in stale.err
        assert (tmp_path / "reference" / "settings.md").read_text() == "old"
