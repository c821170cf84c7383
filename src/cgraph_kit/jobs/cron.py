"""Jobs by the clock: each tick fires once, whichever node comes first, and a tick that was missed is missed."""

import asyncio
import logging
from asyncio import sleep
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from cgraph_kit import clock
from cgraph_kit.db import Database
from cgraph_kit.errors import Unavailable

from . import metrics
from .loops import PATIENCE
from .worker import Worker

log = logging.getLogger(__name__)

LATEST = 30.0
"""Seconds after which a tick that could not be fired is missed."""
LONGEST_SLEEP = 60.0
"""Seconds after which the clock is looked at again: it may have been set."""

# One row per entry that only moves forward: the first to move it to a tick fires it, on whatever node. By the database's
# clock: a node whose own is far ahead neither fires nor keeps the others from firing.
_CLAIM = """
INSERT INTO job_crons AS c (name, last_tick) SELECT $1, $2::timestamptz WHERE $2 <= now() + interval '1 minute'
ON CONFLICT (name) DO UPDATE SET last_tick = excluded.last_tick
WHERE c.last_tick < excluded.last_tick OR c.last_tick > now() + interval '1 minute'
RETURNING true
"""


class Cron:
    """An entry of the crontab: five fields, or six with seconds first, in a time zone.

    Around clock changes it does what Debian's cron does: what falls into the hour that is left out comes right after
    it, what falls into the hour that comes twice is done once. Raises `ValueError` for what is no cron expression.
    """

    def __init__(
        self,
        expression: str,
        worker: Worker[Any, Any],
        args: dict[str, Any] | None = None,
        *,
        timezone: str = "UTC",
        name: str | None = None,
    ) -> None:
        self.expression = expression
        self.worker = worker
        self.args = args or {}
        self.name = name or worker.name
        """Distinguishes the entries of one crontab."""
        try:
            self._zone: tzinfo = UTC if timezone == "UTC" else ZoneInfo(timezone)
            self.after(clock.now())
        except (CronSimError, StopIteration, ZoneInfoNotFoundError) as error:
            raise ValueError(f"{expression}: {error or 'it never comes'}") from None

    def after(self, moment: datetime) -> datetime:
        """The first tick after a moment, in UTC."""
        tick: datetime = next(CronSim(self.expression, moment.astimezone(self._zone)))
        return tick.astimezone(UTC)


class Crontab:
    """Fires the entries on one node, for ever."""

    def __init__(self, db: Database, entries: Sequence[Cron]) -> None:
        names = [entry.name for entry in entries]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"crontab entries need names of their own: {', '.join(sorted(twice))}")
        self._db = db
        self._entries = entries

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """To be run for ever, one for each entry: sleep until the next tick, fire, and so on."""
        return [self._follow(entry) for entry in self._entries]

    async def _follow(self, entry: Cron) -> None:
        tick = entry.after(clock.now())
        while True:
            wait = (tick - clock.now()).total_seconds()
            if wait > 0:
                await sleep(min(wait, LONGEST_SLEEP))
                if wait > LONGEST_SLEEP:
                    tick = entry.after(clock.now())
                continue
            following = entry.after(tick)
            if wait > -LATEST:
                await self._fire(entry, tick, min(following, tick + timedelta(seconds=LATEST)))
            else:
                log.warning("cron %s has missed %s", entry.name, tick.isoformat())
            # What went by meanwhile is missed, but for the one that is due now.
            tick = max(following, entry.after(clock.now() - timedelta(seconds=1)))

    async def _fire(self, entry: Cron, tick: datetime, until: datetime) -> None:
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    await fire(self._db, entry, tick)
            except (Unavailable, TimeoutError):
                log.warning("cron %s waits: the database is away", entry.name)
            except Exception:
                log.exception("cron %s failed", entry.name)
                return
            else:
                return
            if clock.now() + timedelta(seconds=1) >= until:
                log.warning("cron %s has missed %s", entry.name, tick.isoformat())
                return
            await sleep(1.0)


async def fire(db: Database, entry: Cron, tick: datetime) -> bool:
    """Enqueue the job of this tick, unless another node has done so, or has gone on to a later one."""
    async with db.transaction() as tx:
        if not await tx.value(_CLAIM, entry.name, tick):
            return False
        meta = {"cron": entry.expression, "tick": tick.isoformat()}
        await entry.worker.enqueue(tx, meta=meta, **entry.args)
    metrics.FIRED.labels(entry.name).inc()
    return True
