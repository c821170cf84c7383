"""How long things took, for whoever runs the node."""

import asyncio

import pytest

from cgraph_kit import telemetry
from cgraph_kit.channels.timing import FANOUT, Handling
from cgraph_kit.logging import about
from support.lines import written


def value(name: str, **labels: str) -> float:
    return telemetry.registry.get_sample_value(name, labels) or 0.0


class TestHandling:
    async def test_counts_by_pattern_and_event(self) -> None:
        labels = {"topic": "thing:*", "event": "turn"}
        before = value("channel_event_seconds_count", **labels)
        with Handling("thing:*", "thing:1", "turn", slow=60.0):
            pass
        with Handling("thing:*", "thing:2", "turn", slow=60.0):
            pass
        assert value("channel_event_seconds_count", **labels) == before + 2

    async def test_tells_of_what_took_long_and_what_it_was(self) -> None:
        async def handle(slow: float) -> None:
            about.set({"user_id": "u-1", "socket_id": "s-1"})
            with Handling("thing:*", "thing:1", "turn", slow):
                pass

        with written() as lines:
            await asyncio.create_task(handle(60.0))
            await asyncio.create_task(handle(0.0))
        (line,) = lines.of("slow channel event")
        assert (line["user_id"], line["socket_id"]) == ("u-1", "s-1")
        assert (line["topic"], line["event_name"], line["ms"]) == ("thing:1", "turn", 0)

    async def test_lets_through_what_is_raised(self) -> None:
        with pytest.raises(KeyError), Handling("thing:*", "thing:1", "turn", slow=60.0):
            raise KeyError


class TestFanout:
    def test_is_in_the_metrics(self) -> None:
        FANOUT.observe(0.0002)
        assert b"realtime_fanout_seconds_bucket" in telemetry.render()
