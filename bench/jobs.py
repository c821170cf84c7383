"""Jobs: inserted, executed, picked up and rescued; procrastinate and pgqueuer do the same in the same run.

PostgreSQL has the client's core and syncs every commit; whoever does jobs has the other one.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from cgraph_kit.engines import PostgresServer
from cgraph_kit.logging import configure

from . import lab, ours, rivals

ONE_BY_ONE, BATCHED, EXECUTED, PICKED = 3_000, 100_000, 30_000, 200
SLOWER = 10
"""By how much less is asked of procrastinate, which does one job per round trip."""


def run(runs: int, quick: bool) -> dict[str, Any]:
    """Jobs per second one by one, in batches of 1000, executed; milliseconds until begun; seconds until rescued."""
    configure("error", "text")
    scale = 10 if quick else 1
    cores = os.sched_getaffinity(0)
    with _postgres() as database:
        os.sched_setaffinity(0, {lab.SERVER_CORE})
        try:
            own = [_ours(database, scale) for _ in range(runs)]
            other = {
                "pgqueuer": [_theirs(rivals.PgQueuer, database, scale) for _ in range(runs)],
                "procrastinate": [
                    _theirs(rivals.Procrastinate, database, scale * SLOWER) for _ in range(runs)
                ],
            }
            rescue = [_rescued(database) for _ in range(min(runs, 3))]
        finally:
            os.sched_setaffinity(0, cores)
    goal = "≥ 8,000/s executed at 50, ≥ 40,000/s batched, ≥ 1,500/s one by one, p50 ≤ 10 ms, rescue ≤ 30 s"
    return {
        "goal": goal,
        **_medians(own),
        "rescue_s": round(median(rescue), 1),
        **{
            name: {"version": version(name), **_medians(figures)} for name, figures in other.items()
        },
    }


def _ours(database: Callable[[], str], scale: int) -> dict[str, float]:
    dsn = database()
    _run(ours.prepare(dsn))
    figures = {"insert_per_second": _run(ours.insert_one_by_one(dsn, ONE_BY_ONE // scale))}
    _run(ours.clear(dsn))
    figures["insert_batched_per_second"] = _run(ours.insert_batches(dsn, BATCHED // scale))
    for concurrency in (10, 50):
        _run(ours.clear(dsn))
        _run(ours.insert_batches(dsn, EXECUTED // scale))
        began = time.process_time()
        rate = _run(ours.execute(dsn, EXECUTED // scale, concurrency))
        figures[f"executed_per_second_{concurrency}"] = rate
        figures[f"cpu_us_{concurrency}"] = (time.process_time() - began) / EXECUTED * scale * 1e6
    _run(ours.clear(dsn))
    return figures | _waits(_run(ours.pick_up(dsn, PICKED // min(scale, 2))))


def _theirs(kind: type[Any], database: Callable[[], str], scale: int) -> dict[str, float]:
    """A database for each figure: neither of them clears its tables."""

    def fresh() -> Any:
        one = kind(database())
        _run(one.prepare())
        return one

    figures = {"insert_per_second": _run(fresh().insert_one_by_one(ONE_BY_ONE // scale))}
    count = max(1, BATCHED // scale // 1000) * 1000
    figures["insert_batched_per_second"] = _run(fresh().insert_batches(count))
    count = max(1, EXECUTED // scale // 1000) * 1000
    for concurrency in (10, 50):
        one = fresh()
        _run(one.insert_batches(count))
        began = time.process_time()
        figures[f"executed_per_second_{concurrency}"] = _run(one.execute(count, concurrency))
        figures[f"cpu_us_{concurrency}"] = (time.process_time() - began) / count * 1e6
    return figures | _waits(_run(fresh().pick_up(PICKED // min(scale, 2))))


def _rescued(database: Callable[[], str]) -> float:
    """Seconds from `kill -9` of the node that does a job until it begins on another, which was there before."""
    dsn = database()
    _run(ours.prepare(dsn))
    with lab.process(
        [sys.executable, "-m", "bench.ours", "victim", dsn], core=lab.CLIENT_CORE
    ) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "begun\n"
        return _run(ours.rescued(dsn, victim.kill))


@contextmanager
def _postgres() -> Iterator[Callable[[], str]]:
    """Makes databases, on a server that pays for durability."""
    with TemporaryDirectory(prefix="cgraph-bench-") as name:
        server = PostgresServer(Path(name) / "postgres").start()
        os.sched_setaffinity(server.pid, {lab.CLIENT_CORE})
        numbers = iter(range(1_000_000))
        try:
            yield lambda: asyncio.run(server.ensure_database(f"jobs_{next(numbers)}"))
        finally:
            server.stop()


def _waits(milliseconds: list[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {"pick_up_p50_ms": median(ordered), "pick_up_p99_ms": ordered[len(ordered) * 99 // 100]}


def _medians(figures: list[dict[str, float]]) -> dict[str, float]:
    return lab.rounded({key: median(one[key] for one in figures) for key in figures[0]})


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return uvloop.run(work)
