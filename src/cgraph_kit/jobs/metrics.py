"""What is counted of jobs, and how full the queues are."""

import time
from collections.abc import Iterator
from functools import lru_cache

import msgspec
from prometheus_client import Counter, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cgraph_kit import telemetry
from cgraph_kit.db import Repo

from .taken import Outcome

EVERY = 15.0
"""Seconds between two counts of the queues."""
LONG = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds: the buckets of what may take an hour."""

EXECUTED = telemetry.counter(
    "jobs_executed_total", "Runs of jobs, by what became of them.", ("worker", "queue", "state")
)
SECONDS = telemetry.histogram("jobs_seconds", "Seconds a run took.", ("worker",), LONG)
WAITED = telemetry.histogram(
    "jobs_wait_seconds", "Seconds from when a job could have begun until it did.", ("queue",), LONG
)
LOST = telemetry.counter("jobs_lost_total", "Runs that no longer counted when they were over.")
RESCUED = telemetry.counter(
    "jobs_rescued_total", "Jobs of dead nodes, by what became of them.", ("state",)
)
FIRED = telemetry.counter("jobs_cron_fired_total", "Ticks of the crontab fired here.", ("name",))
PRUNED = telemetry.counter("jobs_pruned_total", "Jobs forgotten for their age.", ("state",))


def observe(outcome: Outcome, seconds: float) -> None:
    """Count a run."""
    job = outcome.job
    executed, took, waited = _bound(job.worker, job.queue, outcome.state)
    executed.inc()
    took.observe(seconds)
    waited.observe(max(0.0, (job.attempted_at - job.scheduled_at).total_seconds()))


@lru_cache(maxsize=1024)
def _bound(worker: str, queue: str, state: str) -> tuple[Counter, Histogram, Histogram]:
    return EXECUTED.labels(worker, queue, state), SECONDS.labels(worker), WAITED.labels(queue)


class _Depth(msgspec.Struct, frozen=True):
    queue: str
    state: str
    count: int
    oldest: float
    """Seconds since the first could have begun; of those that wait for their time, below zero."""


_DEPTHS = """
SELECT queue, state, count(*), extract(epoch FROM now() - min(scheduled_at))::float8 FROM jobs
WHERE state IN ('available', 'executing', 'scheduled', 'retryable') GROUP BY queue, state
"""


class Depths(Collector):
    """How many jobs wait in each queue, over all nodes, as of the last count."""

    def __init__(self) -> None:
        self._depths: list[_Depth] = []
        self._at = time.monotonic()

    async def read(self, db: Repo) -> None:
        """Count anew."""
        self._depths = await db.all(_Depth, _DEPTHS)
        self._at = time.monotonic()

    def collect(self) -> Iterator[Metric]:
        """Depth by queue and state, and how long the oldest available job of each queue waits."""
        labels = ("queue", "state")
        depth = GaugeMetricFamily("jobs_depth", "Jobs that are not finished.", labels=labels)
        oldest = GaugeMetricFamily(
            "jobs_oldest_seconds", "Seconds the first available job waits.", labels=("queue",)
        )
        for one in self._depths:
            depth.add_metric((one.queue, one.state), one.count)
            if one.state == "available":
                age = max(0.0, one.oldest) + time.monotonic() - self._at
                oldest.add_metric((one.queue,), age)
        yield depth
        yield oldest
