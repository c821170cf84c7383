"""Keeps the database's record of who is connected to this node."""

import asyncio
import logging
from time import monotonic
from uuid import UUID

from cgraph.accounts import come_online, go_offline
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable

from .channels.keys import USER

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds between looks."""
AGAIN = 60.0
"""Seconds after which everybody who is still there is told again."""


class Attendance:
    """What this node has told of its people, and the difference to who is there."""

    def __init__(self, endpoint: Endpoint, db: Repo, node: str) -> None:
        self._endpoint = endpoint
        self._db = db
        self._node = node
        self._told: set[UUID] = set()
        self._told_all_at = -AGAIN

    async def keep(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await self.update()
            except Unavailable:
                log.warning("who is connected was not written down: the database is away")
            except Exception:
                log.exception("who is connected could not be written down")

    async def update(self) -> None:
        """Write down who has come and who has gone; now and then, everybody."""
        there = {UUID(key.removeprefix(USER)) for key in self._endpoint.names(USER)}
        again = monotonic() - self._told_all_at >= AGAIN
        if come := there if again else there - self._told:
            await come_online(self._db, self._node, come)
        if again:
            self._told_all_at = monotonic()
        if gone := self._told - there:
            await go_offline(self._db, self._node, gone)
        self._told = there

    async def close(self) -> None:
        """This node lets go of everybody."""
        try:
            if self._told:
                await go_offline(self._db, self._node, self._told)
        except Unavailable:
            log.warning("a job will find out that this node's people are gone")
