"""`cgraph admin`."""

from collections.abc import Awaitable, Callable
from typing import Any

from cgraph.application import App
from support.people import register

Run = Callable[..., Awaitable[Any]]


class TestAdmin:
    async def test_grants_lists_and_revokes(self, cgraph: Run, app: App) -> None:
        name = (await register(app)).actor.username
        granted = await cgraph("admin", "grant", name)
        assert (granted.code, granted.out) == (0, f"{name} is an administrator.\n")
        assert name in (await cgraph("admin", "list")).out.splitlines()
        assert (await cgraph("admin", "revoke", name)).code == 0
        assert name not in (await cgraph("admin", "list")).out.splitlines()

    async def test_says_when_there_is_no_such_user(self, cgraph: Run) -> None:
        ran = await cgraph("admin", "grant", "nobody.at.all")
        assert ran.code == 1
        assert "no such user" in ran.err
