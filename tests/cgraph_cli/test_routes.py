"""`cgraph routes`."""

from collections.abc import Awaitable, Callable
from typing import Any

from cgraph_web.router import table

Run = Callable[..., Awaitable[Any]]


class TestRoutes:
    async def test_lists_every_route_and_event_one_a_line(self, cgraph: Run) -> None:
        rows = [line.split() for line in (await cgraph("routes")).out.splitlines()]
        listed = [row[:2] for row in rows]
        assert all([method, path] in listed for method, path, *_ in table())
        assert ["conversation:*", "in", "new_message", "NewMessage"] in [row[:4] for row in rows]
        assert ["user:*", "out", "session_revoked"] in [row[:3] for row in rows]
