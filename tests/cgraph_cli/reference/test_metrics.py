"""docs/reference/metrics.md, and the alert rules that build on the same metrics."""

import re
from pathlib import Path

import pytest
import yaml

from cgraph_cli.docs import PAGES
from cgraph_cli.reference import metrics
from cgraph_kit import telemetry

ALERTS = Path(__file__).parents[3] / "deploy" / "alerts.yaml"
FOREIGN = re.compile(r"up|process_\w+")
"""Metrics that Prometheus and its client libraries make."""
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count")}
_WORD = re.compile(r"\b[a-z][a-z_]+\b(?!\s*\()")
_NO_METRICS = re.compile(r'"[^"]*"|\[[^\]]*\]|\b(?:by|without)\s*\([^)]*\)')


def series() -> dict[str, tuple[str, ...]]:
    """Labels by series name, as queries may use them."""
    found: dict[str, tuple[str, ...]] = {}
    for metric in telemetry.catalogue.values():
        labels = (*metric.labels, "le") if metric.kind == "histogram" else tuple(metric.labels)
        for suffix in SUFFIXES.get(metric.kind, ("",)):
            found[metric.name + suffix] = labels
    return found


RULES = [
    pytest.param(rule, id=rule["alert"])
    for group in yaml.safe_load(ALERTS.read_text())["groups"]
    for rule in group["rules"]
]


class TestText:
    def test_has_a_row_for_everything_that_is_counted(self) -> None:
        assert PAGES["metrics.md"] is metrics.text
        page = metrics.text()
        for name in ("http_requests_total", "realtime_fanout_seconds", "jobs_oldest_seconds"):
            assert f"| `{name}` |" in page
        rows = [line for line in page.splitlines() if line.startswith("| `")]
        assert len(rows) == len(telemetry.catalogue)
        row = next(row for row in rows if "http_requests_total" in row)
        assert row == (
            "| `http_requests_total` | counter | `method`, `route`, `status` | Requests answered. |"
        )


class TestAlerts:
    @pytest.mark.parametrize("rule", RULES)
    def test_ask_for_metrics_that_there_are(self, rule: dict[str, str]) -> None:
        expression = _NO_METRICS.sub("", rule["expr"])
        known = series()
        asked = [
            name
            for name in _WORD.findall(re.sub(r"\{[^}]*\}", "", expression))
            if not FOREIGN.fullmatch(name)
        ]
        assert set(asked) <= known.keys()
        for name, selectors in re.findall(r"(\w+)\{([^}]*)\}", expression):
            labels = {*known.get(name, ()), "job", "instance"}
            assert set(re.findall(r"(\w+)\s*[=!]", selectors)) <= labels

    @pytest.mark.parametrize("rule", RULES)
    def test_say_what_is_wrong_and_how_bad_it_is(self, rule: dict[str, dict[str, str]]) -> None:
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in {"page", "ticket"}
