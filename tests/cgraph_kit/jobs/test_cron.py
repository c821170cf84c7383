"""Jobs by the clock."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cgraph_kit import clock
from cgraph_kit.db import Database
from cgraph_kit.errors import Unavailable
from cgraph_kit.jobs import Cron, Unique, job, list_jobs
from cgraph_kit.jobs.cron import Crontab, fire
from support.later import Nodes, Seen, Word, holds


@job()
async def tick(seen: Seen, args: Word) -> None:
    """Keeps the word."""
    seen.words.append(args.word)


@job(unique=Unique(period=None, states=("available", "executing")))
async def slow(seen: Seen, args: Word) -> None:
    """Nothing twice at a time."""


def ticks(expression: str, timezone: str, start: str, count: int) -> list[str]:
    entry = Cron(expression, tick, timezone=timezone)
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    found = []
    for _ in range(count):
        moment = entry.after(moment)
        found.append(f"{moment:%m-%dT%H:%M:%S}")
    return found


class TestCron:
    def test_knows_seconds_minutes_and_days(self) -> None:
        assert ticks("*/20 * * * * *", "UTC", "2026-01-01T00:00:05", 3) == [
            "01-01T00:00:20",
            "01-01T00:00:40",
            "01-01T00:01:00",
        ]
        assert ticks("0 2 * * MON", "UTC", "2026-01-01T00:00:00", 1) == ["01-05T02:00:00"]

    def test_does_once_what_falls_into_the_hour_that_comes_twice(self) -> None:
        assert ticks("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00", 2) == [
            "10-25T00:30:00",
            "10-26T01:30:00",
        ]

    def test_does_right_after_it_what_falls_into_the_hour_left_out(self) -> None:
        assert ticks("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00", 2) == [
            "03-29T01:00:00",
            "03-30T00:30:00",
        ]

    @pytest.mark.parametrize("expression", ["", "* * * *", "61 * * * *", "0 0 30 2 *", "x * * * *"])
    def test_refuses_what_never_comes(self, expression: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            Cron(expression, tick)

    def test_refuses_a_zone_nobody_knows(self) -> None:
        with pytest.raises(ValueError, match="Nowhere"):
            Cron("* * * * *", tick, timezone="Mars/Nowhere")


class TestFire:
    async def test_is_done_by_the_first_node_only(self, base: Database) -> None:
        entry = Cron("* * * * *", tick, {"word": "x"})
        now = entry.after(clock.now() - timedelta(minutes=5))
        fired = await asyncio.gather(*(fire(base, entry, now) for _ in range(10)))
        assert fired.count(True) == 1
        (one,) = await list_jobs(base)
        assert one.args == {"word": "x"}
        assert one.meta == {"cron": "* * * * *", "tick": now.isoformat()}

    async def test_goes_forward_only(self, base: Database) -> None:
        """A node whose clock is behind does not do again what another has done."""
        entry = Cron("* * * * *", tick, {"word": "x"})
        now = entry.after(clock.now() - timedelta(minutes=5))
        assert await fire(base, entry, now)
        assert not await fire(base, entry, now - timedelta(minutes=1))
        assert await fire(base, entry, now + timedelta(minutes=1))

    async def test_leaves_alone_what_is_still_being_done(self, base: Database) -> None:
        entry = Cron("* * * * *", slow, {"word": "x"})
        now = entry.after(clock.now() - timedelta(minutes=5))
        assert await fire(base, entry, now)
        assert await fire(base, entry, now + timedelta(minutes=1))
        assert len(await list_jobs(base)) == 1

    async def test_is_not_for_a_clock_that_is_far_ahead(self, base: Database) -> None:
        """Else nobody would fire any more until that time has come."""
        entry = Cron("* * * * *", tick, {"word": "x"})
        now = entry.after(clock.now() - timedelta(minutes=5))
        assert not await fire(base, entry, now + timedelta(days=365))
        assert await fire(base, entry, now)

    async def test_recovers_from_one_that_was(self, base: Database) -> None:
        entry = Cron("* * * * *", tick, {"word": "x"})
        now = entry.after(clock.now() - timedelta(minutes=5))
        assert await fire(base, entry, now)
        await base.value("UPDATE job_crons SET last_tick = now() + interval '1 year'")
        assert await fire(base, entry, now + timedelta(minutes=1))


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 1, 11, 59, 58, tzinfo=UTC)
        self.until = datetime.max.replace(tzinfo=UTC)
        self.over = asyncio.Event()
        self.naps: dict[str, float] = {}
        """Seconds by which whoever goes to sleep at some time oversleeps."""

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        nap = self.naps.pop(f"{self.time:%H:%M:%S}", 0)
        self.time += timedelta(seconds=seconds + nap)
        if self.time >= self.until:
            self.over.set()
            await asyncio.Event().wait()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Clock:
    held = Clock()
    monkeypatch.setattr(clock, "now", held.now)
    monkeypatch.setattr("cgraph_kit.jobs.cron.sleep", held.sleep)
    return held


async def fired(base: Database, held: Clock, crontab: Crontab, minutes: int) -> list[str]:
    held.until = held.time + timedelta(minutes=minutes)
    (loop,) = crontab.loops()
    task = asyncio.create_task(loop)
    async with asyncio.timeout(20):
        await held.over.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return [one.meta["tick"][11:19] for one in reversed(await list_jobs(base))]


class TestCrontab:
    async def test_fires_every_tick_once(self, base: Database, held: Clock) -> None:
        crontab = Crontab(base, [Cron("*/2 * * * *", tick, {"word": "x"})])
        assert await fired(base, held, crontab, 7) == [
            "12:00:00",
            "12:02:00",
            "12:04:00",
            "12:06:00",
        ]

    async def test_does_not_make_up_for_what_was_missed(self, base: Database, held: Clock) -> None:
        """The machine was asleep for an hour."""
        crontab = Crontab(base, [Cron("* * * * *", tick, {"word": "x"})])
        held.naps["12:00:00"] = 3600
        assert await fired(base, held, crontab, 63) == ["12:00:00", "13:01:00", "13:02:00"]

    async def test_waits_while_the_database_is_away_but_not_for_ever(
        self, base: Database, held: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        away = {"12:00:00": 5, "12:01:00": 1000}

        def transaction() -> Any:
            name = f"{held.time:%H:%M}:00"
            if away.get(name, 0) > 0:
                away[name] -= 1
                raise Unavailable
            return base.transaction()

        flaky = Flaky(transaction)
        crontab = Crontab(flaky, [Cron("* * * * *", tick, {"word": "x"})])  # type: ignore[arg-type]
        assert await fired(base, held, crontab, 3) == ["12:00:00", "12:02:00"]

    async def test_runs_on_a_node(self, base: Database, nodes: Nodes, seen: Seen) -> None:
        entry = Cron("* * * * * *", tick, {"word": "tock"})
        async with nodes(crontab=[entry]):
            await holds(lambda: len(seen.words) > 1)
        assert set(seen.words) == {"tock"}


class Flaky:
    """A database that is away when it likes."""

    def __init__(self, transaction: Any) -> None:
        self.transaction = transaction
