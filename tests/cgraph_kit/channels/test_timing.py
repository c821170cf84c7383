"""How long things took, for whoever runs the node."""

import logging

import pytest

from cgraph_kit import telemetry
from cgraph_kit.channels.timing import FANOUT, observe


def value(name: str, **labels: str) -> float:
    return telemetry.registry.get_sample_value(name, labels) or 0.0


class TestObserve:
    def test_counts_by_pattern_and_event(self) -> None:
        observe("thing:*", "turn", 0.002, slow=1.0)
        observe("thing:*", "turn", 0.2, slow=1.0)
        labels = {"topic": "thing:*", "event": "turn"}
        assert value("channel_event_seconds_count", **labels) == 2
        assert value("channel_event_seconds_bucket", le="0.0025", **labels) == 1

    def test_tells_of_what_took_long(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING):
            observe("thing:*", "turn", 0.9, slow=1.0)
            observe("thing:*", "turn slowly", 1.5, slow=1.0)
        (record,) = [one for one in caplog.records if one.message == "slow channel event"]
        assert (record.__dict__["event_name"], record.__dict__["ms"]) == ("turn slowly", 1500)


class TestFanout:
    def test_is_in_the_metrics(self) -> None:
        FANOUT.observe(0.0002)
        assert b"realtime_fanout_seconds_bucket" in telemetry.render()
