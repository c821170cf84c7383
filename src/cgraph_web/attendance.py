"""Keeps the database's record of who is connected to this node."""

import asyncio
import logging
from collections.abc import Collection, Iterator
from time import monotonic
from uuid import UUID

from cgraph.accounts import come_online, go_offline
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.db import Repo
from cgraph_kit.errors import Unavailable

from .channels.keys import USER, user_key

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds between looks."""
AGAIN = 60.0
"""Seconds after which everybody who is still there is told again."""
AT_ONCE = 5_000
"""People in one statement."""


class Attendance:
    """What this node has told of its people, and the difference to who is there."""

    def __init__(self, endpoint: Endpoint, db: Repo, node: str) -> None:
        self._endpoint = endpoint
        self._db = db
        self._node = node
        self._told: set[str] = set()
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
        # Keys as they are: each second they are all looked at, and hardly any is new.
        there = set(self._endpoint.names(USER))
        again = monotonic() - self._told_all_at >= AGAIN
        for some in _in_parts(there if again else there - self._told):
            await come_online(self._db, self._node, some)
            self._told |= set(map(user_key, some))
        if again:
            self._told_all_at = monotonic()
        await self._let_go(self._told - there)

    async def close(self) -> None:
        """This node lets go of everybody."""
        try:
            await self._let_go(set(self._told))
        except Unavailable:
            log.warning("a job will find out that this node's people are gone")

    async def _let_go(self, gone: set[str]) -> None:
        for some in _in_parts(gone):
            await go_offline(self._db, self._node, some)
            self._told -= set(map(user_key, some))


def _in_parts(keys: Collection[str]) -> Iterator[list[UUID]]:
    """Whose keys these are, so many at a time that no statement takes long."""
    ordered = sorted(UUID(key.removeprefix(USER)) for key in keys)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]
