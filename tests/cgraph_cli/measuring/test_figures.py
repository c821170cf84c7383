"""Numbers of a measurement."""

import os

import pytest

from cgraph_cli.measuring import figures


class TestTimes:
    def test_percentiles_in_milliseconds(self) -> None:
        times = figures.times([n / 1000 for n in range(100, 0, -1)])
        assert (times.count, times.p50, times.p90, times.p99, times.longest) == (
            100,
            51.0,
            91.0,
            100.0,
            100.0,
        )

    def test_of_one(self) -> None:
        times = figures.times([0.002])
        assert (times.p50, times.p99) == (2.0, 2.0)

    def test_of_none(self) -> None:
        with pytest.raises(figures.NothingMeasured):
            figures.times([])


class TestMachine:
    def test_says_what_it_ran_on(self) -> None:
        machine = figures.machine()
        assert machine.cores > 0
        assert machine.memory_gib > 0
        assert machine.processor


class TestCpuSeconds:
    def test_grows_with_work_where_the_system_tells(self) -> None:
        before = figures.cpu_seconds(os.getpid())
        sum(n * n for n in range(2_000_000))
        after = figures.cpu_seconds(os.getpid())
        assert before is None or (after is not None and after >= before)

    def test_of_nobody(self) -> None:
        assert figures.cpu_seconds(2**30) is None
