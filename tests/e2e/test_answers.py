"""Guides whose requests and answers are shown, followed from the first line to the last against a real server."""

import asyncio
from pathlib import Path

import pytest

from support import pictures
from support.documents import blocks, shell
from support.guides import Follower, Step, differences, steps
from support.served import Served

WHOLE = ["docs/guides/search.md", "docs/guides/files.md"]
"""All that is shown in them is tried."""
PAGES = [*WHOLE, "docs/guides/messages.md", "docs/guides/notifications.md"]
PATIENCE = 10.0
"""Seconds until what was written must be found."""


async def answered_as_shown(follower: Follower, step: Step) -> list[str]:
    """Where it was not. What only asks is done again until it is: what was written is found a moment later."""
    only_asks, different = await follower.follow(step)
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while different and only_asks and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.1)
        _, different = await follower.follow(step)
    return different


class TestGuides:
    @pytest.mark.parametrize("page", PAGES)
    async def test_every_answer_is_as_shown(
        self, page: str, served: Served, tmp_path: Path
    ) -> None:
        (tmp_path / "bees.jpg").write_bytes(pictures.jpeg(1600, 1200))
        async with shell(tmp_path, [], served.address) as terminal:
            follower = Follower(terminal, tmp_path, served.address)
            for step in steps(page):
                different = await answered_as_shown(follower, step)
                assert not different, "\n".join([f"{page}, answer to", step.script, *different])

    @pytest.mark.parametrize("page", WHOLE)
    def test_nothing_is_shown_that_nobody_tries(self, page: str) -> None:
        """Neither an answer without its request, nor a request without a language."""
        assert {block.language for block in blocks(page)} <= {"sh", "http"}
        assert [step for step in steps(page) if step.answer]


class TestComparing:
    @pytest.mark.parametrize(
        ("shown", "got"),
        [
            ({"a": 1, "…": "…"}, {"a": 1, "b": 2}),
            ([1, "…"], [1, 2, 3]),
            ("a…c…", "abcd"),
            ("…", None),
            ({"size": 1}, {"size": 2}),
        ],
    )
    def test_what_is_left_out_may_be_anything(self, shown: object, got: object) -> None:
        assert list(differences(shown, got)) == []

    @pytest.mark.parametrize(
        ("shown", "got"),
        [
            ({"a": 1}, {"a": 1, "b": 2}),
            ({"a": 1}, {}),
            ({"a": 1}, {"a": True}),
            ({"a": 1}, {"a": "1"}),
            ({"a": None}, {"a": 0}),
            ({"size": 1}, {"size": None}),
            ([1], [1, 2]),
            ([1, 2], [1]),
            ([1, 2, "…"], [1]),
            ("a…c", "abcd"),
            ("a", None),
        ],
    )
    def test_what_is_shown_may_not(self, shown: object, got: object) -> None:
        assert list(differences(shown, got))
