"""`cgraph bench`, on its own server."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

Run = Callable[..., Awaitable[Any]]


class TestBench:
    async def test_measures_people_who_talk_and_read(self, cgraph: Run, tmp_path: Path) -> None:
        ran = await cgraph(
            "bench", "--seconds", "0.3", "--pairs", "2", "--json", tmp_path / "figures.json"
        )
        assert ran.code == 0, ran.err
        figures = msgspec.json.decode((tmp_path / "figures.json").read_bytes())
        whats = [result["what"].strip() for result in figures["results"]]
        assert whats[0] == "messages"
        assert whats[-1] == "pages of 50"
        assert all(result["times"]["count"] > 0 for result in figures["results"])
        assert figures["machine"]["cores"] > 0
        assert "per second" in ran.out
