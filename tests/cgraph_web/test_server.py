"""The server as its settings make it, on a real port."""

import asyncio
import socket
from dataclasses import replace
from typing import Any

import pytest

from cgraph.application import App
from cgraph_web.server import running
from support.websocket import TEXT, Client, frame, upgrade_request

LONG = b"all work and no play makes jack a dull boy " * 100


async def echoed(app: App, **settings: Any) -> tuple[bool, int]:
    """Whether compression was agreed to, and how many messages came compressed; what came is what was sent."""
    changed = app.settings.model_copy(update={"echo_endpoint": True, **settings})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with running(replace(app, settings=changed), listener) as listening:
            client = Client(*await asyncio.open_connection(listening.host, listening.port))
            offer = {"sec-websocket-extensions": "permessage-deflate; client_max_window_bits"}
            await client.send(upgrade_request("/socket/echo", offer))
            client.inflates = "permessage-deflate" in await client.response()
            await client.send(frame(TEXT, LONG))
            assert await client.frame() == (TEXT, LONG)
            await client.hang_up()
            return client.inflates, client.inflated


class TestCompression:
    @pytest.mark.parametrize(("on", "seen"), [(True, (True, 1)), (False, (False, 0))])
    async def test_is_a_setting(self, app: App, on: bool, seen: tuple[bool, int]) -> None:
        assert await echoed(app, websocket_compression=on) == seen
