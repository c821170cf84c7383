"""Metrics of this process, bound once where they are counted and read by whoever scrapes it.

A metric is a fact about the process, so there is one registry; what belongs to an object with a life of its own (a
pool, a hub) is read from it when scraped, through a registry of its owner.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the buckets of everything that should feel instant."""

Kind = Literal["counter", "gauge", "histogram"]


class Described(msgspec.Struct, frozen=True):
    """A metric, for people."""

    name: str
    kind: Kind
    doc: str
    labels: Sequence[str] = ()


catalogue: dict[str, Described] = {}
"""Every metric of ours that this process may show, by name: made when the module that counts it is loaded."""

registry = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)
GCCollector(registry=registry)


def describe(name: str, kind: Kind, doc: str, labels: Sequence[str] = ()) -> None:
    """Enter a metric in the catalogue that a collector of its own shows; the others enter themselves."""
    catalogue[name] = Described(name, kind, doc, tuple(labels))


def counter(name: str, doc: str, labels: Sequence[str] = ()) -> Counter:
    """Only ever goes up; its name ends in `_total`."""
    describe(name, "counter", doc, labels)
    return Counter(name, doc, labels, registry=registry)


def gauge(name: str, doc: str, labels: Sequence[str] = ()) -> Gauge:
    """Goes up and down."""
    describe(name, "gauge", doc, labels)
    return Gauge(name, doc, labels, registry=registry)


def histogram(
    name: str, doc: str, labels: Sequence[str] = (), buckets: Sequence[float] = LATENCY
) -> Histogram:
    """How often a value fell in which range; seconds unless the name says otherwise."""
    describe(name, "histogram", doc, labels)
    return Histogram(name, doc, labels, buckets=buckets, registry=registry)


class Readings:
    """Numbers that objects of one kind keep anyway, read when scraped; a name ending in `_total` is a counter.

    `docs`: what is said of each number. It is shown as `prefix_name`.
    """

    def __init__(self, prefix: str, docs: Mapping[str, str]) -> None:
        self._docs = {name: (f"{prefix}_{name}", doc) for name, doc in docs.items()}
        for name, doc in self._docs.values():
            describe(name, "counter" if name.endswith("_total") else "gauge", doc)

    def of(self, read: Callable[[], Mapping[str, float]]) -> Collector:
        """For the registry of one such object."""
        return _Reading(self._docs, read)


class _Reading(Collector):
    def __init__(
        self, docs: Mapping[str, tuple[str, str]], read: Callable[[], Mapping[str, float]]
    ) -> None:
        self._docs = docs
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """One sample per number."""
        numbers = self._read()
        for number, (name, doc) in self._docs.items():
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield kind(name, doc, value=numbers[number])


def render(*others: CollectorRegistry) -> bytes:
    """The process's metrics, and those of other registries, in Prometheus' text format."""
    return b"".join(generate_latest(each) for each in (registry, *others))
