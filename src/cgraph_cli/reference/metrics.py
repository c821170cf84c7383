"""docs/reference/metrics.md: everything `/metrics` may show."""

from itertools import groupby

from cgraph_kit import telemetry
from cgraph_kit.telemetry import Described

_INTRODUCTION = """# Metrics

What `/metrics` shows of a node, and of a worker that has `CGRAPH_WORK_METRICS_PORT` (nothing realtime, there). Each process counts
for itself, but `backup_*`, `jobs_depth` and `jobs_oldest_seconds` say the same everywhere. A histogram `x` is read as `x_bucket`, `x_sum`
and `x_count`. Besides these there are `process_*` and `python_*`, as of every Python program.

No label holds ids, addresses or anything people chose: each has few values. [deploy/alerts.yaml](../../deploy/alerts.yaml) has
rules that tell when something is wrong.
"""


def text() -> str:
    """The page: of every module that is loaded, which here are all."""
    metrics = sorted(telemetry.catalogue.values(), key=lambda one: one.name)
    sections = [
        "\n".join([f"\n## {area}\n", *_HEAD, *map(_row, group)])
        for area, group in groupby(metrics, key=lambda one: one.name.partition("_")[0])
    ]
    return "\n".join([_INTRODUCTION.rstrip(), *sections]) + "\n"


_HEAD = ("| metric | kind | labels | what it is |", "|---|---|---|---|")


def _row(metric: Described) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.doc} |"
