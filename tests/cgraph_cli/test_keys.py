"""`cgraph keys`."""

from collections.abc import Awaitable, Callable
from typing import Any

from cgraph_kit.push import VapidKeys

Run = Callable[..., Awaitable[Any]]


class TestVapid:
    async def test_prints_a_setting_and_what_browsers_get(self, cgraph: Run) -> None:
        ran = await cgraph("keys", "vapid")
        *comments, setting = ran.out.splitlines()
        name, _, private = setting.partition("=")
        assert (ran.code, name) == (0, "CGRAPH_VAPID_PRIVATE_KEY")
        assert comments[-1] == f"# {VapidKeys(private).public}"
        assert all(line.startswith("#") for line in comments)
        assert (await cgraph("keys", "vapid")).out != ran.out
