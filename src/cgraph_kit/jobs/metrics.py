"""What is counted of jobs, and how full the queues are."""

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import accumulate

import msgspec
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from cgraph_kit import telemetry
from cgraph_kit.db import Repo

from .taken import Outcome

EVERY = 15.0
"""Seconds between two counts of the queues."""
LONG = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds: the buckets of what may take an hour."""

LOST = telemetry.counter("jobs_lost_total", "Runs that no longer counted when they were over.")
RESCUED = telemetry.counter(
    "jobs_rescued_total", "Jobs of dead nodes, by what became of them.", ("state",)
)
FIRED = telemetry.counter("jobs_cron_fired_total", "Ticks of the crontab fired here.", ("name",))
PRUNED = telemetry.counter("jobs_pruned_total", "Jobs forgotten for their age.", ("state",))


class Timings:
    """A histogram without locks: counts by bucket, and their sum."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(LONG) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(LONG, seconds)] += 1
        self.sum += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus has them."""
        bounds = [*map(str, LONG), "+Inf"]
        return [*zip(bounds, accumulate(self.counts), strict=True)]


class Runs(Collector):
    """What has become of runs on this node's event loop: cheap enough for ten thousand a second."""

    def __init__(self) -> None:
        self.states: Counter[tuple[str, str, str]] = Counter()
        """Runs by worker, queue and what became of them."""
        self._took: defaultdict[str, Timings] = defaultdict(Timings)
        self._waited: defaultdict[str, Timings] = defaultdict(Timings)

    def observe(self, outcome: Outcome, seconds: float) -> None:
        """Count a run."""
        job = outcome.job
        self.states[job.worker, job.queue, outcome.state] += 1
        self._took[job.worker].observe(seconds)
        self._waited[job.queue].observe((job.attempted_at - job.scheduled_at).total_seconds())

    def collect(self) -> Iterator[Metric]:
        """One sample per worker, queue and state; how long runs took, and jobs waited."""
        labels = ("worker", "queue", "state")
        runs = CounterMetricFamily("jobs_executed", "Runs, by what became of them.", labels=labels)
        for key, count in self.states.items():
            runs.add_metric(key, count)
        yield runs
        yield _histogram("jobs_seconds", "Seconds a run took.", "worker", self._took)
        waited = "Seconds from when a job could have begun until it did."
        yield _histogram("jobs_wait_seconds", waited, "queue", self._waited)


def _histogram(
    name: str, doc: str, label: str, timings: Mapping[str, Timings]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, doc, labels=(label,))
    for key, timing in timings.items():
        family.add_metric((key,), timing.buckets(), timing.sum)
    return family


RUNS = Runs()
telemetry.registry.register(RUNS)


class _Depth(msgspec.Struct, frozen=True):
    queue: str
    state: str
    count: int
    oldest: float
    """Seconds since the first could have begun; of those that wait for their time, below zero."""


# Each state by its own partial index: what is finished, most of the table, is not looked at.
_DEPTHS = " UNION ALL ".join(
    "SELECT queue, state, count(*), extract(epoch FROM now() - min(scheduled_at))::float8 "
    f"FROM jobs WHERE state {states} GROUP BY queue, state"
    for states in ("= 'available'", "= 'executing'", "IN ('scheduled', 'retryable')")
)


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


_WORKER_QUEUE_STATE = ("worker", "queue", "state")
telemetry.describe(
    "jobs_executed_total", "counter", "Runs, by what became of them.", _WORKER_QUEUE_STATE
)
telemetry.describe("jobs_seconds", "histogram", "Seconds a run took.", ("worker",))
telemetry.describe(
    "jobs_wait_seconds",
    "histogram",
    "Seconds from when a job could have begun until it did.",
    ("queue",),
)
telemetry.describe("jobs_depth", "gauge", "Jobs that are not finished.", ("queue", "state"))
telemetry.describe(
    "jobs_oldest_seconds", "gauge", "Seconds the first available job waits.", ("queue",)
)
