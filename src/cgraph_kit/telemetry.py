"""Metrics of this process, bound once where they are counted and read by whoever scrapes it.

A metric is a fact about the process, so there is one registry; what belongs to an object with a life of its own (a
pool, a hub) is read from it when scraped, through a registry of its owner.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the buckets of everything that should feel instant."""

registry = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)
GCCollector(registry=registry)


def counter(name: str, doc: str, labels: Sequence[str] = ()) -> Counter:
    """Only ever goes up; its name ends in `_total`."""
    return Counter(name, doc, labels, registry=registry)


def gauge(name: str, doc: str, labels: Sequence[str] = ()) -> Gauge:
    """Goes up and down."""
    return Gauge(name, doc, labels, registry=registry)


def histogram(
    name: str, doc: str, labels: Sequence[str] = (), buckets: Sequence[float] = LATENCY
) -> Histogram:
    """How often a value fell in which range; seconds unless the name says otherwise."""
    return Histogram(name, doc, labels, buckets=buckets, registry=registry)


class Readings(Collector):
    """Numbers an object keeps anyway, read when scraped: `prefix_name`; a name ending in `_total` is a counter."""

    def __init__(self, prefix: str, doc: str, read: Callable[[], Mapping[str, float]]) -> None:
        self._prefix = prefix
        self._doc = doc
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """One sample per number."""
        for name, value in self._read().items():
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield kind(f"{self._prefix}_{name}", self._doc, value=value)


def render(*others: CollectorRegistry) -> bytes:
    """The process's metrics, and those of other registries, in Prometheus' text format."""
    return b"".join(generate_latest(each) for each in (registry, *others))
