"""A node's sign of life, and what it does when it could not give one.

A node has a row that it touches every few seconds. Where that stops for `dead` seconds, the others take up what it was
doing. So a node that could not touch its row for nearly as long must take itself for dead: it ends what it is doing,
and comes back under a new name. Nothing is done twice at a time, whichever of them is right about the other.
"""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

import msgspec

from cgraph_kit.db import Database
from cgraph_kit.errors import Unavailable

log = logging.getLogger(__name__)


class Pulse(msgspec.Struct, frozen=True):
    """How often a node shows that it lives, in seconds."""

    beat: float = 4.0
    """Between two signs."""
    dead: float = 20.0
    """Without one: the node is dead to the others …"""
    fence: float = 17.0
    """… and to itself."""
    grace: float = 8.0
    """A node judges others only after so long a life without a gap: after an outage all come back first."""


class Ordered(msgspec.Struct, frozen=True):
    """What operators have said about a queue."""

    name: str
    paused: bool
    concurrency: int | None


class _Beat(msgspec.Struct, frozen=True):
    known: bool
    lost: list[int]
    queues: list[Any]


# The name is ours alone: a row is there only if an earlier try got through and nobody was told.
_ENTER = """
INSERT INTO job_nodes (name, queues) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET queues = excluded.queues, seen_at = now()
"""
_LEAVE = "DELETE FROM job_nodes WHERE name = $1"
_BEAT = """
WITH beat AS (UPDATE job_nodes SET seen_at = now() WHERE name = $1 RETURNING name)
SELECT EXISTS (SELECT FROM beat),
       ARRAY(SELECT r.id FROM unnest($2::bigint[]) AS r (id) WHERE NOT EXISTS (
           SELECT FROM jobs j WHERE j.id = r.id AND j.state = 'executing' AND j.attempted_by = $1)),
       coalesce((SELECT jsonb_agg(jsonb_build_object(
           'name', q.name, 'paused', q.paused, 'concurrency', q.concurrency)) FROM job_queues q), '[]')
"""


def new_name() -> str:
    """Host, process, and what no other life of this process has had."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"


class Heart:
    """Beats as long as it runs. The owner sets the callbacks before."""

    def __init__(self, db: Database, queues: Mapping[str, int], pulse: Pulse) -> None:
        self.name = new_name()
        self.pulse = pulse
        self.running: Callable[[], Iterable[int]] = tuple
        """Ids of the jobs under way on this node, in this life."""
        self.on_lost: Callable[[Iterable[int]], None] = lambda _ids: None
        """These jobs are no longer ours: cancelled by somebody, or taken up by another node."""
        self.on_death: Callable[[], None] = lambda: None
        """Nothing that is under way may go on."""
        self.on_orders: Callable[[list[Ordered]], None] = lambda _orders: None
        """What operators want of the queues; after every beat."""
        self._db = db
        self._queues = dict(queues)
        self._seen = 0.0
        self._since = 0.0
        self._entered = False
        self._left = False
        self._beating = asyncio.Lock()
        self._hurry = asyncio.Event()

    @property
    def alive(self) -> bool:
        """Whether nobody can have taken this node for dead."""
        return self._entered and time.monotonic() - self._seen < self.pulse.fence

    @property
    def steady(self) -> bool:
        """Whether it has lived long enough without a gap to judge others."""
        return self.alive and time.monotonic() - self._since >= self.pulse.grace

    def hurry(self) -> None:
        """Beat now: something has been ordered."""
        self._hurry.set()

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """To be run for ever: the beats, and beside them a watch that ends this life when they stop."""
        return [self._beats(), self._watch()]

    async def leave(self) -> None:
        """Tell the others that there is nothing to take up."""
        async with self._beating:  # a beat under way could enter again
            self._left = True
            self._entered = False
            await self._db.value(_LEAVE, self.name)

    async def _beats(self) -> None:
        while True:
            pause = self.pulse.beat if await self._tried() else min(1.0, self.pulse.beat)
            self._hurry.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._hurry.wait()
            except TimeoutError:
                continue

    async def _tried(self) -> bool:
        try:
            async with asyncio.timeout(self.pulse.beat), self._beating:
                if not self._left:
                    await (self._beat() if self._entered else self._enter())
        except (Unavailable, TimeoutError):
            log.warning("this node could not show that it lives: the database is away")
        except Exception:
            log.exception("this node could not show that it lives")
        else:
            return True
        return False

    async def _enter(self) -> None:
        await self._db.value(_ENTER, self.name, self._queues)
        self._seen = self._since = time.monotonic()
        # Before anything is begun: it tells what operators want.
        self._entered = await self._beat()

    async def _beat(self) -> bool:
        began = time.monotonic()
        beat = await self._db.one(_Beat, _BEAT, self.name, list(self.running()))
        if not beat.known:
            log.error("this node was taken for dead")
            self._die()
            return False
        if began - self._seen > 2 * self.pulse.beat:
            self._since = began
        self._seen = began  # not the end: the others count from before it
        if beat.lost:
            self.on_lost(beat.lost)
        self.on_orders(msgspec.convert(beat.queues, list[Ordered]))
        return True

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self.pulse.fence / 20)
            if self._entered and not self.alive:
                log.error("this node takes itself for dead: it could not show that it lives")
                self._die()

    def _die(self) -> None:
        self._entered = False
        self.on_death()
        self.name = new_name()
        self._hurry.set()
