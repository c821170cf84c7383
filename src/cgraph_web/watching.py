"""What a process answers that serves nobody: how it is, and what it has counted."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cgraph.application import App

from .app import create_app
from .router import WATCHED
from .server import Listening, answering, configured


@asynccontextmanager
async def watched(app: App, listener: socket.socket) -> AsyncIterator[Listening]:
    """`/health`, `/ready` and `/metrics` on a bound socket, under the same rules as on a node; nothing else."""
    web = create_app(app, routes=WATCHED)
    async with answering(configured(web, app.settings), listener) as listening:
        yield listening
