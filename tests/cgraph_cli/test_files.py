"""`cgraph files`."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from cgraph.application import App
from support.attached import make_file
from support.people import register

Run = Callable[..., Awaitable[Any]]


class TestStatus:
    async def test_counts_files_and_their_room(self, cgraph: Run, app: App) -> None:
        await make_file(app.db, (await register(app)).actor, size=3 * 1024 * 1024)
        shown = msgspec.json.decode((await cgraph("files", "status", "--json")).out)
        assert shown["files"] >= 1
        assert shown["bytes"] >= 3 * 1024 * 1024
        said = await cgraph("files", "status")
        assert (said.code, "MiB" in said.out) == (0, True)


class TestCollect:
    async def test_removes_what_nobody_needs(self, cgraph: Run, app: App) -> None:
        await app.db.value("INSERT INTO file_doomed VALUES ('files/incoming/a', now())")
        ran = await cgraph("files", "collect")
        assert ran.code == 0
        assert "removed" in ran.out
        shown = msgspec.json.decode((await cgraph("files", "status", "--json")).out)
        assert shown["doomed"] == 0
